import { endOf, nothingSuppressed, type SuppressionWindow, unreported } from "../history/suppression-window.ts";
import type { Verdict } from "../history/verdict.ts";
import { waiting } from "../time/budget.ts";
import type { Fingerprint } from "./fingerprint.ts";

/** Longer than any function works on one alert, in milliseconds: a function that has not recorded it by then was stopped. */
export const leaseMilliseconds = waiting.lease;

/**
 * The window of an alert that no other stands in the way of.
 *
 * @param incident the id of the alert's incident. @default null, it has none
 */
export function newWindow(
  fingerprint: Fingerprint,
  id: string,
  now: Date,
  suppressMinutes: number,
  incident: string | null = null,
): SuppressionWindow {
  const openedAt = now.getTime();
  const until = openedAt + suppressMinutes * 60_000;
  return { fingerprint, id, openedAt, until, published: false, suppressed: 0, incident, reported: nothingSuppressed };
}

/**
 * What a window means for a session start of its fingerprint: it is suppressed; it waits, as the alert in whose window it is
 * may still fail; or it is alerted on, in a window of its own.
 */
export type Judgement =
  | { readonly kind: "suppress" | "wait" }
  | { readonly kind: "alert"; readonly window: SuppressionWindow };

/**
 * Judges a session start by the window of its fingerprint.
 *
 * @param window null for none
 * @param opened the window that it would open
 * @param attack the last true positive of its person, which ends the windows from before it: an attacker who comes back is
 *   news. @default null, none
 */
export function judgeWindow(
  window: SuppressionWindow | null,
  opened: SuppressionWindow,
  attack: Verdict | null = null,
): Judgement {
  const time = opened.openedAt;
  // A window that is opened later than any clock of ours says is none of ours.
  const isPast = window !== null && window.openedAt <= time + leaseMilliseconds;
  if (isPast && window.id !== opened.id && time < endOf(window)) {
    const isJudged = attack !== null && Date.parse(attack.at) > window.openedAt;
    if (window.published && !isJudged) return { kind: "suppress" };
    if (!window.published && time < window.openedAt + leaseMilliseconds) return { kind: "wait" };
  }
  return { kind: "alert", window: { ...opened, reported: unreported(window) } };
}
