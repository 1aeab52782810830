import type { LogEvent } from "../okta/log-event.ts";
import type { SessionPart } from "../session-start/session-change.ts";
import { UNKNOWN } from "../sigma/field.ts";
import type { ChosenTravel } from "../travel/travel.ts";

/** The travel of an event's person: null where there is no other place to compare with, UNKNOWN where a store did not answer. */
export type KnownTravel = ChosenTravel | null | typeof UNKNOWN;

/** Travels by the uuid of the event. */
export type Travels = ReadonlyMap<string, KnownTravel>;

/** What differs from the session's start: null where the session or its start is not known, UNKNOWN where a store did not answer. */
export type KnownChange = readonly SessionPart[] | null | typeof UNKNOWN;

/** What differs from the sessions' starts, by the uuid of the event. */
export type SessionChanges = ReadonlyMap<string, KnownChange>;

/** What an event is compared with: other events of its person and of its session. UNKNOWN where no rule asks for it. */
export interface Compared {
  readonly travel: KnownTravel;
  readonly changed: KnownChange;
}

/** What the events of a delivery are compared with. */
export interface Comparisons {
  /** Of the events of which a rule asks for the travel. */
  readonly travels: Travels;
  /** Of the events of which a rule asks for the change of the session. */
  readonly changes: SessionChanges;
}

/** What a candidate is compared with; unknown where no rule asks for it. */
export function comparedOf({ travels, changes }: Comparisons, { event }: { readonly event: LogEvent }): Compared {
  return { travel: known(travels.get(event.uuid)), changed: known(changes.get(event.uuid)) };
}

function known<Value>(found: Value | undefined): Value | typeof UNKNOWN {
  return found === undefined ? UNKNOWN : found;
}
