import type { HookSecrets } from "../../core/hook-endpoint/authentication.ts";
import { within } from "../../core/time/budget.ts";
import type { FetchVersion } from "./secrets.ts";

/**
 * Seconds that fetched secrets are cached: every execution environment accepts a new version this long after it was put
 * into Secrets Manager. No request causes an earlier fetch, so that guesses cost no call.
 */
export const secretCacheSeconds = 120;

/** The shortest interval between fetches while the store is down. */
const retryIntervalMilliseconds = 10_000;

/** The longest wait of a request for a fetch while secrets are cached. */
export const patienceMilliseconds = 600;

/** One secret that does not change: for the embedded run. */
export function fixedSecret(secret: string): HookSecrets {
  return async () => [secret];
}

/**
 * The current and the previous version of a secret. While a fetch fails, the cached versions stay in use.
 *
 * @param fetchVersion fetches from the store
 * @param now milliseconds, from any origin
 * @param patience milliseconds that a request waits for secrets while it has some
 */
export function rotatingSecret(
  fetchVersion: FetchVersion,
  now: () => number,
  patience = patienceMilliseconds,
): HookSecrets {
  let last: readonly string[] | undefined;
  /** The next request after this time fetches the secrets again. */
  let nextAt = Number.NEGATIVE_INFINITY;

  const fetchBoth = async (): Promise<readonly string[]> => {
    const versions = await Promise.all([fetchVersion("AWSCURRENT"), fetchVersion("AWSPREVIOUS")]);
    last = versions.filter((version) => version !== null);
    nextAt = now() + secretCacheSeconds * 1_000;
    return last;
  };
  return async () => {
    if (last === undefined) return fetchBoth();
    if (now() < nextAt) return last;
    const known = last;
    return within(AbortSignal.timeout(patience), fetchBoth()).catch(() => {
      // A store that is down or hangs is asked only at intervals, and with a short wait: the request goes on with the
      // cached secrets.
      nextAt = now() + retryIntervalMilliseconds;
      return known;
    });
  };
}
