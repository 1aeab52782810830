import { ChangeMessageVisibilityCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { once } from "../adapters/aws/client.ts";
import { forEachMessage } from "../adapters/aws/message-batch.ts";
import { createQueue } from "../adapters/aws/queue.ts";
import type { LogKind } from "../adapters/telemetry/log-kind.ts";
import { logger } from "../adapters/telemetry/log-observations.ts";
import { createMetrics } from "../adapters/telemetry/metrics.ts";
import { backOffSeconds } from "../core/pipeline/back-off.ts";
import { retryWork } from "../core/pipeline/retry-work.ts";
import { readWork, UnreadableWorkError, type Work } from "../core/pipeline/work.ts";
import { startBudget } from "../core/time/budget.ts";
import { toError } from "../core/values/error.ts";
import { readPipelineConfig } from "./config/pipeline.ts";
import { createWaitingPipeline } from "./wiring/waiting-pipeline.ts";

const config = readPipelineConfig(process.env);
const metrics = createMetrics(config.metrics);
const pipeline = await createWaitingPipeline(config, metrics);
const deadLetterQueue = createQueue(config.deadLetterQueueUrl, { settings: config.timing.waitingClient });
const getSqs = once(async () => new SQSClient(config.timing.waitingClient));

/**
 * Tries work of the retry queue again. Messages that fail stay on the queue, invisible for longer each time, until SQS
 * moves them to the dead-letter queue.
 */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  try {
    return await forEachMessage(event, retry);
  } finally {
    await metrics.publish();
  }
}

async function retry(record: SQSRecord): Promise<void> {
  let work: Work | null = null;
  try {
    work = await readOrDeadLetter(record);
    if (work === null) return;
    await retryWork(work, pipeline, startBudget(config.timing.waiting));
  } catch (error) {
    const attempt = Number(record.attributes.ApproximateReceiveCount);
    const seconds = backOffSeconds(attempt, Math.random(), config.timing.backOff);
    const names = {
      messageId: record.messageId,
      deliveryId: work?.delivery.id,
      eventUuid: work?.event.uuid,
      ruleIds: work?.rules ?? [],
    };
    countFailure(work, record);
    const { message: reason, cause = error } = toError(error);
    logger.warn("Work has to be tried again", {
      kind: "workFailed" satisfies LogKind,
      ...names,
      attempt,
      seconds,
      reason,
      error: toError(cause),
    });
    await backOff(record, seconds).catch((failure: unknown) =>
      logger.warn("The time to wait could not be set", {
        kind: "delayNotSet" satisfies LogKind,
        ...names,
        error: toError(failure),
      }),
    );
    throw error;
  }
}

/** Reads the work of a message. What cannot be read is dead-lettered as it is, and is null: no further try reads it. */
async function readOrDeadLetter(record: SQSRecord): Promise<Work | null> {
  const { messageId, body } = record;
  try {
    return readWork(body);
  } catch (error) {
    if (!(error instanceof UnreadableWorkError)) throw error;
    countFailure(null, record);
    await deadLetterQueue([{ body }], AbortSignal.timeout(config.timing.waiting.parking));
    logger.warn("A message of the retry queue cannot be read", {
      kind: "workUnreadable" satisfies LogKind,
      messageId,
      reason: error.message,
    });
    return null;
  }
}

/** Counts a failed try, and the age of its work. Test alerts are not counted. */
function countFailure(work: Work | null, { attributes }: SQSRecord): void {
  if (work?.event.isTest === true) return;
  const since = work?.waiting?.since.getTime() ?? Number(attributes.SentTimestamp);
  metrics.count("WorkFailed");
  metrics.seconds("WorkAge", Math.max(0, Math.round((Date.now() - since) / 1_000)));
}

/** Keeps a message invisible. Where that fails, it returns after the queue's visibility timeout. */
async function backOff({ receiptHandle }: SQSRecord, seconds: number): Promise<void> {
  const sqs = await getSqs();
  await sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: config.retryQueueUrl,
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: seconds,
    }),
    { abortSignal: AbortSignal.timeout(2_000) },
  );
}
