import { defaultAttributes, type LocationAttributes, readLocationAttributes } from "../../core/profiles/okta-user.ts";
import { type Environment, Fault, matching, optional, parsed, readVariables, required } from "./environment.ts";
import { type PipelineConfig, pipelineVariables, toPipelineConfig } from "./pipeline.ts";
import { requiredSecretArn, stateTable, tableName } from "./variables.ts";

/** The settings of the functions that read profiles from Okta. */
export interface SyncConfig {
  readonly profileTable: string;
  readonly stateTable: string;
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly credentialSecretArn: string;
  readonly attributes: readonly LocationAttributes[];
}

/** The settings of the function that receives the org's log stream. */
export interface StreamConfig extends PipelineConfig {
  /** The org's domain, `example.okta.com`; null where it is not set. */
  readonly org: string | null;
}

/** The settings of the function that reads the System Log. */
export interface ReconcileConfig extends PipelineConfig {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly credentialSecretArn: string;
  /** Minutes before the checkpoint at which reading starts when the link to the next page is lost. */
  readonly overlapMinutes: number;
}

/** Minutes: events that Okta persists do not become visible everywhere at once. */
export const defaultOverlapMinutes = 15;

const orgUrl = matching(/^https?:\/\/[^/]+$/, "is no URL of an Okta org");

const oktaVariables = {
  OKTA_ORG_URL: required("the URL of the Okta org", orgUrl),
  OKTA_CREDENTIAL_SECRET_ARN: requiredSecretArn,
} as const;

const syncVariables = {
  PROFILE_TABLE: tableName("profile table"),
  STATE_TABLE: stateTable,
  ...oktaVariables,
  OKTA_PROFILE_ATTRIBUTES: required(
    "the profile attributes that hold locations, as JSON",
    parsed(readLocationAttributes, `is no JSON such as ${JSON.stringify(defaultAttributes)}`),
  ),
} as const;

const streamVariables = { ...pipelineVariables, OKTA_ORG_URL: optional(orgUrl, null) } as const;

const reconcileVariables = {
  ...pipelineVariables,
  ...oktaVariables,
  RECONCILE_OVERLAP_MINUTES: optional(readMinutes, defaultOverlapMinutes),
} as const;

/**
 * Reads the settings of a function that reads profiles from Okta.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readSyncConfig(environment: Environment): SyncConfig {
  const read = readVariables(syncVariables, environment);
  return {
    profileTable: read.PROFILE_TABLE,
    stateTable: read.STATE_TABLE,
    orgUrl: read.OKTA_ORG_URL,
    credentialSecretArn: read.OKTA_CREDENTIAL_SECRET_ARN,
    attributes: read.OKTA_PROFILE_ATTRIBUTES,
  };
}

/**
 * Reads the settings of the function that receives the org's log stream.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readStreamConfig(environment: Environment): StreamConfig {
  const read = readVariables(streamVariables, environment);
  const url = read.OKTA_ORG_URL;
  return { ...toPipelineConfig(read, environment), org: url === null ? null : new URL(url).host };
}

/**
 * Reads the settings of the function that reads the System Log.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readReconcileConfig(environment: Environment): ReconcileConfig {
  const read = readVariables(reconcileVariables, environment);
  return {
    ...toPipelineConfig(read, environment),
    orgUrl: read.OKTA_ORG_URL,
    credentialSecretArn: read.OKTA_CREDENTIAL_SECRET_ARN,
    overlapMinutes: read.RECONCILE_OVERLAP_MINUTES,
  };
}

function readMinutes(text: string): number | Fault {
  return /^\d{1,4}$/.test(text) ? Number(text) : new Fault("is no whole number of minutes");
}
