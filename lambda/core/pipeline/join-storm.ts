import { threatDetected } from "../okta/log-event.ts";
import { sourceOf, threatOf } from "../storms/source.ts";
import type { CountedSource } from "../storms/sources.ts";
import { isRaging, isUnwatched, watchPatience } from "../storms/storm.ts";
import { share, within } from "../time/budget.ts";
import { bestEffort } from "./close-window.ts";
import { firedOf } from "./correlations.ts";
import { stormAround } from "./count-source.ts";
import { delayReasons } from "./delay-reason.ts";
import type { Alertable } from "./except.ts";
import type { Result } from "./result.ts";
import type { ClaimedEvent, Run } from "./stages.ts";
import { matchesOf } from "./work.ts";

/**
 * Reports a failed attempt in the storm of its source; null for any other event, which is alerted on. An attempt that finds the storm
 * without a watcher parks one: where that fails, the attempt is alerted on.
 */
export async function joinStorm(
  event: ClaimedEvent,
  alertable: Alertable,
  run: Run,
): Promise<Extract<Result, { readonly kind: "inStorm" }> | null> {
  const { source } = event.started;
  const storm = source?.answer.storm ?? null;
  const { ports } = run;
  if (source === null || storm === null || source.event.succeeded) return null;
  // The alerts about a storm do not tell what else the attempt completes.
  if (firedOf(alertable.left).length > 0) return null;
  const isInStorm = source.answer.number > ports.stormAfter || storm.watcher !== null;
  if (!isInStorm) return null;
  if (isUnwatched(storm, ports.now())) {
    try {
      // Attempts of one delivery park one watcher.
      const parking = run.watchers.get(source.key) ?? parkWatcher(source, storm.since, event, alertable, run);
      run.watchers.set(source.key, parking);
      await parking;
    } catch (error) {
      run.budget.work.throwIfAborted();
      ports.observe({ kind: "watcherLost", subject: event.subject, error });
      return null;
    }
  }
  return { kind: "inStorm", by: alertable.by };
}

/**
 * Reports what ThreatInsight says of a request in the storm of its source, which tells of it in its words; null where no storm is
 * reported from there, and for any other event: then it is alerted on.
 */
export async function joinThreat(
  { work: { event }, subject }: ClaimedEvent,
  { left, by }: Alertable,
  { ports, budget }: Run,
): Promise<Extract<Result, { readonly kind: "inStorm" }> | null> {
  const isThreat = event.eventType === threatDetected && !event.isTest && ports.stormAfter > 0;
  const key = isThreat && firedOf(left).length === 0 ? sourceOf(event) : null;
  if (key === null) return null;
  const signal = share(budget.work, budget.steps.open);
  try {
    const storm = await within(signal, ports.sources.read(key, signal));
    if (storm === null || isUnwatched(storm, ports.now()) || !isRaging(storm, ports.stormAfter, ports.now()))
      return null;
    await within(signal, ports.sources.addReasons(key, threatOf(event), storm.since, signal));
    return { kind: "inStorm", by };
  } catch (error) {
    budget.work.throwIfAborted();
    ports.observe({ kind: "sourceUnavailable", subject, error });
    return null;
  }
}

/** Parks the message that reports a storm, and names it in the storm, so that later attempts park none. */
async function parkWatcher(
  { key }: CountedSource,
  since: number,
  { work }: ClaimedEvent,
  { left }: Alertable,
  { ports, budget }: Run,
): Promise<void> {
  const now = ports.now();
  const id = work.event.uuid;
  const matched = matchesOf(left);
  const rules = matched.map(({ ruleId }) => ruleId);
  const waiting = { reason: delayReasons.stormWatched, since: now };
  const storm = { source: key, since, watcher: id };
  const watcher = { work: { ...work, rules, matched, waiting, unconfirmed: 0, storm }, delaySeconds: 0 };
  await within(budget.work, ports.parkWork([watcher], budget.work));
  const signal = share(budget.parking, budget.steps.complete);
  const watch = { id, by: now.getTime() + watchPatience };
  // Where that fails, the next attempt parks another watcher: the storm takes the first that comes.
  await bestEffort(within(signal, ports.sources.watch(key, since, watch, now, signal)).then(() => {}));
}

/** Names a session that started in a storm: best effort, as its own alert tells of it. */
export async function addToStorm(event: ClaimedEvent, { ports, budget }: Run): Promise<void> {
  const around = stormAround(event, ports);
  if (around === null) return;
  const { source, storm } = around;
  const signal = share(budget.parking, budget.steps.complete);
  await bestEffort(within(signal, ports.sources.addSuccess(source.key, source.event, storm.since, signal)));
}
