import type { SNSEvent } from "aws-lambda";
import { waitingClient } from "../adapters/aws/client.ts";
import { createTopic } from "../adapters/aws/topic.ts";
import { logger } from "../adapters/telemetry/log-observations.ts";
import { alertSchema } from "../core/alerts/alert-schema.ts";
import { attributesOf } from "../core/alerts/attributes.ts";
import type { Output } from "../core/alerts/output.ts";
import { readOutputConfig } from "./config/outputs.ts";

const config = readOutputConfig(process.env);
const { output } = (await import(`../core/outputs/${config.output}.ts`)) as { readonly output: Output };
const publishMessage = createTopic(config.topicArn, { settings: waitingClient });

/**
 * Renders alerts of the alert topic for one kind of reader, and publishes them to a topic of its own, with the same
 * message attributes. They are made from the alert, since SNS may leave out those of a message with a body for each
 * protocol (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html). Lambda retries a failed invocation,
 * and then sends its event to the dead-letter queue.
 */
export async function handler({ Records }: SNSEvent): Promise<void> {
  await Promise.all(Records.map(publish));
}

async function publish({ Sns }: SNSEvent["Records"][number]): Promise<void> {
  const alert = alertSchema.parse(JSON.parse(Sns.Message));
  await publishMessage({ message: output.render(alert), attributes: attributesOf(alert) }, AbortSignal.timeout(10_000));
  logger.info("Published an alert to an output", {
    output: config.output,
    alertId: alert.alertId,
    deliveryId: alert.okta.deliveryId,
    eventUuid: alert.okta.eventUuid,
    ruleIds: alert.detections.map(({ id }) => id),
  });
}
