import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { waitingClient } from "./aws-client.ts";
import { readNoticeConfig } from "./config.ts";
import { openExceptions } from "./exceptions/exception-items.ts";
import { publishNotice } from "./exceptions/notice.ts";
import { logger } from "./telemetry.ts";
import { createTopic } from "./topic.ts";

const config = readNoticeConfig(process.env);
const dynamodb = new DynamoDBClient({});
const publish = createTopic(config.alertTopicArn, { settings: waitingClient });

/** Publishes a notice about exceptions that end within a week, once for each. Invoked on a schedule. */
export async function handler(): Promise<void> {
  const exceptions = await openExceptions(dynamodb, config.stateTable);
  const named = await publishNotice(exceptions, (message) => publish(message, AbortSignal.timeout(10_000)), new Date());
  logger.info("Looked for exceptions that end soon", { noticed: named.map(({ id }) => id) });
}
