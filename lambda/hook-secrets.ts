import type { GetSecretValueCommandInput } from "@aws-sdk/client-secrets-manager";
import { clientDefaults, once } from "./aws-client.ts";
import { within } from "./budget.ts";
import type { HookSecrets } from "./okta/authentication.ts";

/** How long fetched secrets are taken as they are. */
const cacheSeconds = 300;
/** Secrets are fetched anew, on a mismatch, at most this often: somebody who guesses must not make us call AWS. */
const refreshIntervalMilliseconds = 10_000;

/** The longest that a request waits for secrets while it has some. */
const patienceMilliseconds = 600;

/** Fetches one version of the secret; null when there is no such version. */
export type FetchVersion = (stage: "AWSCURRENT" | "AWSPREVIOUS", force: boolean) => Promise<string | null>;

/** One secret that does not change: for the embedded run. */
export function fixedSecret(secret: string): HookSecrets {
  return { known: async () => [secret], refreshed: async () => null };
}

/**
 * The current and the previous version of a secret, kept for five minutes. While they cannot be fetched, those last
 * fetched serve on.
 *
 * @param fetchVersion asks the store, with its own cache
 * @param now milliseconds, from any origin
 */
export function rotatingSecret(fetchVersion: FetchVersion, now: () => number): HookSecrets {
  let last: readonly string[] | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let refreshedAt = Number.NEGATIVE_INFINITY;
  let refresh: Promise<readonly string[]> | undefined;

  const fetchBoth = async (force: boolean): Promise<readonly string[]> => {
    const versions = await Promise.all([fetchVersion("AWSCURRENT", force), fetchVersion("AWSPREVIOUS", force)]);
    last = versions.filter((version) => version !== null);
    return last;
  };
  return {
    async known() {
      if (last === undefined) return fetchBoth(false);
      // A store that is down, or hangs, is asked now and then only, and not for long: the request goes on without it.
      if (now() - failedAt < refreshIntervalMilliseconds) return last;
      try {
        return await within(AbortSignal.timeout(patienceMilliseconds), fetchBoth(false));
      } catch {
        failedAt = now();
        return last;
      }
    },
    async refreshed() {
      if (now() - refreshedAt >= refreshIntervalMilliseconds) {
        refreshedAt = now();
        refresh = within(AbortSignal.timeout(patienceMilliseconds), fetchBoth(true));
        // Whoever asked is told; nobody need be there when it fails.
        refresh.catch(() => {});
      }
      // Within the interval, the outcome of the last refresh: it may still be under way for another request.
      return refresh ?? null;
    },
  };
}

/** Fetches the versions of a Secrets Manager secret, through Powertools' cache. */
export function secretsManagerVersions(arn: string): FetchVersion {
  // Powertools caches by name alone, so that each version needs a provider of its own.
  const getProviders = once(async () => {
    const { SecretsProvider } = await import("@aws-lambda-powertools/parameters/secrets");
    return {
      AWSCURRENT: new SecretsProvider({ clientConfig: clientDefaults }),
      AWSPREVIOUS: new SecretsProvider({ clientConfig: clientDefaults }),
    };
  });
  let withoutPreviousUntil = 0;
  return async (stage, force) => {
    if (stage === "AWSPREVIOUS" && !force && Date.now() < withoutPreviousUntil) return null;
    const providers = await getProviders();
    const sdkOptions: Omit<GetSecretValueCommandInput, "SecretId"> = { VersionStage: stage };
    try {
      const value = await providers[stage].get(arn, { maxAge: cacheSeconds, forceFetch: force, sdkOptions });
      return typeof value === "string" ? value : null;
    } catch (error) {
      // A secret that was never rotated has no previous version.
      if (stage === "AWSCURRENT" || !isNotFound(error)) throw error;
      withoutPreviousUntil = Date.now() + cacheSeconds * 1_000;
      return null;
    }
  };
}

function isNotFound(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.name === "ResourceNotFoundException") return true;
  }
  return false;
}
