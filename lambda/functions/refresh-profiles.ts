import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { forEachMessage } from "../adapters/aws/message-batch.ts";
import { logger } from "../adapters/telemetry/log-observations.ts";
import type { OktaUser } from "../core/profiles/okta-user.ts";
import { type Refresh, readRefresh } from "../core/profiles/refresh.ts";
import { type SyncPorts, writeUsers } from "../core/profiles/sync.ts";
import { toError } from "../core/values/error.ts";
import { readSyncConfig } from "./config/okta.ts";
import { createSyncPorts } from "./wiring/profile-sync-ports.ts";

/** The time for writing before the function's timeout, in milliseconds. */
const marginMilliseconds = 5_000;

const getPorts = createSyncPorts(readSyncConfig(process.env));

/**
 * Fetches the users whose profiles changed by an event, and writes their locations. Messages that fail stay on the
 * queue until they expire; the next sync then updates their users.
 */
export async function handler(
  event: SQSEvent,
  context: Pick<Context, "getRemainingTimeInMillis">,
): Promise<SQSBatchResponse> {
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - marginMilliseconds));
  const ports = await getPorts();
  return forEachMessage(event, async ({ messageId, body }) => {
    try {
      await refresh(readRefresh(body), ports, signal);
    } catch (error) {
      logger.warn("A profile could not be refreshed", { messageId, error: toError(error) });
      throw error;
    }
  });
}

async function refresh(user: Refresh, ports: SyncPorts, signal: AbortSignal): Promise<void> {
  const now = ports.now().toISOString();
  const fetched = await ports.api.fetchUser(user.userId, signal);
  const { changed } = await writeUsers([fetched ?? gone(user)], now, ports);
  logger.info("Refreshed a profile", { userId: user.userId, isGone: fetched === null, changed });
}

/** A user whom Okta no longer knows. */
const gone = ({ userId, login }: Refresh): OktaUser => ({ id: userId, status: "DEPROVISIONED", profile: { login } });
