import type { Context } from "aws-lambda";
import { logger } from "../adapters/telemetry/log-observations.ts";
import { type SyncReport, syncProfiles } from "../core/profiles/sync.ts";
import { readSyncConfig } from "./config/okta.ts";
import { createSyncPorts } from "./wiring/profile-sync-ports.ts";

/**
 * The time for the page in progress before the function's timeout, in milliseconds: a request to Okta may take 15
 * seconds.
 */
const marginMilliseconds = 30_000;

const getPorts = createSyncPorts(readSyncConfig(process.env));

/**
 * Updates the profile table with Okta's users. Invoked on a schedule. The next run goes on where this one runs out of
 * time. It does not geocode: new cities have no coordinates, and are compared by country, until `npx okta-proxy-watch profiles --
 * sync --full` is run; stored coordinates are kept.
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
