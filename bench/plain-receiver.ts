import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { APIGatewayProxyResult, LambdaFunctionURLEvent } from "aws-lambda";
import { z } from "zod";

/*
 * The neighbour of the receiver in measurements: the same stack written plainly, everything loaded at the start. For each session start
 * through a proxy it makes three calls: a read of the profile, a conditional write, so that no event is alerted on twice, and a publish.
 * It groups nothing, remembers nothing, parks nothing and takes no exceptions.
 */

const logger = new Logger({ serviceName: "plain" });
const metrics = new Metrics({ namespace: "Plain", serviceName: "plain" });
const dynamodb = new DynamoDBClient({});
const sns = new SNSClient({});
const { PROFILE_TABLE, STATE_TABLE, ALERT_TOPIC_ARN, HOOK_SECRET } = process.env;

const logEvent = z.looseObject({
  uuid: z.string(),
  published: z.string(),
  eventType: z.string(),
  actor: z.looseObject({ id: z.string(), alternateId: z.string().nullish(), displayName: z.string().nullish() }),
  client: z.looseObject({
    ipAddress: z.string().nullish(),
    geographicalContext: z.looseObject({ city: z.string().nullish(), country: z.string().nullish() }).nullish(),
  }),
  outcome: z.looseObject({ result: z.string().nullish(), reason: z.string().nullish() }).nullish(),
  securityContext: z.looseObject({ asOrg: z.string().nullish(), isProxy: z.boolean().nullish() }).nullish(),
});

const envelope = z.looseObject({
  eventId: z.string(),
  source: z.string(),
  data: z.looseObject({ events: z.array(logEvent) }),
});

/** Alerts on one event. */
async function alertOn(event: z.infer<typeof logEvent>): Promise<void> {
  const profile = await dynamodb.send(
    new GetItemCommand({ TableName: PROFILE_TABLE, Key: { user: { S: event.actor.id } } }),
  );
  const locations = profile.Item === undefined ? [] : unmarshall(profile.Item).locations;
  await dynamodb.send(
    new PutItemCommand({
      TableName: STATE_TABLE,
      Item: { id: { S: event.uuid }, expiration: { N: String(Math.ceil(Date.now() / 1_000) + 604_800) } },
      ConditionExpression: "attribute_not_exists(id)",
    }),
  );
  await sns.send(
    new PublishCommand({
      TopicArn: ALERT_TOPIC_ARN,
      Subject: "A session started through an anonymizing proxy",
      Message: JSON.stringify({ user: event.actor, client: event.client, locations, event }),
      MessageAttributes: { eventType: { DataType: "String", StringValue: event.eventType } },
    }),
  );
  metrics.addMetric("AlertPublished", MetricUnit.Count, 1);
  logger.info("alert published", { uuid: event.uuid });
}

/** Receives deliveries through a Lambda Function URL. */
export async function handler({
  headers,
  body,
  requestContext,
}: LambdaFunctionURLEvent): Promise<APIGatewayProxyResult> {
  if (headers.authorization !== HOOK_SECRET) return { statusCode: 401, body: "" };
  const challenge = headers["x-okta-verification-challenge"];
  if (requestContext.http.method === "GET") {
    return { statusCode: 200, body: JSON.stringify({ verification: challenge }) };
  }
  const delivery = envelope.parse(JSON.parse(body ?? ""));
  const matching = delivery.data.events.filter(
    ({ eventType, securityContext }) => eventType === "user.session.start" && securityContext?.isProxy === true,
  );
  await Promise.all(matching.map(alertOn));
  metrics.addMetric("DeliveryReceived", MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
  return { statusCode: 204, body: "" };
}
