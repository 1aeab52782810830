import { defaultAttributes, readLocationAttributes } from "../../core/profiles/okta-user.ts";
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
import { pipelineVariables } from "./pipeline.ts";
import { profileTable, requiredSecretArn, stateTable } from "./variables.ts";

/** Minutes: events that Okta persists do not become visible everywhere at once. */
export const defaultOverlapMinutes = 15;

const readOrgUrl = matching(/^https?:\/\/[^/]+$/, "is no URL of an Okta org");

const oktaVariables = {
  /** `https://example.okta.com`. */
  orgUrl: required("OKTA_ORG_URL", "the URL of the Okta org", readOrgUrl),
  credentialSecretArn: requiredSecretArn("OKTA_CREDENTIAL_SECRET_ARN"),
};

const syncVariables = {
  profileTable,
  stateTable,
  ...oktaVariables,
  attributes: required(
    "OKTA_PROFILE_ATTRIBUTES",
    "the profile attributes that hold locations, as JSON",
    parsed(readLocationAttributes, `is no JSON such as ${JSON.stringify(defaultAttributes)}`),
  ),
};

const streamVariables = {
  ...pipelineVariables,
  /** The org's domain, `example.okta.com`; null where it is not set. */
  org: optional("OKTA_ORG_URL", readHost, null),
};

const reconcileVariables = {
  ...pipelineVariables,
  ...oktaVariables,
  /** Minutes before the checkpoint at which reading starts when the link to the next page is lost. */
  overlapMinutes: optional("RECONCILE_OVERLAP_MINUTES", readMinutes, defaultOverlapMinutes),
};

/** The settings of the functions that read profiles from Okta. */
export type SyncConfig = ValuesOf<typeof syncVariables>;

/**
 * Reads the settings of a function that reads profiles from Okta.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export const readSyncConfig = (environment: Environment): SyncConfig => readVariables(syncVariables, environment);

/**
 * Reads the settings of the function that receives the org's log stream.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export const readStreamConfig = (environment: Environment) => readVariables(streamVariables, environment);

/**
 * Reads the settings of the function that reads the System Log.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export const readReconcileConfig = (environment: Environment) => readVariables(reconcileVariables, environment);

function readHost(text: string): string | Fault {
  const url = readOrgUrl(text);
  return url instanceof Fault ? url : new URL(url).host;
}

function readMinutes(text: string): number | Fault {
  return /^\d{1,4}$/.test(text) ? Number(text) : new Fault("is no whole number of minutes");
}
