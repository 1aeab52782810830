import { isHookEligible } from "../okta/hook-eligible-event-types.ts";
import type { LogEvent } from "../okta/log-event.ts";
import { delayReasons } from "../pipeline/delay-reason.ts";
import type { Observation } from "../pipeline/observation.ts";
import type { Found } from "./reconcile.ts";

/**
 * What an observation counts as. An event counts as missed or late where the hook could have delivered it, and
 * nothing but its own alert depends on it: what only completes a correlation says nothing about the hook.
 *
 * @returns null where it counts as nothing
 */
export function countsAs(
  observation: Observation,
  foundAs: (event: Pick<LogEvent, "uuid">) => Found,
): Exclude<Found, "known"> | null {
  const [event] = observation.subject.events;
  if (event === undefined) return null;
  const found = foundAs(event);
  if (found === "known") {
    // The correlation that fires for an event which is alerted on already is left to a follow-up.
    const isFollowUp = observation.kind === "workParked" && observation.followUp;
    return isFollowUp && observation.reason === delayReasons.undecidedBefore ? "correlated" : null;
  }
  if (found === "correlated") return isDone(observation) ? "correlated" : null;
  if (!isHookEligible(event.eventType)) return null;
  if (!isDone(observation) && !(observation.kind === "workParked" && !observation.followUp)) return null;
  return found;
}

/** Whether an event is alerted on, suppressed or excepted, as the observation says. */
export function isDone(observation: Observation): boolean {
  const { kind } = observation;
  return kind === "alertPublished" || kind === "suppressed" || (kind === "excepted" && observation.whole);
}
