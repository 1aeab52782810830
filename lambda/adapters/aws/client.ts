/** How an SDK client is set up, as far as a function's pace decides. */
export interface ClientSettings {
  readonly maxAttempts: number;
  readonly retryMode: "standard";
  /** Milliseconds. */
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: true;
  };
}

/**
 * What every SDK client is set up with. Each attempt is cut off early enough for another one, in the standard retry mode
 * (exponential backoff with jitter); the signal that every call carries ends them all when the budget does.
 */
export const clientDefaults: ClientSettings = {
  maxAttempts: 3,
  retryMode: "standard",
  requestHandler: { connectionTimeout: 300, requestTimeout: 700, throwOnRequestTimeout: true },
};

/** The same for a function that nothing waits for: an attempt may take as long as its step. */
export const waitingClient: ClientSettings = {
  ...clientDefaults,
  requestHandler: { connectionTimeout: 1_500, requestTimeout: 30_000, throwOnRequestTimeout: true },
};

/** Makes a value when it is first asked for, and once. A failure is not kept: the next call tries again. */
export function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
