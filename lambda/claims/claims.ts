/** What stands in the way of a claim. */
export type Claim =
  /** The work is ours to do, and to complete or release. */
  | { readonly kind: "claimed" }
  /** Somebody did it. */
  | { readonly kind: "done"; readonly end: End }
  /** Somebody is at it, or was stopped at it a moment ago. */
  | { readonly kind: "underWay" };

/** How a piece of work ended. */
export interface End {
  /** Published; not published, as exceptions cover it; or held back, as its user was alerted on a moment before. */
  readonly outcome: "alerted" | "excepted" | "suppressed";
  /** Ids of the rules that could not be decided then. */
  readonly undecided: readonly string[];
  /** Ids of the exceptions that covered it, or some of its detections. */
  readonly exceptions: readonly string[];
}

/** Who alerts on what: so that an event is alerted on once, however often it is delivered or tried. */
export interface Claims {
  /**
   * Claims a piece of work.
   *
   * @throws when the store cannot be asked: then it could be a duplicate
   */
  claim(key: string, signal: AbortSignal): Promise<Claim>;
  /** Records how claimed work ended, for seven days. */
  complete(key: string, end: End, signal: AbortSignal): Promise<void>;
  /** Gives claimed work back that could not be done. */
  release(key: string, signal: AbortSignal): Promise<void>;
  /** What there is on a key, without claiming it; null for nothing. */
  find(key: string, signal: AbortSignal): Promise<Exclude<Claim, { readonly kind: "claimed" }> | null>;
}
