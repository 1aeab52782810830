import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SNSEvent } from "aws-lambda";

/*
 * An example of a subscriber: a Lambda function that sends what the output `pagerduty` publishes to PagerDuty's Events API
 * v2. An SNS subscription cannot do that by itself: the API wants the routing key in the body, and confirms no subscription.
 */

const url = process.env.PAGERDUTY_EVENTS_URL ?? "https://events.pagerduty.com/v2/enqueue";
const secretArn = process.env.ROUTING_KEY_SECRET_ARN ?? "";
const secrets = new SecretsManagerClient({});

/**
 * Sends each message to PagerDuty. An event that PagerDuty knows by its `dedup_key` is one incident, so that to be invoked
 * again does no harm.
 *
 * @throws when PagerDuty does not take one: Lambda invokes the function again
 */
export async function handler({ Records }: SNSEvent): Promise<void> {
  const { SecretString: routingKey } = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
  if (routingKey === undefined || routingKey === "") throw new Error(`the secret ${secretArn} holds no routing key`);
  for (const { Sns } of Records) {
    const event = JSON.parse(Sns.Message) as Readonly<Record<string, unknown>>;
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...event, routing_key: routingKey }),
      signal: AbortSignal.timeout(10_000),
    });
    const answer = await response.text();
    // An alert that is lost leaves no trace.
    if (response.status !== 202) throw new Error(`PagerDuty answered ${response.status}: ${answer.slice(0, 500)}`);
  }
}
