import type { SNSClient } from "@aws-sdk/client-sns";
import { clientDefaults, once } from "./aws-client.ts";
import { toBatches } from "./batches.ts";

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

/** SNS's limits for the messages of one batch: ten, and together as much as one message may have. */
const limits = { entries: 10, bytes: 262_144 };

/** A message that waits for its batch. */
interface Waiting {
  readonly message: TopicMessage;
  readonly signal: AbortSignal;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Publishes messages to an SNS topic. Those that are published at the same time go out together, ten at a time.
 *
 * @param given the client to use. @default one of its own, made when first needed
 */
export function createTopic(topicArn: string, given?: SNSClient): PublishMessage {
  const getSns = once(async () => {
    const { SNSClient, PublishBatchCommand, PublishCommand } = await import("@aws-sdk/client-sns");
    return { client: given ?? new SNSClient(clientDefaults), PublishBatchCommand, PublishCommand };
  });
  let waiting: Waiting[] = [];

  async function publishBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const { client, PublishBatchCommand, PublishCommand } = await getSns();
      const [first] = batch;
      if (first !== undefined && batch.length === 1) {
        const command = new PublishCommand({ TopicArn: topicArn, ...toInput(first.message) });
        await client.send(command, { abortSignal: first.signal });
        first.resolve();
        return;
      }
      const entries = batch.map(({ message }, index) => ({ Id: String(index), ...toInput(message) }));
      const { Failed = [] } = await client.send(
        new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries: entries }),
        { abortSignal: whenAllAre(batch.map(({ signal }) => signal)) },
      );
      for (const { Id, Code, Message } of Failed) {
        batch[Number(Id)]?.reject(new Error(`the topic ${topicArn} refused a message: ${Message ?? Code}`));
      }
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return (message, signal) =>
    new Promise((resolve, reject) => {
      waiting.push({ message, signal, resolve, reject });
      if (waiting.length > 1) return;
      // The alerts of a delivery come one after the other, without anything to wait for between them.
      setImmediate(() => {
        const all = waiting;
        waiting = [];
        for (const batch of toBatches(all, (each) => bytesOf(each.message), limits)) void publishBatch(batch);
      });
    });
}

function toInput({ subject, message, perProtocol = false, attributes }: TopicMessage) {
  return {
    ...(subject === undefined ? {} : { Subject: subject }),
    Message: message,
    ...(perProtocol ? { MessageStructure: "json" } : {}),
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, { type, value }]) => [name, { DataType: type, StringValue: value }]),
    ),
  };
}

/** What SNS counts of a message: its body, its subject and its attributes, names and types too. */
function bytesOf({ subject = "", message, attributes }: TopicMessage): number {
  const texts = Object.entries(attributes).flatMap(([name, { type, value }]) => [name, type, value]);
  return [subject, message, ...texts].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** A signal that aborts when all of these have: the time of one message is not that of the others. */
function whenAllAre(signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  const left = new Set(signals);
  for (const signal of left) {
    const end = () => {
      left.delete(signal);
      if (left.size === 0) controller.abort(signal.reason);
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  }
  return controller.signal;
}
