import type { Alert } from "../alerts/alert-schema.ts";
import { unknownUser } from "../history/history.ts";
import type { SuppressionWindow } from "../history/suppression-window.ts";
import { share, within } from "../time/budget.ts";
import type { ClaimResult } from "./claims.ts";
import { bestEffort, closeWindow } from "./close-window.ts";
import { findCorrelation, firedOf } from "./correlations.ts";
import { takeBackCount } from "./count-source.ts";
import { delayReasons } from "./delay-reason.ts";
import { recordAlert } from "./incident.ts";
import { failedWork, followUpWork, waitingWork } from "./park.ts";
import { recallUser } from "./person.ts";
import { unconfirmedBefore } from "./publish.ts";
import type { Handled, LeftWork, Result } from "./result.ts";
import type { ClaimedEvent, Run } from "./stages.ts";
import { maximumUnconfirmed, unconfirmedDelaySeconds } from "./unconfirmed.ts";
import type { Work } from "./work.ts";

/** What became of an event that was never claimed. */
export function recordUnclaimed(
  result: Extract<Result, { readonly kind: "unmatched" | "observed" | "parked" }>,
): Handled {
  return { kind: result.kind, left: result.kind === "parked" ? [result.left] : [] };
}

/**
 * Acts on the result of claimed work: completes or releases its claim, records or closes its window, and says what is left. The
 * failure of a call here changes nothing: a claim that is neither completed nor released expires, and so does a window.
 */
export async function record(result: Result, event: ClaimedEvent, run: Run): Promise<Handled> {
  const { ports } = run;
  const { work, decision, started, subject } = event;
  const { kind } = result;
  const followUp = () => followUpWork(work, decision, ports.now());
  switch (result.kind) {
    case "unmatched":
    case "observed":
      return { kind, left: [] };
    case "duplicate":
      await Promise.all([closeWindow(started.window, event, run), takeBackCount(event, result.kind, run)]);
      ports.observe({ kind: "duplicate", subject });
      return { kind, left: result.left };
    case "parked":
      await release(started.window, unconfirmedBefore(event), event, run);
      return { kind, left: [result.left] };
    case "excepted":
      await Promise.all([
        complete("excepted", result.by, over(started.window), event, run),
        takeBackCount(event, result.kind, run),
      ]);
      return { kind, left: followUp() };
    case "grouped": {
      ports.observe({ kind: "suppressed", subject });
      await Promise.all([complete("suppressed", result.by, null, event, run), takeBackCount(event, result.kind, run)]);
      return { kind, left: followUp() };
    }
    case "inStorm": {
      ports.observe({ kind: "inStorm", subject });
      // A rule that is undecided about an attempt of a storm changes no report. A correlation counts the attempt later.
      const undecided = decision.undecided.filter((id) => findCorrelation(id, ports) !== undefined);
      const left = { ...decision, undecided };
      await complete("inStorm", result.by, over(started.window), { ...event, decision: left }, run);
      return { kind, left: followUpWork(work, left, ports.now()) };
    }
    case "gathered":
      ports.observe({ kind: "gathered", subject });
      await complete("gathered", result.by, over(result.window), event, run);
      return { kind, left: followUp() };
    case "published": {
      const { alert, by, window } = result;
      if (alert !== null) ports.observe({ kind: "alertPublished", subject, alert });
      await complete("alerted", by, window && { ...window, published: true }, event, run, alert);
      return { kind, left: followUp() };
    }
    case "failed": {
      const { error, window, unconfirmed } = result;
      await release(window, unconfirmed?.count ?? unconfirmedBefore(event), event, run);
      if (unconfirmed === null) return { kind, left: [failedWork(event, error, run)] };
      const again = unconfirmedWork(work, unconfirmed, error, ports.now());
      const isDead = unconfirmed.count >= maximumUnconfirmed && (await deadLetter(again.work, event, run));
      return isDead ? { kind: "deadLettered", left: followUp() } : { kind, left: [again, ...followUp()] };
    }
  }
}

/** A window that is over as if it had never been. */
function over(window: SuppressionWindow | null): SuppressionWindow | null {
  return window && { ...window, until: 0 };
}

/** The work of an alert that was published without an answer: what it said is what is published again. */
function unconfirmedWork(
  work: Work,
  { count, sent }: NonNullable<Extract<Result, { readonly kind: "failed" }>["unconfirmed"]>,
  error: unknown,
  now: Date,
): LeftWork {
  const rest = { rules: sent.map(({ ruleId }) => ruleId), matched: sent, unconfirmed: count, again: false };
  return waitingWork(work, delayReasons.unconfirmed, unconfirmedDelaySeconds(count), now, rest, error);
}

/** Completes the claim, remembers the session and what became of its window, and adds a published alert to its incident. */
async function complete(
  outcome: ClaimResult["outcome"],
  by: readonly { readonly id: string }[],
  window: SuppressionWindow | null,
  { work, started: { key, session }, decision: { undecided, detections }, findings }: ClaimedEvent,
  { ports, budget }: Run,
  alert: Alert | null = null,
): Promise<void> {
  const signal = share(budget.parking, budget.steps.complete);
  const exceptions = by.map(({ id }) => id);
  const end = { outcome, undecided, exceptions, ...correlationsOf(detections) };
  const state = recallUser(session, findings)?.own ?? unknownUser;
  await ports.measure("Recording", () =>
    Promise.all([
      // Also where it could not be claimed: a later delivery of the event finds it done.
      bestEffort(ports.claims.complete(key, end, signal)),
      // A session that is suppressed is remembered as it is counted in its window.
      bestEffort(outcome === "suppressed" ? null : session?.record(window, state, signal)),
      bestEffort(alert && recordAlert(alert, work.event, session?.user.key ?? null, ports, signal)),
    ]),
  );
}

function correlationsOf(detections: ClaimedEvent["decision"]["detections"]): Pick<ClaimResult, "correlations"> {
  const correlations = firedOf(detections);
  return correlations.length === 0 ? {} : { correlations };
}

/** Releases the claim, where it is ours, and closes the window. */
async function release(
  window: SuppressionWindow | null,
  unconfirmed: number,
  event: ClaimedEvent,
  run: Run,
): Promise<void> {
  const { key, claim } = event.started;
  const signal = share(run.budget.parking, run.budget.steps.complete);
  const isOurs = claim?.kind === "claimed";
  await Promise.all([
    bestEffort(isOurs ? run.ports.claims.release(key, unconfirmed, signal) : null),
    closeWindow(window, event, run, signal),
  ]);
}

/** Whether the work is on the dead-letter queue; else it has to be tried again. */
async function deadLetter(work: Work, event: ClaimedEvent, { ports, budget }: Run): Promise<boolean> {
  const reason = `the alert may have been sent ${work.unconfirmed} times, without an answer of the topic; it is not sent again`;
  try {
    await within(budget.parking, ports.deadLetterWork(work, reason, budget.parking));
  } catch {
    return false;
  }
  const signal = share(budget.parking, budget.steps.complete);
  const fired = correlationsOf(event.decision.detections);
  const end = { outcome: "deadLettered", undecided: [], exceptions: [], ...fired } as const;
  await bestEffort(ports.claims.complete(event.started.key, end, signal));
  ports.observe({ kind: "workDropped", subject: event.subject, whole: true, reason });
  return true;
}
