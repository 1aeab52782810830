/** The settings of an SDK client that depend on a function's pace. */
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
 * The settings of every SDK client. Each attempt times out early enough for another one, in the standard retry mode
 * (exponential backoff with jitter); the signal that every call carries ends all attempts with the budget.
 */
export const clientDefaults: ClientSettings = {
  maxAttempts: 3,
  retryMode: "standard",
  requestHandler: { connectionTimeout: 300, requestTimeout: 700, throwOnRequestTimeout: true },
};

/** The settings for functions whose callers do not wait: an attempt may take as long as its step. */
export const waitingClient: ClientSettings = {
  ...clientDefaults,
  requestHandler: { connectionTimeout: 1_500, requestTimeout: 30_000, throwOnRequestTimeout: true },
};

/** Makes a value once, on first use. A failure is not cached: the next call tries again. */
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
