import type { NetworkKind } from "../okta/network-service.ts";

/** The time in which further sessions of a user on one network are held back, after an alert about one. */
export interface SuppressionWindow {
  /** The key of the claim of whoever opened it: its own retry is never held back by it. */
  readonly id: string;
  /** Milliseconds since 1970, like `until`. */
  readonly openedAt: number;
  readonly until: number;
  /**
   * Whether the alert that opened it is out. Until then it holds nothing back, as an exception may still cover that alert;
   * it keeps others waiting, for {@link leaseMilliseconds} at most.
   */
  readonly published: boolean;
  /** Ids of the detections that were alerted on in it. */
  readonly detections: readonly string[];
  /** The worst kind of anonymous network in it; null where none is named. */
  readonly kind: NetworkKind | null;
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
