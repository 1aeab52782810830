import { reopenGroups } from "../correlation/reopen-groups.ts";
import { type Exception, except, exceptionSubject } from "../exceptions/exception.ts";
import { personKeys } from "../okta/person.ts";
import { share, within } from "../time/budget.ts";
import { firedOf } from "./correlations.ts";
import { delayReasons } from "./delay-reason.ts";
import type { Result } from "./result.ts";
import type { ClaimedEvent, Decision, Run } from "./stages.ts";

/** The detections that no exception covers. */
export interface Alertable {
  readonly kind: "alertable";
  /** At least one. */
  readonly left: Decision["detections"];
  /** The exceptions that cover others of the event's detections. */
  readonly by: readonly Exception[];
}

/** Removes the detections that exceptions cover. */
export function exceptDetections(
  { work: { event }, decision: { detections }, findings, subject }: ClaimedEvent,
  { ports }: Run,
): Alertable | Extract<Result, { readonly kind: "excepted" }> {
  ports.observe({ kind: "matched", subject });
  const asked = exceptionSubject(event, personKeys(event));
  const { left, by } = except(detections, findings?.exceptions ?? [], asked, ports.now());
  if (by.length > 0) ports.observe({ kind: "excepted", subject, by, whole: left.length === 0 });
  return left.length === 0 ? { kind: "excepted", by } : { kind: "alertable", left, by };
}

/**
 * Takes back the firings that exceptions cover, so that the group is not silent: what an attacker does next in the same session
 * is alerted on. Where a group cannot be written, its correlations are undecided again: a follow-up decides them, and takes
 * their firings back.
 *
 * @returns the event without the correlations that are undecided again
 * @throws where such a follow-up cannot take them back, and nothing else is alerted on: it is tried again
 */
export async function reopenExcepted(
  event: ClaimedEvent,
  left: Decision["detections"],
  { ports, budget }: Run,
): Promise<ClaimedEvent> {
  const { work, decision, correlated } = event;
  const { detections } = decision;
  const alerted = new Set(firedOf(left));
  const covered = new Set(firedOf(detections).filter((id) => !alerted.has(id)));
  if (covered.size === 0) return event;
  const found = (await correlated).get(work.event.uuid)?.firings ?? [];
  const firings = found.filter(({ correlation }) => covered.has(correlation.id));
  const signal = share(budget.parking, budget.steps.complete);
  try {
    await within(signal, reopenGroups(firings, ports.groups, signal));
    for (const { correlation } of firings) covered.delete(correlation.id);
  } catch (error) {
    if (work.followUp && left.length === 0) throw error;
  }
  if (covered.size === 0 || work.followUp) return event;
  const undecided = [...new Set([...decision.undecided, ...covered])];
  return {
    ...event,
    decision: {
      ...decision,
      detections: detections.filter(({ rule }) => !covered.has(rule.id)),
      undecided,
      undecidedReason: decision.undecided.length > 0 ? decision.undecidedReason : delayReasons.correlationUndecided,
    },
  };
}
