import type { NetworkKey, UserState } from "../history/history.ts";
import { keepWindow, remember } from "../history/remember.ts";
import type { RememberedSession } from "../history/remembered-session.ts";
import type { SuppressionWindow } from "../history/suppression-window.ts";
import type { UserKey } from "../history/user-key.ts";
import type { UserStates } from "../history/user-states.ts";
import { lastTruePositive } from "../history/verdict.ts";
import { pause, within } from "../time/budget.ts";
import { judgeWindow } from "./window.ts";

/** What becomes of an alert that is due. */
export type Suppression =
  /** It counts in this window. */
  | { readonly kind: "suppressed"; readonly window: SuppressionWindow }
  /** The alert that may suppress it was still in progress at the end of the step. */
  | { readonly kind: "waiting" }
  | { readonly kind: "alert"; readonly opened: SuppressionWindow };

/** A session start that an alert is due about. */
export interface DueAlert {
  readonly user: UserKey;
  /** The window that its alert would open. */
  readonly window: SuppressionWindow;
  /** What was read of the user; may be old. */
  readonly state: UserState;
  /** The network that the session is remembered under; null where Okta does not tell it. */
  readonly network: NetworkKey | null;
  /** What is remembered of the session; null for nothing. */
  readonly session: RememberedSession | null;
  readonly now: Date;
}

/** Rounds that are lost to others before the alert goes out without a window. */
const maximumRounds = 6;

/**
 * Pauses while another alert is in progress, which takes two calls: each twice as long as the last. The step's time ends them,
 * never a count of pauses beside it.
 */
const pauses = { firstMilliseconds: 1, longestMilliseconds: 500 } as const;

/**
 * Suppresses a session start, or opens a window and lets it be alerted on: exactly one of those that come at once.
 *
 * @param signal ends the step; where the store has answered that another alert is in progress, the outcome is then to wait
 * @throws when the store cannot be reached: then the alert goes out
 */
export async function suppress(states: UserStates, due: DueAlert, signal: AbortSignal): Promise<Suppression> {
  const { user, window, network, session, now } = due;
  let { state } = due;
  let pauseMilliseconds: number = pauses.firstMilliseconds;
  for (let round = 0; round < maximumRounds; ) {
    const seen = state.windows.get(window.fingerprint) ?? null;
    const verdict = judgeWindow(seen, window, lastTruePositive(state.verdicts));
    if (verdict.kind === "wait") {
      try {
        await pause(pauseMilliseconds, signal);
        state = await within(signal, states.read(user, signal));
      } catch (error) {
        if (signal.aborted) return { kind: "waiting" };
        throw error;
      }
      pauseMilliseconds = Math.min(2 * pauseMilliseconds, pauses.longestMilliseconds);
      continue;
    }
    round += 1;
    if (verdict.kind === "alert") {
      const opened = verdict.window;
      if (await within(signal, states.open(user, seen, opened, signal))) return { kind: "alert", opened };
    } else if (seen !== null) {
      const change = keepWindow(remember(state, network, session, now), seen.fingerprint);
      const suppressed = await within(signal, states.suppress(user, seen, change, signal));
      if (suppressed !== null) return { kind: "suppressed", window: { ...seen, suppressed } };
    }
    state = await within(signal, states.read(user, signal));
  }
  throw new Error(`others changed what is remembered of the user ${maximumRounds} times meanwhile`);
}
