import {
  type Environment,
  type PipelineConfig,
  pipelineVariables,
  readVariables,
  secretArn,
  toPipelineConfig,
  variables,
  variablesOf,
} from "./config.ts";
import { defaultAttributes, type LocationAttributes, readLocationAttributes } from "./okta-api/okta-user.ts";

/** The settings of the functions that bring profiles from Okta. */
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
  /** The org's domain, `example.okta.com`; null where the stack does not know it. */
  readonly org: string | null;
}

/** The settings of the function that reads the System Log. */
export interface ReconcileConfig extends PipelineConfig {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly credentialSecretArn: string;
  /** How far before the checkpoint it is looked again, in minutes. */
  readonly overlapMinutes: number;
}

/** Minutes: Okta's log fills out of order. */
export const defaultOverlapMinutes = 15;

const oktaVariables = {
  OKTA_ORG_URL: {
    what: "the URL of the Okta org",
    fault: (value: string) => (/^https?:\/\/[^/]+$/.test(value) ? null : "is no URL of an Okta org"),
  },
  OKTA_CREDENTIAL_SECRET_ARN: secretArn,
} as const;

/**
 * Reads the settings of a function that brings profiles from Okta.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readSyncConfig(environment: Environment): SyncConfig {
  const known = readVariables(
    {
      PROFILE_TABLE: variables.PROFILE_TABLE,
      STATE_TABLE: variables.STATE_TABLE,
      ...oktaVariables,
      OKTA_PROFILE_ATTRIBUTES: {
        what: "the profile attributes that hold locations, as JSON",
        fault: (value) =>
          readLocationAttributes(value) === null ? `is no JSON such as ${JSON.stringify(defaultAttributes)}` : null,
      },
    },
    environment,
  );
  return {
    profileTable: known.PROFILE_TABLE ?? "",
    stateTable: known.STATE_TABLE ?? "",
    orgUrl: known.OKTA_ORG_URL ?? "",
    credentialSecretArn: known.OKTA_CREDENTIAL_SECRET_ARN ?? "",
    attributes: readLocationAttributes(known.OKTA_PROFILE_ATTRIBUTES ?? "") ?? [],
  };
}

/**
 * Reads the settings of the function that receives the org's log stream.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readStreamConfig(environment: Environment): StreamConfig {
  const { OKTA_ORG_URL } = oktaVariables;
  const known = readVariables(
    { ...variablesOf(pipelineVariables), OKTA_ORG_URL: { ...OKTA_ORG_URL, what: null } },
    environment,
  );
  const { OKTA_ORG_URL: orgUrl } = known;
  return { ...toPipelineConfig(known, environment), org: orgUrl === undefined ? null : new URL(orgUrl).host };
}

/**
 * Reads the settings of the function that reads the System Log.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readReconcileConfig(environment: Environment): ReconcileConfig {
  const known = readVariables(
    {
      ...variablesOf(pipelineVariables),
      ...oktaVariables,
      RECONCILE_OVERLAP_MINUTES: {
        what: null,
        fault: (value: string) => (/^\d{1,4}$/.test(value) ? null : "is no whole number of minutes"),
      },
    },
    environment,
  );
  return {
    ...toPipelineConfig(known, environment),
    orgUrl: known.OKTA_ORG_URL ?? "",
    credentialSecretArn: known.OKTA_CREDENTIAL_SECRET_ARN ?? "",
    overlapMinutes: Number(known.RECONCILE_OVERLAP_MINUTES ?? defaultOverlapMinutes),
  };
}
