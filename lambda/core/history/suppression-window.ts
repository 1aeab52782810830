import * as v from "valibot";
import { finiteNumber } from "../values/stored.ts";

const suppressed = v.object({
  count: finiteNumber(),
  /** ISO 8601, UTC; null when there are none. */
  since: v.nullable(v.string()),
});

/** Session starts that were suppressed, and since when. */
export type Suppressed = Readonly<v.InferOutput<typeof suppressed>>;

/** A window in the form of the state table, under its fingerprint. */
export const storedWindow = v.object({
  /** The key of the claim that opened it: its own retry is never suppressed by it. */
  id: v.string(),
  /** Milliseconds since 1970, like `until`. */
  openedAt: finiteNumber(),
  until: finiteNumber(),
  /**
   * Whether the alert that opened it is published. Until then it suppresses nothing, as an exception may still cover that
   * alert; it keeps others waiting, for the lease of `waiting` at most.
   */
  published: v.boolean(),
  /**
   * Session starts that it suppressed. Windows of earlier releases have none: they suppress nothing any more, and are
   * removed when they are over.
   */
  suppressed: v.fallback(finiteNumber(), 0),
  /** The incident of the alert that opened it, which its report belongs to; null for a window of an earlier release. */
  incident: v.fallback(v.nullable(v.string()), null),
  /** What its own alert reports: session starts that were suppressed before it. */
  reported: v.fallback(suppressed, { count: 0, since: null }),
});

/** The time in which session starts that are the same news as one alert are suppressed. */
export type SuppressionWindow = Readonly<v.InferOutput<typeof storedWindow>> & {
  /** What the session starts have in common: see `core/grouping/fingerprint.ts`. */
  readonly fingerprint: string;
};

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
  return endOf(window) <= time && unreported(window).count === 0;
}

/** A day: the longest that a window lasts, whatever stands in the table (`maximumSuppressMinutes`), in milliseconds. */
const longestMilliseconds = 86_400_000;

/** When a window ends, in milliseconds since 1970. */
export function endOf({ openedAt, until }: Pick<SuppressionWindow, "openedAt" | "until">): number {
  return Math.min(until, openedAt + longestMilliseconds);
}
