import { clientDefaults, once } from "../aws-client.ts";
import type { Alert } from "./alert.ts";
import { toMessage } from "./message.ts";

/** Publishes alerts to the SNS topic. */
export function createAlertTopic(topicArn: string): (alert: Alert, signal: AbortSignal) => Promise<void> {
  const getSns = once(async () => {
    const { SNSClient, PublishCommand } = await import("@aws-sdk/client-sns");
    return { client: new SNSClient(clientDefaults), PublishCommand };
  });
  return async (alert, signal) => {
    const { client, PublishCommand } = await getSns();
    const { subject, message, attributes } = toMessage(alert);
    await client.send(
      new PublishCommand({
        TopicArn: topicArn,
        Subject: subject,
        Message: message,
        MessageStructure: "json",
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, { type, value }]) => [name, { DataType: type, StringValue: value }]),
        ),
      }),
      { abortSignal: signal },
    );
  };
}
