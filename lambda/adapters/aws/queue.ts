import type { SQSClient } from "@aws-sdk/client-sqs";
import pMap from "p-map";
import { batchMessages, queueMessageBytes } from "../../core/text/message-limits.ts";
import { toBatches } from "./batches.ts";
import { type ClientSettings, clientDefaults, once } from "./client.ts";
import { openSqs } from "./sqs.ts";

/** Batches that are sent at the same time. */
const concurrency = 10;

/** A message to be sent. */
export interface QueueMessage {
  readonly body: string;
  /** Seconds until it can be received: 0 to 900. @default 0 */
  readonly delaySeconds?: number;
}

/** Sends messages; rejects when the queue refuses any of them. */
export type SendMessages = (messages: readonly QueueMessage[], signal: AbortSignal) => Promise<void>;

interface QueueOptions {
  /** @default its own, made on first use */
  readonly client?: SQSClient;
  /** The settings of its own client. @default {@link clientDefaults} */
  readonly settings?: ClientSettings;
}

/** Sends messages to an SQS queue. */
export function createQueue(
  queueUrl: string,
  { client: given, settings = clientDefaults }: QueueOptions = {},
): SendMessages {
  const getSqs = once(() => openSqs(queueUrl, settings, given));
  return async (messages, signal) => {
    const send = await getSqs();
    const limits = { entries: batchMessages, bytes: queueMessageBytes };
    const batches = toBatches(messages, ({ body }) => Buffer.byteLength(body), limits);
    const sendBatch = async (batch: readonly QueueMessage[]) => {
      const Entries = batch.map(({ body, delaySeconds }, index) => ({
        Id: String(index),
        MessageBody: body,
        DelaySeconds: delaySeconds,
      }));
      const { Failed } = await send({ QueueUrl: queueUrl, Entries }, signal);
      if (Failed !== undefined && Failed.length > 0) {
        throw new Error(`the queue ${queueUrl} refused ${Failed.length} of ${batch.length}: ${Failed[0]?.Message}`);
      }
    };
    await pMap(batches, sendBatch, { concurrency });
  };
}
