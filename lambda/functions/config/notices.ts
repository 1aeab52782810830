import { type Environment, readVariables } from "./environment.ts";
import type { PipelineConfig } from "./pipeline.ts";
import { alertTopicArn, stateTable } from "./variables.ts";

/** The settings of functions that publish notices: the end of exceptions, the digest. */
export type NoticeConfig = Pick<PipelineConfig, "stateTable" | "alertTopicArn">;

/**
 * Reads the settings of a function that publishes notices.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readNoticeConfig(environment: Environment): NoticeConfig {
  const read = readVariables({ STATE_TABLE: stateTable, ALERT_TOPIC_ARN: alertTopicArn }, environment);
  return { stateTable: read.STATE_TABLE, alertTopicArn: read.ALERT_TOPIC_ARN };
}
