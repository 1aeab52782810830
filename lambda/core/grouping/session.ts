import { networkAndCountry, sightingOf, type UserState, unknownUser } from "../history/history.ts";
import { remember } from "../history/remember.ts";
import type { SuppressionWindow } from "../history/suppression-window.ts";
import type { RememberedUser } from "../history/user-key.ts";
import type { UserStates } from "../history/user-states.ts";
import type { LogEvent } from "../okta/log-event.ts";
import { within } from "../time/budget.ts";
import { candidateOf, isSuppressible, newWindow, type Suppression, suppress } from "./suppression.ts";

/** One session of a user, on the store of what is remembered of users. Every method rejects when it cannot be reached. */
export interface Session {
  /** What its user is remembered by. */
  readonly user: RememberedUser;
  /** Whether it may be held back, or hold others back: never where its network is not known. */
  readonly isSuppressible: boolean;
  /** Opens its window before anything is known of its user; null where another is in the way. */
  readonly open: (detections: readonly string[], signal: AbortSignal) => Promise<SuppressionWindow | null>;
  /**
   * Holds it back, or opens its window, by what is remembered under the key that is written; null where its network is not
   * known.
   */
  readonly suppress: (
    detections: readonly string[],
    state: UserState,
    signal: AbortSignal,
  ) => Promise<Suppression | null>;
  /**
   * Remembers it, and ends its window.
   *
   * @param ended see {@link UserStates.record}
   * @param state what is remembered under the key that is written: what of it is too old, or too much, is forgotten
   */
  readonly record: (ended: SuppressionWindow | null, state: UserState, signal: AbortSignal) => Promise<void>;
  /** Ends its window as if it had never been. */
  readonly close: (opened: SuppressionWindow, signal: AbortSignal) => Promise<void>;
}

/** Where a session is remembered, and how. */
export interface SessionSettings {
  readonly states: UserStates;
  /** Minutes in which further sessions are held back; 0 for none. */
  readonly suppressMinutes: number;
  readonly now: Date;
}

/**
 * The session of an event's user.
 *
 * @param key the key of the claim on it
 * @param followUp whether it was alerted on, and remembered, already
 */
export function createSession(
  event: LogEvent,
  user: RememberedUser,
  key: string,
  followUp: boolean,
  { states, suppressMinutes, now }: SessionSettings,
): Session {
  const network = networkAndCountry(event);
  // A test is nothing that its user did.
  const sighting = event.isTest || followUp ? null : sightingOf(event, now);
  return {
    user,
    isSuppressible: suppressMinutes > 0 && !followUp && network !== null && isSuppressible(event),
    async open(detections, signal) {
      if (network === null) return null;
      const window = newWindow(candidateOf(event, key, detections), now, suppressMinutes);
      return (await within(signal, states.open(user.key, network, "unknown", window, signal))) ? window : null;
    },
    async suppress(detections, state, signal) {
      if (network === null) return null;
      const candidate = candidateOf(event, key, detections);
      const source = { user: user.key, network, candidate, state, sighting, suppressMinutes, now };
      return suppress(states, source, signal);
    },
    async record(ended, state, signal) {
      if (sighting === null && ended === null) return;
      const change = remember(state, network, sighting, now);
      await within(signal, states.record(user.key, network, ended, change, signal));
    },
    async close(opened, signal) {
      const change = remember(unknownUser, network, null, now);
      await within(signal, states.record(user.key, network, { ...opened, until: 0 }, change, signal));
    },
  };
}
