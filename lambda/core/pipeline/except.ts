import { type Exception, except, exceptionSubject } from "../exceptions/exception.ts";
import { personKeys } from "../okta/person.ts";
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
