import type { Delivery } from "../okta/event-hook.ts";
import { UNKNOWN } from "../sigma/field.ts";
import { within } from "../time/budget.ts";
import { correlationsOver, firedOf, isCorrelated, isWanted, type WithCorrelations } from "./correlations.ts";
import { type DelayReason, delayReasons } from "./delay-reason.ts";
import { keepValues } from "./group-values.ts";
import { enrich, idsOf } from "./match.ts";
import { subjectOf, subjectOfWhole } from "./observation.ts";
import type { LeftWork } from "./result.ts";
import type { Decision, MatchedWork, Run } from "./stages.ts";
import { type Match, matchesOf, type Work } from "./work.ts";

/** Seconds that work waits before it is tried again. */
export const delays = {
  /** Work that failed. */
  failed: 2,
  /** Work that another function has claimed, where the end of its claim is not known. */
  inProgress: 25,
  /** SQS's longest delay of a message. */
  longest: 900,
} as const;

/** Work that waits, with the reason. */
export function waitingWork(
  work: Work,
  reason: DelayReason,
  delaySeconds: number,
  now: Date,
  rest: Partial<Work> = {},
  error: unknown = null,
): LeftWork {
  const waiting = { reason, since: work.waiting?.since ?? now };
  return { work: { ...work, ...rest, waiting }, delaySeconds, error };
}

/** The work of an event at which a stage failed. */
export function failedWork(matched: KeptEvent, error: unknown, { ports, budget }: Run): LeftWork {
  const reason = budget.work.aborted ? delayReasons.timeRanOut : delayReasons.notPublished;
  return waitingWork(keepMatches(matched, ports), reason, delays.failed, ports.now(), {}, error);
}

/** The undecided rules become work of their own, without matches and without a publish. */
const asFollowUp = { followUp: true, matched: [], unconfirmed: 0, again: false } as const;

/** The work of the rules and correlations that are undecided, as a store did not answer; empty for none. */
export function followUpWork(
  work: Work,
  { undecided, undecidedReason }: Pick<Decision, "undecided" | "undecidedReason">,
  now: Date,
): readonly LeftWork[] {
  const rest = { rules: undecided, ...asFollowUp };
  return undecided.length === 0 ? [] : [waitingWork(work, undecidedReason, delays.failed, now, rest)];
}

/** The work of the rules that an earlier alert left undecided, and that no message holds. */
export function forgottenFollowUp(work: Work, undecided: readonly string[], now: Date): LeftWork {
  return waitingWork(work, delayReasons.undecidedBefore, 0, now, { rules: undecided, ...asFollowUp });
}

/** An event that is left, as far as it is decided. */
export type KeptEvent = MatchedWork & { readonly decision?: Pick<Decision, "detections"> };

/**
 * Work with its matches: rules that match stay matched, even where the event is cut to fit into a message, and correlations
 * that fired stay fired, though their group may forget it.
 */
export function keepMatches({ work, candidate, decision }: KeptEvent, ports: WithCorrelations): Work {
  const { event, rules, certain } = candidate;
  const before = work.matched ?? [];
  const known = new Set(before.map(({ ruleId }) => ruleId));
  const enrichment = enrich(event, UNKNOWN);
  const matched: Match[] = certain
    .filter(({ rule }) => !known.has(rule.id))
    .map(({ rule, explain }) => ({ ruleId: rule.id, matched: explain(event.received, enrichment) }));
  const isNew = ({ ruleId }: Match) => !known.has(ruleId);
  const fired = matchesOf((decision?.detections ?? []).filter(({ firing }) => firing)).filter(isNew);
  const all = [...before, ...matched, ...fired];
  const correlations = isCorrelated(candidate, ports) ? correlationsOver(idsOf(rules), ports) : [];
  const kept = before.flatMap(({ ruleId, firing }) => (firing ? [ruleId] : []));
  const ids = new Set([...idsOf(rules), ...correlations, ...firedOf(decision?.detections ?? []), ...kept]);
  return { ...work, rules: [...ids].filter((id) => isWanted(id, work, ports)), matched: all };
}

/**
 * Parks all work that is left, in one call.
 *
 * @param isRetry whether the queue keeps the work where this fails, so that nothing is lost. @default false
 * @returns whether all of it is parked
 */
export async function parkLeft(left: readonly LeftWork[], { ports, budget }: Run, isRetry = false): Promise<boolean> {
  if (left.length === 0) return true;
  const observeEach = (observation: { kind: "workParked" } | { kind: "workLost"; error: unknown }) => {
    for (const { work, error } of left) {
      const { followUp, waiting } = work;
      ports.observe({ subject: subjectOf(work), followUp, reason: waiting?.reason ?? null, error, ...observation });
    }
  };
  try {
    const parked = left.map((each) => ({ ...each, work: keepValues(each.work, ports) }));
    await ports.measure("Parking", () => within(budget.parking, ports.parkWork(parked, budget.parking)));
    observeEach({ kind: "workParked" });
    return true;
  } catch (error) {
    if (!isRetry) observeEach({ kind: "workLost", error });
    return false;
  }
}

/** Whether all malformed events of a delivery are parked. */
export async function parkMalformed(delivery: Delivery, { ports, budget }: Run): Promise<boolean> {
  const count = delivery.malformed.length;
  if (count === 0) return true;
  const subject = subjectOfWhole(delivery);
  try {
    await within(budget.parking, ports.parkMalformed(delivery.malformed, delivery, budget.parking));
    ports.observe({ kind: "malformedParked", subject, count });
    return true;
  } catch (error) {
    ports.observe({ kind: "malformedFailed", subject, count, error });
    return false;
  }
}
