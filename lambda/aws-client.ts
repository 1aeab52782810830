/**
 * What every SDK client is set up with: one hanging service must not use up the three seconds that Okta waits. Two
 * attempts, each cut off, leave room for another step.
 */
export const clientDefaults = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
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
