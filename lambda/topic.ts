import type { SNSClient } from "@aws-sdk/client-sns";
import { clientDefaults, once } from "./aws-client.ts";

/** A message as SNS takes it. */
export interface TopicMessage {
  /** Printable ASCII, under 100 characters. @default none */
  readonly subject?: string;
  /** The body; or, where `perProtocol`, JSON with a body for each protocol. */
  readonly message: string;
  /** @default false */
  readonly perProtocol?: boolean;
  readonly attributes: Readonly<Record<string, { readonly type: string; readonly value: string }>>;
}

/** Publishes a message; rejects when it was not taken. */
export type PublishMessage = (message: TopicMessage, signal: AbortSignal) => Promise<void>;

/**
 * Publishes messages to an SNS topic.
 *
 * @param given the client to use. @default one of its own, made when first needed
 */
export function createTopic(topicArn: string, given?: SNSClient): PublishMessage {
  const getSns = once(async () => {
    const { SNSClient, PublishCommand } = await import("@aws-sdk/client-sns");
    return { client: given ?? new SNSClient(clientDefaults), PublishCommand };
  });
  return async ({ subject, message, perProtocol = false, attributes }, signal) => {
    const { client, PublishCommand } = await getSns();
    await client.send(
      new PublishCommand({
        TopicArn: topicArn,
        ...(subject === undefined ? {} : { Subject: subject }),
        Message: message,
        ...(perProtocol ? { MessageStructure: "json" } : {}),
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, { type, value }]) => [name, { DataType: type, StringValue: value }]),
        ),
      }),
      { abortSignal: signal },
    );
  };
}
