import type { StateKeySource } from "../../adapters/tables/state-key.ts";
import { defaultMetricSet, type MetricSet, metricSets } from "../../adapters/telemetry/metric-sets.ts";
import {
  defaultSuppressMinutes,
  maximumSuppressMinutes,
  readSuppressMinutes,
} from "../../core/grouping/suppress-minutes.ts";
import { readDomains } from "../../core/okta/login-domains.ts";
import { farthestKm, isMismatchDistance } from "../../core/profiles/mismatch-distance.ts";
import { readPacks } from "../../core/sigma/pack.ts";
import { defaultSourceAlerts, maximumSourceAlerts } from "../../core/storms/gathering.ts";
import { defaultStormAfter, maximumStormAfter, readCount } from "../../core/storms/storm.ts";
import {
  type Environment,
  Fault,
  matching,
  optional,
  parsed,
  readVariables,
  required,
  type ValuesOf,
} from "./environment.ts";
import { productionTiming, readTiming, type Timing } from "./timing.ts";
import { alertTopicArn, queueUrl, secretArn, stateTable, tableName } from "./variables.ts";

/** The settings of every function that works on events, read once from the environment. */
export interface PipelineConfig {
  readonly profileTable: string;
  readonly stateTable: string;
  readonly alertTopicArn: string;
  readonly retryQueueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** Kilometers, over 0. */
  readonly mismatchDistanceKm: number;
  /** Minutes, 0 or more; 0 suppresses nothing. */
  readonly suppressMinutes: number;
  /** Failed session starts of one source that come singly, 0 or more; 0 for no storms. */
  readonly stormAfter: number;
  /** Persons from one source in an hour whose sign-ins come singly, 0 or more; 0 for all. */
  readonly sourceAlertsPerHour: number;
  /** The domains of the org's logins, in lower case; empty where they are not named: see `looksLikeLogin`. */
  readonly loginDomains: readonly string[];
  /** Whether alerts link to the exit's place on OpenStreetMap. @default true */
  readonly mapLinks: boolean;
  /** Whether detections with `status: experimental` run. */
  readonly experimentalDetections: boolean;
  /** The packs whose experimental detections run. */
  readonly packs: readonly string[];
  /** The queue of profile refreshes; null where profiles do not come from Okta. */
  readonly refreshQueueUrl: string | null;
  /** Whether events are counted for the digest. */
  readonly countsForDigest: boolean;
  /** The set of metrics. @default essential */
  readonly metrics: MetricSet;
  /** The source of the key for hashing logins. */
  readonly stateKey: StateKeySource;
  /** Deadlines, delays and back-off. */
  readonly timing: Timing;
}

/** The variables of every function that works on events. */
export const pipelineVariables = {
  PROFILE_TABLE: tableName("profile table"),
  STATE_TABLE: stateTable,
  ALERT_TOPIC_ARN: alertTopicArn,
  RETRY_QUEUE_URL: required("the URL of the retry queue", queueUrl),
  DEAD_LETTER_QUEUE_URL: required("the URL of the dead-letter queue", queueUrl),
  MISMATCH_DISTANCE_KM: required("a number of kilometers, for example 500", readKilometers),
  SUPPRESS_MINUTES: optional(
    parsed(readSuppressMinutes, `is no whole number of minutes from 0 to ${maximumSuppressMinutes}`),
    defaultSuppressMinutes,
  ),
  STORM_AFTER: optional(
    parsed(
      (text) => readCount(text, maximumStormAfter),
      `is no whole number of attempts from 0 to ${maximumStormAfter}`,
    ),
    defaultStormAfter,
  ),
  SOURCE_ALERTS_PER_HOUR: optional(
    parsed(
      (text) => readCount(text, maximumSourceAlerts),
      `is no whole number of persons from 0 to ${maximumSourceAlerts}`,
    ),
    defaultSourceAlerts,
  ),
  LOGIN_DOMAINS: optional(parsed(readDomains, "is no list of domains such as example.com"), []),
  MAP_LINKS: optional(matching(/^(true|false)$/, "is neither true nor false"), "true"),
  REFRESH_QUEUE_URL: optional(queueUrl, null),
  EXPERIMENTAL_DETECTIONS: optional(matching(/^(true|false)$/, "is neither true nor false"), "false"),
  DETECTION_PACKS: optional(parsed(readPacks, "is no list of packs such as admin,mfa"), []),
  DIGEST: optional(matching(/^(true|false)$/, "is neither true nor false"), "false"),
  METRICS: optional(parsed(readMetricSet, `is none of ${metricSets.join(", ")}`), defaultMetricSet),
  STATE_KEY_ARN: optional(secretArn, null),
  TIMING: optional(readTiming, productionTiming),
} as const;

/**
 * Reads the settings of a function that works on events.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readPipelineConfig(environment: Environment): PipelineConfig {
  return toPipelineConfig(readVariables(pipelineVariables, environment), environment);
}

/** Makes the settings of a function that works on events from its variables. */
export function toPipelineConfig(read: ValuesOf<typeof pipelineVariables>, environment: Environment): PipelineConfig {
  return {
    profileTable: read.PROFILE_TABLE,
    stateTable: read.STATE_TABLE,
    alertTopicArn: read.ALERT_TOPIC_ARN,
    retryQueueUrl: read.RETRY_QUEUE_URL,
    deadLetterQueueUrl: read.DEAD_LETTER_QUEUE_URL,
    mismatchDistanceKm: read.MISMATCH_DISTANCE_KM,
    suppressMinutes: read.SUPPRESS_MINUTES,
    stormAfter: read.STORM_AFTER,
    sourceAlertsPerHour: read.SOURCE_ALERTS_PER_HOUR,
    loginDomains: read.LOGIN_DOMAINS,
    mapLinks: read.MAP_LINKS === "true",
    experimentalDetections: read.EXPERIMENTAL_DETECTIONS === "true",
    packs: read.DETECTION_PACKS,
    refreshQueueUrl: read.REFRESH_QUEUE_URL,
    countsForDigest: read.DIGEST === "true",
    metrics: read.METRICS,
    stateKey: stateKeySource(read.STATE_KEY_ARN, environment),
    timing: read.TIMING,
  };
}

function readKilometers(text: string): number | Fault {
  if (!/^\d+(\.\d+)?$/.test(text)) return new Fault("is no number of kilometers");
  const kilometers = Number(text);
  return isMismatchDistance(kilometers) ? kilometers : new Fault(`is not between 0 and ${farthestKm} kilometers`);
}

function readMetricSet(text: string): MetricSet | null {
  return metricSets.find((set) => set === text) ?? null;
}

function stateKeySource(arn: string | null, environment: Environment): StateKeySource {
  if (arn !== null) return { arn };
  const { HOOK_SECRET: value, HOOK_SECRET_ARN: hookSecretArn } = environment;
  if (hookSecretArn) return { hookSecret: { arn: hookSecretArn } };
  return value ? { hookSecret: { value } } : null;
}
