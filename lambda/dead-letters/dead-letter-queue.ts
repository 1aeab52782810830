import { clientDefaults, once } from "../aws-client.ts";
import { maximumDeadLetterBytes } from "./dead-letter.ts";

/** SQS's limit for the messages of one batch. */
const maximumEntries = 10;
/** Batches under way at once. */
const concurrency = 10;

/** Sends dead letters to the queue; rejects when any of them was not taken. */
export function createDeadLetterQueue(queueUrl: string): (bodies: readonly string[]) => Promise<void> {
  const getSqs = once(async () => {
    const { SQSClient, SendMessageBatchCommand } = await import("@aws-sdk/client-sqs");
    return { client: new SQSClient(clientDefaults), SendMessageBatchCommand };
  });
  return async (bodies) => {
    const { client, SendMessageBatchCommand } = await getSqs();
    const pending = toBatches(bodies).values();
    const worker = async () => {
      for (const batch of pending) {
        const { Failed } = await client.send(
          new SendMessageBatchCommand({
            QueueUrl: queueUrl,
            Entries: batch.map((body, index) => ({ Id: String(index), MessageBody: body })),
          }),
        );
        if (Failed !== undefined && Failed.length > 0) {
          throw new Error(`the dead-letter queue refused ${Failed.length} of ${batch.length}: ${Failed[0]?.Message}`);
        }
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  };
}

/** Batches of at most ten bodies that together keep within SQS's limit. */
function toBatches(bodies: readonly string[]): string[][] {
  const batches: string[][] = [];
  let bytes = 0;
  for (const body of bodies) {
    const size = Buffer.byteLength(body);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === maximumEntries || bytes + size > maximumDeadLetterBytes) {
      batches.push([body]);
      bytes = size;
    } else {
      batch.push(body);
      bytes += size;
    }
  }
  return batches;
}
