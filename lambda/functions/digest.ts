import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { waitingClient } from "../adapters/aws/client.ts";
import { createTopic } from "../adapters/aws/topic.ts";
import { readDigestSources } from "../adapters/tables/digest-sources.ts";
import { logger } from "../adapters/telemetry/log-observations.ts";
import { experimentalDetections } from "../core/detections/experimental-detections.ts";
import { standardDetections } from "../core/detections/standard-detections.ts";
import { composeDigest, weekBefore } from "../core/digest/digest.ts";
import { renderDigest } from "../core/digest/render-digest.ts";
import { readNoticeConfig } from "./config/notices.ts";

const config = readNoticeConfig(process.env);
const dynamodb = new DynamoDBClient({});
const publish = createTopic(config.alertTopicArn, { settings: waitingClient });
const all = [standardDetections, experimentalDetections].flatMap(({ rules, correlations }) => [
  ...rules,
  ...correlations,
]);
const titles = new Map(all.map(({ id, title }) => [id, title]));

/**
 * Publishes the digest of the seven days before. Invoked on a schedule. Lambda tries a failed invocation again, so that a digest
 * whose publish had no answer may come twice.
 */
export async function handler(): Promise<void> {
  const now = new Date();
  const sources = await readDigestSources(dynamodb, config.stateTable, weekBefore(now), now);
  const digest = composeDigest({ ...sources, titles, now });
  await publish(renderDigest(digest), AbortSignal.timeout(10_000));
  const { from, to, alerts, signIns } = digest;
  logger.info("Published the digest", { from, to, alerts: alerts.count, signIns: signIns.count });
}
