import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { waitingClient } from "../adapters/aws/client.ts";
import { createTopic } from "../adapters/aws/topic.ts";
import { readExceptionChanges } from "../adapters/tables/exception-records.ts";
import { openExceptions } from "../adapters/tables/exceptions.ts";
import { logger } from "../adapters/telemetry/log-observations.ts";
import type { TopicMessage } from "../core/alerts/topic-message.ts";
import { type ExceptionChange, publishChanges } from "../core/exceptions/change-notice.ts";
import { publishNotice } from "../core/exceptions/expiry-notice.ts";
import { readNoticeConfig } from "./config/notices.ts";

const config = readNoticeConfig(process.env);
const dynamodb = new DynamoDBClient({});
const publish = createTopic(config.alertTopicArn, { settings: waitingClient });
const publishNow = (message: TopicMessage) => publish(message, AbortSignal.timeout(10_000));

/**
 * Publishes notices about exceptions: that some were made, changed or removed, when the stream of the state table invokes it,
 * and that some end within a week, once for each, on a schedule. Lambda hands a batch of the stream again until it succeeds,
 * so that a change may be announced twice.
 */
export async function handler(event: unknown): Promise<void> {
  const now = new Date();
  const changes = readExceptionChanges(event, now);
  await (changes === null ? announceEnds(now) : announceChanges(changes, now));
}

async function announceChanges(changes: readonly ExceptionChange[], now: Date): Promise<void> {
  await publishChanges(changes, publishNow, now);
  const ids = changes.map(({ kind, exception: { id } }) => `${kind} ${id}`);
  logger.info("Announced changes of exceptions", { changes: ids });
}

async function announceEnds(now: Date): Promise<void> {
  const exceptions = await openExceptions(dynamodb, config.stateTable);
  const named = await publishNotice(exceptions, publishNow, now);
  logger.info("Looked for exceptions that end soon", { noticed: named.map(({ id }) => id) });
}
