/** The answer to a claim. */
export type Claim =
  /** The caller has the claim, and has to complete or release it. */
  | {
      readonly kind: "claimed";
      /**
       * Earlier claims that ended without an answer of the topic: released as unconfirmed, or never released, as the
       * function was stopped.
       */
      readonly unconfirmed: number;
    }
  /** The work is done. */
  | { readonly kind: "done"; readonly end: ClaimResult }
  /** Another function works on it, or was stopped: its claim expires at `until`, where that is known. */
  | { readonly kind: "inProgress"; readonly until: Date | null };

/** The result of claimed work. */
export interface ClaimResult {
  /**
   * The alert was published; exceptions cover it; an earlier alert suppresses it; an alert about many persons reports it;
   * or it is on the dead-letter queue, as it may have been published too often.
   */
  readonly outcome: "alerted" | "excepted" | "suppressed" | "inStorm" | "gathered" | "deadLettered";
  /** Ids of the rules that could not be decided. */
  readonly undecided: readonly string[];
  /** Ids of all exceptions that covered any of its detections. */
  readonly exceptions: readonly string[];
  /** Ids of the correlations that fired for it. @default none */
  readonly correlations?: readonly string[];
}

/** Options of a claim. */
export interface ClaimOptions {
  /** Milliseconds until an open claim expires: longer than the work may take. */
  readonly lease: number;
  /** Whether dead-lettered work may be claimed again, as an operator's redrive does. @default false */
  readonly again?: boolean;
}

/** Claims on work: an event is alerted on once, however often it is delivered or tried. */
export interface Claims {
  /**
   * Claims a piece of work.
   *
   * @throws when the store does not answer: the alert may then be a duplicate
   */
  claim(key: string, options: ClaimOptions, signal: AbortSignal): Promise<Claim>;
  /** Records the result of claimed work, for seven days. */
  complete(key: string, end: ClaimResult, signal: AbortSignal): Promise<void>;
  /**
   * Releases the claim on unfinished work.
   *
   * @param unconfirmed claims on it, this one included, whose publish had no answer
   */
  release(key: string, unconfirmed: number, signal: AbortSignal): Promise<void>;
  /** Reads the claim on a key; null for none. */
  find(key: string, signal: AbortSignal): Promise<Exclude<Claim, { readonly kind: "claimed" }> | null>;
}
