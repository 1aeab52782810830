import type { SecretsProvider } from "@aws-lambda-powertools/parameters/secrets";
import type { GetSecretValueCommandInput } from "@aws-sdk/client-secrets-manager";
import type { HookSecrets } from "../../core/hook-endpoint/authentication.ts";
import { within } from "../../core/time/budget.ts";
import { type ClientSettings, clientDefaults, once } from "./client.ts";

/**
 * Seconds that fetched secrets are cached: every execution environment accepts a new version this long after it was put
 * into Secrets Manager. No request causes an earlier fetch, so that guesses cost no call.
 */
export const secretCacheSeconds = 120;

/** The shortest interval between fetches while the store is down. */
const retryIntervalMilliseconds = 10_000;

/** The longest wait of a request for a fetch while secrets are cached. */
export const patienceMilliseconds = 600;

/** Fetches one version of the secret; null when there is no such version. */
export type FetchVersion = (stage: "AWSCURRENT" | "AWSPREVIOUS") => Promise<string | null>;

/** One secret that does not change: for the embedded run. */
export function fixedSecret(secret: string): HookSecrets {
  const known = [secret];
  return () => known;
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
  return () => {
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

/** Returns Powertools' client of Secrets Manager, made on first use. */
export type GetSecretsProvider = () => Promise<SecretsProvider>;

/** The client of a function: one for all of its secrets, since each client opens its own connections. */
export function createSecretsProvider(settings: ClientSettings = clientDefaults): GetSecretsProvider {
  return once(async () => {
    const { SecretsProvider } = await import("@aws-lambda-powertools/parameters/secrets");
    return new SecretsProvider({ clientConfig: settings });
  });
}

/** Fetches the versions of a Secrets Manager secret, as Powertools does it. */
export function secretsManagerVersions(arn: string, getProvider = createSecretsProvider()): FetchVersion {
  return async (stage) => {
    const provider = await getProvider();
    const sdkOptions: Omit<GetSecretValueCommandInput, "SecretId"> = { VersionStage: stage };
    try {
      // Powertools' cache does not distinguish the versions of a secret.
      const value = await provider.get(arn, { forceFetch: true, sdkOptions });
      return typeof value === "string" ? value : null;
    } catch (error) {
      // A secret that was never rotated has no previous version.
      if (stage === "AWSCURRENT" || !isNotFound(error)) throw error;
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

/** The source of a secret: Secrets Manager, or, in the embedded run, the environment itself. */
export type SecretSource = { readonly arn: string } | { readonly value: string };
