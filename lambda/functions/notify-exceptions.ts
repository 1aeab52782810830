import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { waitingClient } from "../adapters/aws/client.ts";
import { createTopic } from "../adapters/aws/topic.ts";
import { openExceptions } from "../adapters/tables/exceptions.ts";
import { logger } from "../adapters/telemetry/log-observations.ts";
import { publishNotice } from "../core/exceptions/expiry-notice.ts";
import { readNoticeConfig } from "./config/notices.ts";

const config = readNoticeConfig(process.env);
const dynamodb = new DynamoDBClient({});
const publish = createTopic(config.alertTopicArn, { settings: waitingClient });

/** Publishes a notice about exceptions that end within a week, once for each. Invoked on a schedule. */
export async function handler(): Promise<void> {
  const exceptions = await openExceptions(dynamodb, config.stateTable);
  const named = await publishNotice(exceptions, (message) => publish(message, AbortSignal.timeout(10_000)), new Date());
  logger.info("Looked for exceptions that end soon", { noticed: named.map(({ id }) => id) });
}
