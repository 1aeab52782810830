import type { Context } from "aws-lambda";
import { logger } from "../adapters/telemetry/log-observations.ts";
import { type SyncReport, syncProfiles } from "../core/profiles/sync.ts";
import { readSyncConfig } from "./config/okta.ts";
import { createSyncPorts } from "./wiring/profile-sync-ports.ts";

/** Kept for the page under way before the function's timeout, in milliseconds: a request to Okta may take 15 seconds. */
const marginMilliseconds = 30_000;

const getPorts = createSyncPorts(readSyncConfig(process.env));

/**
 * Brings the profile table up to date with Okta's users, on a schedule. What it does not finish in its time the next run
 * goes on with. It places no cities: new ones have no coordinates, and are compared by country, until `npm run profiles
 * -- sync --full` is run; those that have coordinates keep them.
 */
export async function handler(
  _event: unknown,
  context: Pick<Context, "getRemainingTimeInMillis">,
): Promise<SyncReport> {
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - marginMilliseconds));
  const report = await syncProfiles(await getPorts(), signal);
  logger.info(report.finished ? "Synced profiles" : "Out of time; the next run goes on", { ...report });
  return report;
}
