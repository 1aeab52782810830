import { type Environment, readVariables, secretArn, variables } from "./config.ts";
import { defaultAttributes, type LocationAttributes, readLocationAttributes } from "./okta-users/okta-user.ts";

/** The settings of the functions that bring profiles from Okta. */
export interface SyncConfig {
  readonly profileTable: string;
  readonly stateTable: string;
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly credentialSecretArn: string;
  readonly attributes: readonly LocationAttributes[];
}

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
      OKTA_ORG_URL: {
        what: "the URL of the Okta org",
        fault: (value) => (/^https?:\/\/[^/]+$/.test(value) ? null : "is no URL of an Okta org"),
      },
      OKTA_CREDENTIAL_SECRET_ARN: secretArn,
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
