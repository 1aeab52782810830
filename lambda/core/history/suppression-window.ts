/** The time in which session starts that are the same news as one alert are suppressed. */
export interface SuppressionWindow {
  /** What the session starts have in common: see `core/grouping/fingerprint.ts`. */
  readonly fingerprint: string;
  /** The key of the claim that opened it: its own retry is never suppressed by it. */
  readonly id: string;
  /** Milliseconds since 1970, like `until`. */
  readonly openedAt: number;
  readonly until: number;
  /**
   * Whether the alert that opened it is published. Until then it suppresses nothing, as an exception may still cover that
   * alert; it keeps others waiting, for the lease of `waiting` at most.
   */
  readonly published: boolean;
  /** Session starts that it suppressed. */
  readonly suppressed: number;
  /** The incident of the alert that opened it, which its report belongs to; null for a window of an earlier release. */
  readonly incident: string | null;
  /** What its own alert reports: session starts that were suppressed before it. */
  readonly reported: Suppressed;
}

/** Session starts that were suppressed, and since when. */
export interface Suppressed {
  readonly count: number;
  /** ISO 8601, UTC; null when there are none. */
  readonly since: string | null;
}

/** Nothing was suppressed. */
export const nothingSuppressed: Suppressed = { count: 0, since: null };

/** What the next alert reports: all that a window suppressed, and what its own alert would have reported. */
export function unreported(window: SuppressionWindow | null): Suppressed {
  if (window === null) return nothingSuppressed;
  const before = window.published ? nothingSuppressed : window.reported;
  const count = before.count + window.suppressed;
  return { count, since: count === 0 ? null : (before.since ?? new Date(window.openedAt).toISOString()) };
}

/** Whether a window is over by this time (milliseconds since 1970) and left nothing to report. */
export function isOver(window: SuppressionWindow, time: number): boolean {
  return window.until <= time && unreported(window).count === 0;
}
