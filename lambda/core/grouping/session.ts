import { networkAndCountry, rememberedSessionOf, type UserState, unknownUser } from "../history/history.ts";
import { keepWindow, remember } from "../history/remember.ts";
import type { SuppressionWindow } from "../history/suppression-window.ts";
import type { RememberedUser } from "../history/user-key.ts";
import type { UserStates } from "../history/user-states.ts";
import { type LogEvent, sessionStart } from "../okta/log-event.ts";
import { within } from "../time/budget.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { suppress } from "./suppress.ts";
import { newWindow } from "./window.ts";

/** One session start of a user, on the store of what is remembered of users. Every call rejects when it cannot be reached. */
export type Session = ReturnType<typeof createSession>;

/** Where a session is remembered, and how. */
export interface SessionSettings {
  readonly states: UserStates;
  /** Minutes in which further sessions are suppressed; 0 for none. */
  readonly suppressMinutes: number;
  /** The incident of its alert. */
  readonly incident: string;
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
  { states, suppressMinutes, incident, now }: SessionSettings,
) {
  const network = networkAndCountry(event);
  // A test is nothing that its user did.
  const session = event.isTest || followUp ? null : rememberedSessionOf(event, now);
  // Each thing that is done after a sign-in is worth an alert.
  const isSuppressible = suppressMinutes > 0 && !followUp && !event.isTest && event.eventType === sessionStart;
  return {
    /** The keys that its user is remembered under. */
    user,
    /** The window that an alert about these detections opens; null for what is never suppressed. */
    windowFor(detections: readonly string[]): SuppressionWindow | null {
      const fingerprint = isSuppressible ? fingerprintOf(event, detections) : null;
      return fingerprint === null ? null : newWindow(fingerprint, key, now, suppressMinutes, incident);
    },
    /** Opens a window before anything is known of the user; false where another is in the way. */
    open: (window: SuppressionWindow, signal: AbortSignal) =>
      within(signal, states.open(user.key, "unknown", window, signal)),
    /** Suppresses it, or opens the window, by what is remembered under the key that is written. */
    suppress: (window: SuppressionWindow, state: UserState, signal: AbortSignal) =>
      suppress(states, { user: user.key, window, state, network, session, now }, signal),
    /**
     * Remembers it, and ends its window.
     *
     * @param ended see {@link UserStates.record}
     * @param state what is remembered under the key that is written: what of it is too old, or too much, is forgotten
     */
    async record(ended: SuppressionWindow | null, state: UserState, signal: AbortSignal): Promise<void> {
      if (session === null && ended === null) return;
      const change = keepWindow(remember(state, network, session, now), ended?.fingerprint ?? null);
      await within(signal, states.record(user.key, ended, change, signal));
    },
    /** Ends its window as if it had never been. */
    async close(opened: SuppressionWindow, signal: AbortSignal): Promise<void> {
      const change = remember(unknownUser, network, null, now);
      await within(signal, states.record(user.key, { ...opened, until: 0 }, change, signal));
    },
  };
}
