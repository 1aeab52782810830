import { sessionStart } from "../okta/log-event.ts";
import { succeeded } from "../okta/outcome.ts";
import { looksLikeLogin } from "../okta/stranger.ts";
import { sourceEventOf, sourceOf } from "../storms/source.ts";
import { BusySourceError, type CountedSource } from "../storms/sources.ts";
import { isRaging, type Storm } from "../storms/storm.ts";
import { share, within } from "../time/budget.ts";
import { bestEffort } from "./close-window.ts";
import type { Subject } from "./observation.ts";
import type { PipelinePorts } from "./ports.ts";
import type { ClaimedEvent, Run } from "./stages.ts";
import type { Work } from "./work.ts";

/**
 * Counts a session start at its source. Null for what no source counts: another act, a test, a follow-up, an event whose network is
 * not known; and where the store does not answer: then the alert goes out singly. "busy" for a failed attempt that has to be counted
 * later.
 */
export async function countSource(
  { event, followUp, again = false }: Work,
  subject: Subject,
  { ports, budget }: Run,
): Promise<CountedSource | "busy" | null> {
  const { sources, stormAfter, sourceAlertsPerHour } = ports;
  const isSuccess = succeeded(event.fields.outcome?.result ?? null);
  const isLimited = stormAfter > 0 || (isSuccess && sourceAlertsPerHour > 0);
  const isCounted = isLimited && event.eventType === sessionStart && !event.isTest && !followUp && !again;
  const key = isCounted ? sourceOf(event) : null;
  if (key === null) return null;
  const read = sourceEventOf(event, (login) => looksLikeLogin(login, ports.loginDomains));
  const signal = share(budget.work, budget.steps.open);
  try {
    const answer = await within(
      signal,
      sources.count(key, read, { stormAfter, sourceAlertsPerHour }, ports.now(), signal),
    );
    return { key, event: read, answer };
  } catch (error) {
    budget.work.throwIfAborted();
    ports.observe({ kind: "sourceUnavailable", subject, error });
    // A session that started never waits; a flood of failed attempts does, rather than to come singly.
    return error instanceof BusySourceError && !isSuccess ? "busy" : null;
  }
}

/** Takes back a failed attempt that is no news: it is done already, excepted, or suppressed; of sessions, one that is excepted. */
export async function takeBackCount(
  { started: { source } }: ClaimedEvent,
  kind: "duplicate" | "excepted" | "grouped",
  { ports, budget }: Run,
): Promise<void> {
  // The person of a session that is done, or suppressed, was alerted on singly.
  if (source === null || !source.answer.isNew || (source.event.succeeded && kind !== "excepted")) return;
  const since = source.answer.storm?.since ?? 0;
  const signal = share(budget.parking, budget.steps.complete);
  await bestEffort(within(signal, ports.sources.takeBack(source.key, source.event, since, signal)));
}

/** The storm that a session started in; null for a failed attempt, and where its source is in no storm. */
export function stormAround(
  { started: { source } }: ClaimedEvent,
  { stormAfter, now }: Pick<PipelinePorts, "stormAfter" | "now">,
): { readonly source: CountedSource; readonly storm: Storm } | null {
  const storm = source?.answer.storm ?? null;
  if (source === null || storm === null || !source.event.succeeded || !isRaging(storm, stormAfter, now())) return null;
  return { source, storm };
}
