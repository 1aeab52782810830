import { setTimeout } from "node:timers/promises";
import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";

/** The deployed redrive function's handler. */
export type RedriveHandler = (event: SQSEvent) => Promise<SQSBatchResponse>;

/** Batches that are handled at once, as in the stack's event source mapping: one that hangs does not delay others. */
const maximumConcurrency = 5;

/**
 * Polls the retry queue and calls the redrive function, as Lambda's event source mapping does: it deletes messages that
 * the function does not report as failed.
 *
 * @returns stops polling, when the batches in progress are done
 */
export function pollRetryQueue(
  queueUrl: string,
  endpoint: string,
  handler: RedriveHandler,
  onError: (error: unknown) => void,
): () => Promise<void> {
  const client = new SQSClient({ endpoint, useQueueUrlAsEndpoint: false });
  const stopping = new AbortController();
  const inProgress = new Set<Promise<void>>();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      try {
        if (inProgress.size === maximumConcurrency) await Promise.race(inProgress);
        const { Messages: messages = [] } = await client.send(new ReceiveMessageCommand(batchOf(queueUrl)), {
          abortSignal: stopping.signal,
        });
        if (messages.length === 0) continue;
        const batch = redrive(client, queueUrl, handler, messages)
          .catch(onError)
          .finally(() => inProgress.delete(batch));
        inProgress.add(batch);
      } catch (error) {
        if (stopping.signal.aborted) break;
        onError(error);
        await setTimeout(1_000, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
    await Promise.all(inProgress);
    client.destroy();
  })();
  return () => {
    stopping.abort();
    return done;
  };
}

/** What a batch of the retry queue is asked for by. */
export const batchOf = (QueueUrl: string, WaitTimeSeconds = 1): ReceiveMessageCommandInput => ({
  QueueUrl,
  MaxNumberOfMessages: 10,
  WaitTimeSeconds,
  MessageSystemAttributeNames: ["All"],
});

/** Calls the redrive function with messages, and deletes those that it does not report as failed. */
export async function redrive(
  client: SQSClient,
  QueueUrl: string,
  handler: RedriveHandler,
  messages: readonly Message[],
): Promise<void> {
  const { batchItemFailures } = await handler({ Records: messages.map(toRecord) });
  const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  for (const { MessageId = "", ReceiptHandle } of messages) {
    if (!failed.has(MessageId)) await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  }
}

function toRecord({
  MessageId = "",
  ReceiptHandle = "",
  Body = "",
  Attributes = {},
  MD5OfBody = "",
}: Message): SQSRecord {
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: {
      ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? "1",
      SentTimestamp: Attributes.SentTimestamp ?? "0",
      SenderId: Attributes.SenderId ?? "local",
      ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? "0",
    },
    messageAttributes: {},
    md5OfBody: MD5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:retries",
    awsRegion: "us-east-1",
  };
}
