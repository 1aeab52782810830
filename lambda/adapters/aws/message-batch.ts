import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";

/**
 * Works on every message of a batch at the same time, and names those that failed, which stay on the queue
 * (`ReportBatchItemFailures`, https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
 */
export async function forEachMessage(
  { Records: records }: SQSEvent,
  work: (record: SQSRecord) => Promise<void>,
): Promise<SQSBatchResponse> {
  const results = await Promise.allSettled(records.map(work));
  const failed = records.filter((_, index) => results[index]?.status === "rejected");
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
