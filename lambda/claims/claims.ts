/** What stands in the way of a claim. */
export type Claim =
  /** The work is ours to do, and to complete or release. */
  | { readonly kind: "claimed" }
  /** Somebody did it. `undecided` are the rules that could not be decided then. */
  | { readonly kind: "done"; readonly undecided: readonly string[] }
  /** Somebody is at it, or was stopped at it a moment ago. */
  | { readonly kind: "underWay" };

/** Who alerts on what: so that an event is alerted on once, however often it is delivered or tried. */
export interface Claims {
  /**
   * Claims a piece of work.
   *
   * @throws when the store cannot be asked: then it could be a duplicate
   */
  claim(key: string, signal: AbortSignal): Promise<Claim>;
  /** Records that claimed work is done, for seven days. */
  complete(key: string, undecided: readonly string[], signal: AbortSignal): Promise<void>;
  /** Gives claimed work back that could not be done. */
  release(key: string, signal: AbortSignal): Promise<void>;
}
