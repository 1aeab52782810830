import type { StateKeySource } from "../../adapters/tables/state-key.ts";
import { defaultMetricSet, metricSets } from "../../adapters/telemetry/metric-sets.ts";
import { defaultSuppressMinutes, maximumSuppressMinutes } from "../../core/grouping/suppress-minutes.ts";
import { readDomains } from "../../core/okta/login-domains.ts";
import { farthestKm, isMismatchDistance } from "../../core/profiles/mismatch-distance.ts";
import { readPacks } from "../../core/sigma/pack.ts";
import { defaultSourceAlerts, maximumSourceAlerts } from "../../core/storms/gathering.ts";
import { defaultStormAfter, maximumStormAfter, readCount } from "../../core/storms/storm.ts";
import {
  type Environment,
  Fault,
  optional,
  parsed,
  readFlag,
  readVariables,
  required,
  type ValuesOf,
} from "./environment.ts";
import { productionTiming, readTiming } from "./timing.ts";
import { alertTopicArn, profileTable, readSecretArn, readUrl, stateTable } from "./variables.ts";

/** The settings of every function that works on events, with the variables that they are read from. */
export const pipelineVariables = {
  profileTable,
  stateTable,
  alertTopicArn,
  retryQueueUrl: required("RETRY_QUEUE_URL", "the URL of the retry queue", readUrl),
  deadLetterQueueUrl: required("DEAD_LETTER_QUEUE_URL", "the URL of the dead-letter queue", readUrl),
  /** Kilometers, over 0. */
  mismatchDistanceKm: required("MISMATCH_DISTANCE_KM", "a number of kilometers, for example 500", readKilometers),
  /** Minutes, 0 or more; 0 suppresses nothing. */
  suppressMinutes: optional("SUPPRESS_MINUTES", readUpTo(maximumSuppressMinutes, "minutes"), defaultSuppressMinutes),
  /** Failed session starts of one source that come singly, 0 or more; 0 for no storms. */
  stormAfter: optional("STORM_AFTER", readUpTo(maximumStormAfter, "attempts"), defaultStormAfter),
  /** Persons from one source in an hour whose sign-ins come singly, 0 or more; 0 for all. */
  sourceAlertsPerHour: optional(
    "SOURCE_ALERTS_PER_HOUR",
    readUpTo(maximumSourceAlerts, "persons"),
    defaultSourceAlerts,
  ),
  /** The domains of the org's logins, in lower case; empty where they are not named: see `looksLikeLogin`. */
  loginDomains: optional("LOGIN_DOMAINS", parsed(readDomains, "is no list of domains such as example.com"), []),
  /** Whether alerts link to the exit's place on OpenStreetMap. */
  mapLinks: optional("MAP_LINKS", readFlag, true),
  /** The queue of profile refreshes; null where profiles do not come from Okta. */
  refreshQueueUrl: optional("REFRESH_QUEUE_URL", readUrl, null),
  /** Whether detections with `status: experimental` run. */
  experimentalDetections: optional("EXPERIMENTAL_DETECTIONS", readFlag, false),
  /** The packs whose experimental detections run. */
  packs: optional("DETECTION_PACKS", parsed(readPacks, "is no list of packs such as admin,mfa"), []),
  /** Whether events are counted for the digest. */
  countsForDigest: optional("DIGEST", readFlag, false),
  /** The set of metrics. */
  metrics: optional(
    "METRICS",
    parsed((text) => metricSets.find((set) => set === text) ?? null, `is none of ${metricSets.join(", ")}`),
    defaultMetricSet,
  ),
  /** The source of the key for hashing logins. */
  stateKey: { name: "STATE_KEY_ARN", what: null, read: readStateKey },
  /** Deadlines, delays and back-off. */
  timing: optional("TIMING", readTiming, productionTiming),
};

/** The settings of every function that works on events, read once from the environment. */
export type PipelineConfig = ValuesOf<typeof pipelineVariables>;

/**
 * Reads the settings of a function that works on events.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export const readPipelineConfig = (environment: Environment): PipelineConfig =>
  readVariables(pipelineVariables, environment);

function readUpTo(most: number, what: string) {
  return parsed((text) => readCount(text, most), `is no whole number of ${what} from 0 to ${most}`);
}

function readKilometers(text: string): number | Fault {
  if (!/^\d+(\.\d+)?$/.test(text)) return new Fault("is no number of kilometers");
  const kilometers = Number(text);
  return isMismatchDistance(kilometers) ? kilometers : new Fault(`is not between 0 and ${farthestKm} kilometers`);
}

function readStateKey(
  arn: string | undefined,
  { HOOK_SECRET: value, HOOK_SECRET_ARN: hookSecretArn }: Environment,
): StateKeySource | Fault {
  if (arn !== undefined) {
    const read = readSecretArn(arn);
    return read instanceof Fault ? read : { arn };
  }
  if (hookSecretArn) return { hookSecret: { arn: hookSecretArn } };
  return value ? { hookSecret: { value } } : null;
}
