import { setTimeout } from "node:timers/promises";
import { DeleteMessageCommand, type Message, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";

/** The deployed redrive function's handler. */
export type RedriveHandler = (event: SQSEvent) => Promise<SQSBatchResponse>;

/**
 * Polls the retry queue and calls the redrive function, as Lambda's event source mapping does: what the function does
 * not report as failed is deleted.
 *
 * @returns stops polling, when the batch under way is done
 */
export function pollRetryQueue(
  queueUrl: string,
  endpoint: string,
  handler: RedriveHandler,
  onError: (error: unknown) => void,
): () => Promise<void> {
  const client = new SQSClient({ endpoint, useQueueUrlAsEndpoint: false });
  const stopping = new AbortController();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await redriveBatch(client, queueUrl, handler, { waitSeconds: 1, signal: stopping.signal });
      } catch (error) {
        if (stopping.signal.aborted) break;
        onError(error);
        await setTimeout(1_000, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
    client.destroy();
  })();
  return () => {
    stopping.abort();
    return done;
  };
}

/**
 * Receives a batch and calls the redrive function with it, once; deletes what it does not report as failed. Nothing is
 * called when there is no message.
 */
export async function redriveBatch(
  client: SQSClient,
  queueUrl: string,
  handler: RedriveHandler,
  { waitSeconds, signal }: { readonly waitSeconds: number; readonly signal: AbortSignal },
): Promise<void> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ["All"],
    }),
    { abortSignal: signal },
  );
  if (Messages.length === 0) return;
  const { batchItemFailures } = await handler({ Records: Messages.map(toRecord) });
  const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  for (const { MessageId = "", ReceiptHandle } of Messages) {
    if (!failed.has(MessageId)) await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
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
