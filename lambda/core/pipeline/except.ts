import { reopenGroups } from "../correlation/reopen-groups.ts";
import { type Exception, except, exceptionSubject } from "../exceptions/exception.ts";
import { personKeys } from "../okta/person.ts";
import { share, within } from "../time/budget.ts";
import { bestEffort } from "./close-window.ts";
import { firedOf } from "./correlations.ts";
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
 * is alerted on. Best effort: a group that cannot be written stays silent until its next span.
 */
export async function reopenExcepted(
  { work: { event }, decision: { detections }, correlated }: ClaimedEvent,
  left: Decision["detections"],
  { ports, budget }: Run,
): Promise<void> {
  const alerted = new Set(firedOf(left));
  const covered = new Set(firedOf(detections).filter((id) => !alerted.has(id)));
  if (covered.size === 0) return;
  const found = (await correlated).get(event.uuid)?.firings ?? [];
  const firings = found.filter(({ correlation }) => covered.has(correlation.id));
  const signal = share(budget.parking, budget.steps.complete);
  await bestEffort(within(signal, reopenGroups(firings, ports.groups, signal)));
}
