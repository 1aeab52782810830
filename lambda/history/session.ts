import { within } from "../budget.ts";
import type { LogEvent } from "../okta/log-event.ts";
import { networkKey } from "../okta/network-key.ts";
import { forget, sightingOf, type UserState, unknownUser } from "./history.ts";
import {
  candidateOf,
  isSuppressible,
  newWindow,
  type Suppression,
  type SuppressionWindow,
  suppress,
  type UserStates,
} from "./suppression.ts";

/** One session of a user, on the store of what is remembered of users. Every method rejects when it cannot be reached. */
export interface Session {
  /** The key that its user is remembered by. */
  readonly user: string;
  /** Whether it may be held back, or hold others back. */
  readonly isSuppressible: boolean;
  /** Opens its window before anything is known of its user; null where another is in the way. */
  readonly open: (detections: readonly string[], signal: AbortSignal) => Promise<SuppressionWindow | null>;
  /** Holds it back, or opens its window, by what is known of its user. */
  readonly suppress: (detections: readonly string[], state: UserState, signal: AbortSignal) => Promise<Suppression>;
  /**
   * Remembers it, and ends its window.
   *
   * @param ended see {@link UserStates.record}
   * @param state what is known of its user: what is too old, or too much, is forgotten
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
  user: string,
  key: string,
  followUp: boolean,
  { states, suppressMinutes, now }: SessionSettings,
): Session {
  const network = networkKey(event) ?? "";
  // A test is nothing that its user did.
  const sighting = event.isTest || followUp ? null : sightingOf(event, now);
  return {
    user,
    isSuppressible: suppressMinutes > 0 && !followUp && isSuppressible(event),
    async open(detections, signal) {
      const window = newWindow(candidateOf(event, key, detections), now, suppressMinutes);
      return (await within(signal, states.open(user, network, "unknown", window, signal))) ? window : null;
    },
    suppress(detections, state, signal) {
      const candidate = candidateOf(event, key, detections);
      return suppress(states, { user, network, candidate, state, sighting, suppressMinutes, now }, signal);
    },
    async record(ended, state, signal) {
      if (sighting === null && ended === null) return;
      const memory = { sighting, forgotten: forget(state, network, now) };
      await within(signal, states.record(user, network, ended, memory, signal));
    },
    async close(opened, signal) {
      const memory = { sighting: null, forgotten: forget(unknownUser, network, now) };
      await within(signal, states.record(user, network, { ...opened, until: 0 }, memory, signal));
    },
  };
}
