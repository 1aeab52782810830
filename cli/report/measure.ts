import type { Exception, ExceptionScope } from "../../lambda/core/exceptions/exception.ts";
import type { LogEvent } from "../../lambda/core/okta/log-event.ts";
import { findCandidates } from "../../lambda/core/pipeline/match.ts";
import { createReplayer, type Replayed, type ReplayOptions } from "../backtest/replay.ts";

/** A deployment with other exceptions, or another threshold. */
export interface Variant {
  readonly exceptions: readonly ExceptionScope[];
  /** Kilometers. */
  readonly distanceKm: number;
}

/** What a variant makes of the same events. */
export interface VariantResult {
  /** All alerts, those about storms and gathered sign-ins among them. */
  readonly alerts: number;
  /** Alerts beyond the threshold. */
  readonly far: number;
}

/** Events between two turns of the event loop. */
const turnSize = 16;

/**
 * Counts the alerts of variants of a deployment, by a replay of the same events through each: what an exception suppresses of a storm, or
 * lets through a window of suppression, is counted as it would be sent. Each event is read and matched once for all.
 *
 * @param events in order of time, each with a time
 */
export async function measureVariants(
  events: Iterable<LogEvent>,
  variants: readonly Variant[],
  deployment: ReplayOptions,
): Promise<readonly VariantResult[]> {
  const running = variants.map(({ exceptions, distanceKm }) => ({
    replayer: createReplayer({
      ...deployment,
      keepsIncidents: false,
      writesAlerts: false,
      mismatchDistanceKm: distanceKm,
      exceptions: [...deployment.exceptions, ...exceptions.map(exceptionOf)],
    }),
    result: { alerts: 0, far: 0 },
  }));
  const count = async (result: { alerts: number; far: number }, replayed: AsyncIterable<Replayed>) => {
    for await (const { sent } of replayed) {
      if (sent === null) continue;
      result.alerts += 1;
      if (sent.geoVerdict === "mismatch") result.far += 1;
    }
  };
  let done = 0;
  for (const event of events) {
    const candidates = findCandidates([event], deployment.rules);
    for (const { replayer, result } of running) await count(result, replayer.take(event, candidates));
    done += 1;
    if (done % turnSize !== 0) continue;
    deployment.onProgress(done);
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const { replayer, result } of running) await count(result, replayer.end());
  return running.map(({ result }) => result);
}

/** An exception without an end. */
function exceptionOf(scope: ExceptionScope, index: number): Exception {
  return {
    id: `proposed-${index}`,
    scope,
    by: "report",
    reason: "proposed",
    createdAt: new Date(0).toISOString(),
    until: "9999-12-31T00:00:00Z",
    noticedAt: null,
  };
}
