import type { NetworkKey, Sighting, UserState } from "../history/history.ts";
import { remember } from "../history/remember.ts";
import type { HeldBack, SuppressionWindow } from "../history/suppression-window.ts";
import type { UserKey } from "../history/user-key.ts";
import type { UserStates } from "../history/user-states.ts";
import { anonymousNetwork } from "../okta/anonymous-network.ts";
import { rankOf } from "../okta/exit-node.ts";
import { type LogEvent, sessionStart } from "../okta/log-event.ts";
import type { NetworkKind } from "../okta/network-service.ts";
import { gotIn } from "../okta/outcome.ts";
import { pause, waiting, within } from "../time/budget.ts";

/** Longer than any function works on one alert: one that has not recorded it by then was stopped. */
export const leaseMilliseconds = waiting.lease;

const none: HeldBack = { count: 0, since: null };

/** A session that an alert is wanted about. */
export interface Candidate {
  /** The key of its claim. */
  readonly id: string;
  readonly detections: readonly string[];
  readonly kind: NetworkKind | null;
  readonly gotIn: boolean;
}

/**
 * What a window means for a candidate: it is held back, or alerted on in a window of its own; or it has to wait, as an alert
 * is under way that may hold it back.
 */
export type Verdict =
  | { readonly kind: "hold" | "wait" }
  | { readonly kind: "alert"; readonly window: SuppressionWindow };

/** The window of a candidate that no other stands in the way of. */
export function newWindow(candidate: Candidate, now: Date, suppressMinutes: number): SuppressionWindow {
  const { id, detections, kind, gotIn: isIn } = candidate;
  const openedAt = now.getTime();
  const until = openedAt + suppressMinutes * 60_000;
  return { id, openedAt, until, published: false, detections, kind, gotIn: isIn, heldBack: 0, told: none };
}

/**
 * Judges whether a session is held back: by a window that is open, unless it shows something that the window's alerts did
 * not tell: a detection, a worse kind of proxy, success after failures.
 *
 * @param window what there is on the session's network; null for none
 */
export function judgeWindow(
  window: SuppressionWindow | null,
  candidate: Candidate,
  now: Date,
  suppressMinutes: number,
): Verdict {
  const { id, detections, kind } = candidate;
  const time = now.getTime();
  const end = window === null ? 0 : window.published ? window.until : window.openedAt + leaseMilliseconds;
  const open = window !== null && time < end && time < window.until ? window : null;
  if (open !== null && open.id !== id && rankOf(kind) <= rankOf(open.kind) && (open.gotIn || !candidate.gotIn)) {
    // What it will have told is not sure yet.
    if (!open.published) return { kind: "wait" };
    if (detections.every((each) => open.detections.includes(each))) return { kind: "hold" };
  }
  // Anyone can fail under a login. What an alert about a failure told lends nothing to a session that succeeds.
  const told = open?.published && (open.gotIn || !candidate.gotIn) ? open : null;
  return {
    kind: "alert",
    window: {
      ...newWindow(candidate, now, suppressMinutes),
      detections: [...new Set([...(told?.detections ?? []), ...detections])],
      kind: told !== null && rankOf(told.kind) > rankOf(kind) ? told.kind : kind,
      gotIn: candidate.gotIn || (told?.gotIn ?? false),
      told: untold(window),
    },
  };
}

/** What the next alert has to tell: all that a window held back, and what its own alert would have told. */
function untold(window: SuppressionWindow | null): HeldBack {
  if (window === null) return none;
  const before = window.published ? none : window.told;
  const count = before.count + window.heldBack;
  return { count, since: count === 0 ? null : (before.since ?? new Date(window.openedAt).toISOString()) };
}

/** What becomes of an alert that is due. */
export type Suppression =
  | { readonly kind: "held" }
  /** The alert that may hold it back was still under way at the end of our patience. */
  | { readonly kind: "waiting" }
  | { readonly kind: "alert"; readonly heldBack: HeldBack; readonly opened: SuppressionWindow };

/** Whether further events like this are held back: each thing that is done after a sign-in is worth an alert. */
export function isSuppressible(event: LogEvent): boolean {
  return event.eventType === sessionStart && !event.isTest;
}

/** What windows are judged by, of an event that an alert is wanted about. */
export function candidateOf(event: LogEvent, id: string, detections: readonly string[]): Candidate {
  const [kind = null] = anonymousNetwork(event).kinds;
  return { id, detections, kind, gotIn: gotIn(event.fields.outcome?.result ?? null) };
}

/** Rounds that are lost to others before the alert goes out without a window. */
const maximumRounds = 6;

/**
 * Pauses while another alert is in progress, which takes two calls: each twice as long as the last. They go on as long as their
 * step does, so that what ends the waiting is the step's time, and never a count of pauses beside it.
 */
const pauses = { firstMilliseconds: 1, longestMilliseconds: 500 } as const;

/**
 * Holds a session back, or opens a window and lets it be alerted on: exactly one of those that come at once.
 *
 * @param state what was read of the user; may be old
 * @param signal ends the step; where the store has answered that another alert is in progress, the outcome is then to wait
 * @throws when the store cannot be reached: then the alert goes out
 */
export async function suppress(
  states: UserStates,
  source: {
    readonly user: UserKey;
    readonly network: NetworkKey;
    readonly candidate: Candidate;
    readonly state: UserState;
    readonly sighting: Sighting | null;
    readonly suppressMinutes: number;
    readonly now: Date;
  },
  signal: AbortSignal,
): Promise<Suppression> {
  const { user, network, candidate, sighting, suppressMinutes, now } = source;
  let { state } = source;
  let pauseMilliseconds: number = pauses.firstMilliseconds;
  for (let round = 0; round < maximumRounds; ) {
    const seen = state.windows.get(network) ?? null;
    const verdict = judgeWindow(seen, candidate, now, suppressMinutes);
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
      const { window } = verdict;
      if (await within(signal, states.open(user, network, seen, window, signal))) {
        return { kind: "alert", heldBack: window.told, opened: window };
      }
    } else if (seen !== null) {
      const change = remember(state, network, sighting, now);
      if (await within(signal, states.hold(user, network, seen, change, signal))) return { kind: "held" };
    }
    state = await within(signal, states.read(user, signal));
  }
  throw new Error(`others changed what is remembered of the user ${maximumRounds} times meanwhile`);
}
