/** What stands in the way of a claim. */
export type Claim =
  /** The work is ours to do, and to complete or release. */
  | {
      readonly kind: "claimed";
      /**
       * Earlier claims on it that ended without its being known whether its alert was published: released as such, or never
       * released, as the function was stopped.
       */
      readonly unconfirmed: number;
    }
  /** The work is done. */
  | { readonly kind: "done"; readonly end: ClaimResult }
  /** A function works on it, or was stopped a moment ago: until then, as far as that is known. */
  | { readonly kind: "inProgress"; readonly until: Date | null };

/** How a piece of work ended. */
export interface ClaimResult {
  /**
   * Published; not published, as exceptions cover it; suppressed, as its user was alerted on a moment before; or on the
   * dead-letter queue, as its alert may have been published too often.
   */
  readonly outcome: "alerted" | "excepted" | "suppressed" | "deadLettered";
  /** Ids of the rules that could not be decided then. */
  readonly undecided: readonly string[];
  /** Ids of all exceptions that covered it, or some of its detections. */
  readonly exceptions: readonly string[];
}

export type { ClaimResult as End };

/** How a claim is made. */
export interface ClaimOptions {
  /** Milliseconds until it expires when it is neither completed nor released: longer than the work may take. */
  readonly lease: number;
  /** Whether work that was dead-lettered may be claimed anew, as an operator asks for it. @default false */
  readonly again?: boolean;
}

/** Who alerts on what: so that an event is alerted on once, however often it is delivered or tried. */
export interface Claims {
  /**
   * Claims a piece of work.
   *
   * @throws when the store cannot be asked: then it could be a duplicate
   */
  claim(key: string, options: ClaimOptions, signal: AbortSignal): Promise<Claim>;
  /** Records how claimed work ended, for seven days. */
  complete(key: string, end: ClaimResult, signal: AbortSignal): Promise<void>;
  /**
   * Releases claimed work that could not be done.
   *
   * @param unconfirmed claims on it, this one included, of which it is not known whether its alert was published
   */
  release(key: string, unconfirmed: number, signal: AbortSignal): Promise<void>;
  /** What there is on a key, without claiming it; null for nothing. */
  find(key: string, signal: AbortSignal): Promise<Exclude<Claim, { readonly kind: "claimed" }> | null>;
}
