import { setTimeout as delay } from "node:timers/promises";
import { SecretsProvider } from "@aws-lambda-powertools/parameters/secrets";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Context } from "aws-lambda";
import { readSyncConfig } from "./config.ts";
import { authorizeBy, readCredential } from "./okta-users/okta-credential.ts";
import { createUsersApi } from "./okta-users/users-api.ts";
import { openProfileItems } from "./profiles/profile-items.ts";
import { type SyncReport, syncProfiles } from "./profiles/sync.ts";
import { createSyncState } from "./profiles/sync-state.ts";
import { logger } from "./telemetry.ts";

/** Kept for the page under way before the function's timeout, in milliseconds: a request to Okta may take 15 seconds. */
const marginMilliseconds = 30_000;

const config = readSyncConfig(process.env);
const dynamodb = new DynamoDBClient({});
const secrets = new SecretsProvider();

/**
 * Brings the profile table up to date with Okta's users, on a schedule. What it does not finish in its time the next run
 * goes on with. It places no cities: new ones have no coordinates, and are compared by country, until `npm run profiles
 * -- sync --full` is run; those that have coordinates keep them.
 */
export async function handler(
  _event: unknown,
  context: Pick<Context, "getRemainingTimeInMillis">,
): Promise<SyncReport> {
  const { orgUrl, credentialSecretArn, attributes, profileTable, stateTable } = config;
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - marginMilliseconds));
  // Fetched for every run: a run is seldom, and a credential may have been changed.
  const secret = await secrets.get(credentialSecretArn, { forceFetch: true });
  const credential = readCredential(typeof secret === "string" ? secret : "", `The secret ${credentialSecretArn}`);
  const report = await syncProfiles(
    {
      api: createUsersApi({
        orgUrl,
        authorize: authorizeBy(credential, orgUrl, Date.now),
        now: Date.now,
        wait: (milliseconds, waiting) => delay(milliseconds, undefined, { signal: waiting }),
      }),
      items: openProfileItems(dynamodb, profileTable),
      ...createSyncState(dynamodb, stateTable),
      attributes,
      now: () => new Date(),
    },
    signal,
  );
  logger.info(report.finished ? "Synced profiles" : "Out of time; the next run goes on", { ...report });
  return report;
}
