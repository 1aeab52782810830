import { within } from "../budget.ts";
import { exitNode, type ProxyKind, proxyKind, rankOf } from "../okta/exit-node.ts";
import { type LogEvent, sessionStart } from "../okta/log-event.ts";
import { gotIn } from "../okta/outcome.ts";
import { type Forgotten, forget, type NetworkKey, networkKey, type Sighting, type UserState } from "./history.ts";

/** The time in which further sessions of a user on one network are held back, after an alert about one. */
export interface SuppressionWindow {
  /** The key of the claim of whoever opened it: its own retry is never held back by it. */
  readonly id: string;
  /** Milliseconds since 1970, like `until`. */
  readonly openedAt: number;
  readonly until: number;
  /** Whether the alert that opened it is out. Until then it holds back for {@link leaseMilliseconds} only. */
  readonly published: boolean;
  /** Ids of the detections that were alerted on in it. */
  readonly detections: readonly string[];
  /** The worst kind of proxy in it. */
  readonly kind: ProxyKind;
  /** Whether a session in it got in. */
  readonly gotIn: boolean;
  /** Sessions that it held back. */
  readonly heldBack: number;
  /** What its own alert tells of: sessions that were held back before it, and since when (ISO 8601). */
  readonly told: HeldBack;
}

/** Sessions that were held back, and since when. */
export interface HeldBack {
  readonly count: number;
  /** ISO 8601, UTC; null when there are none. */
  readonly since: string | null;
}

/** Longer than anybody works on one alert: whoever has not published by then was stopped. */
export const leaseMilliseconds = 20_000;

const none: HeldBack = { count: 0, since: null };

/** A session that an alert is wanted about. */
export interface Candidate {
  /** The key of its claim. */
  readonly id: string;
  readonly detections: readonly string[];
  readonly kind: ProxyKind;
  readonly gotIn: boolean;
}

/** What a window means for a candidate: it is held back, or alerted on in a window of its own. */
export type Verdict = { readonly kind: "hold" } | { readonly kind: "alert"; readonly window: SuppressionWindow };

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
  if (
    open !== null &&
    open.id !== id &&
    detections.every((each) => open.detections.includes(each)) &&
    rankOf(kind) <= rankOf(open.kind) &&
    (open.gotIn || !candidate.gotIn)
  ) {
    return { kind: "hold" };
  }
  return {
    kind: "alert",
    window: {
      id,
      openedAt: time,
      until: time + suppressMinutes * 60_000,
      published: false,
      detections: [...new Set([...(open?.detections ?? []), ...detections])],
      kind: open !== null && rankOf(open.kind) > rankOf(kind) ? open.kind : kind,
      gotIn: candidate.gotIn || (open?.gotIn ?? false),
      heldBack: 0,
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

/** The store of what is remembered of users. Every method rejects when it cannot be reached. */
export interface UserStates {
  readonly read: (user: string, signal: AbortSignal) => Promise<UserState>;
  /** Puts a window in the place of the one that was seen; false when that is another by now. */
  readonly open: (
    user: string,
    network: NetworkKey,
    seen: SuppressionWindow | null,
    window: SuppressionWindow,
    signal: AbortSignal,
  ) => Promise<boolean>;
  /** Counts a session that a window held back, and remembers it; false when the window is another by now. */
  readonly hold: (
    user: string,
    network: NetworkKey,
    window: SuppressionWindow,
    memory: Memory,
    signal: AbortSignal,
  ) => Promise<boolean>;
  /** Remembers a session, and that the alert of this window is out. */
  readonly record: (
    user: string,
    network: NetworkKey,
    opened: SuppressionWindow | null,
    memory: Memory,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Ends a window whose alert could not be published: the next session is alerted on. */
  readonly close: (user: string, network: NetworkKey, opened: SuppressionWindow, signal: AbortSignal) => Promise<void>;
}

/** What is remembered, and what is forgotten for it. */
export interface Memory {
  /** Null when there is nothing to remember: of a follow-up it has been already. */
  readonly sighting: Sighting | null;
  readonly forgotten: Forgotten;
}

/** What becomes of an alert that is due. */
export type Suppression =
  | { readonly kind: "held" }
  | { readonly kind: "alert"; readonly heldBack: HeldBack; readonly opened: SuppressionWindow };

/** Whether further events like this are held back: each thing that is done after a sign-in is worth an alert. */
export function isSuppressible(event: LogEvent): boolean {
  return event.eventType === sessionStart && !event.isTest;
}

/** Rounds that are lost to others before the alert goes out without a window. */
const maximumRounds = 6;

/**
 * Holds a session back, or opens a window and lets it be alerted on: exactly one of those that come at once.
 *
 * @param state what was read of the user; may be old
 * @throws when the store cannot be reached: then the alert goes out
 */
export async function suppress(
  states: UserStates,
  source: {
    readonly event: LogEvent;
    readonly user: string;
    readonly candidate: Pick<Candidate, "id" | "detections">;
    readonly state: UserState;
    readonly sighting: Sighting | null;
    readonly suppressMinutes: number;
    readonly now: Date;
  },
  signal: AbortSignal,
): Promise<Suppression> {
  const { event, user, sighting, suppressMinutes, now } = source;
  const network = networkKey(event);
  const candidate: Candidate = {
    ...source.candidate,
    kind: proxyKind(exitNode(event).services),
    gotIn: gotIn(event.fields.outcome?.result ?? null),
  };
  let { state } = source;
  for (let round = 0; round < maximumRounds; round += 1) {
    const seen = state.windows.get(network) ?? null;
    const verdict = judgeWindow(seen, candidate, now, suppressMinutes);
    if (verdict.kind === "alert") {
      const { window } = verdict;
      if (await within(signal, states.open(user, network, seen, window, signal))) {
        return { kind: "alert", heldBack: window.told, opened: window };
      }
    } else if (seen !== null) {
      const memory = { sighting, forgotten: forget(state, network, now) };
      if (await within(signal, states.hold(user, network, seen, memory, signal))) return { kind: "held" };
    }
    state = await within(signal, states.read(user, signal));
  }
  throw new Error(`others changed what is remembered of the user ${maximumRounds} times meanwhile`);
}
