import type { SecretsProvider } from "@aws-lambda-powertools/parameters/secrets";
import type { GetSecretValueCommandInput } from "@aws-sdk/client-secrets-manager";
import type { HookSecrets } from "../../core/hook-endpoint/authentication.ts";
import { within } from "../../core/time/budget.ts";
import { type ClientSettings, clientDefaults, once } from "./client.ts";

/**
 * Seconds that fetched secrets are taken as they are: a new version is accepted everywhere this long after it was put
 * into Secrets Manager. No request makes them be fetched sooner, so that somebody who guesses costs no call.
 */
export const secretCacheSeconds = 120;

/** While the store is down it is asked again at most this often. */
const retryIntervalMilliseconds = 10_000;

/** The longest that a request waits for secrets while it has some. */
export const patienceMilliseconds = 600;

/** Fetches one version of the secret; null when there is no such version. */
export type FetchVersion = (stage: "AWSCURRENT" | "AWSPREVIOUS") => Promise<string | null>;

/** One secret that does not change: for the embedded run. */
export function fixedSecret(secret: string): HookSecrets {
  const known = [secret];
  return () => known;
}

/**
 * The current and the previous version of a secret. While they cannot be fetched, those last fetched serve on.
 *
 * @param fetchVersion asks the store
 * @param now milliseconds, from any origin
 * @param patience milliseconds that a request waits for secrets while it has some
 */
export function rotatingSecret(
  fetchVersion: FetchVersion,
  now: () => number,
  patience = patienceMilliseconds,
): HookSecrets {
  let last: readonly string[] | undefined;
  /** When the store is asked again, if somebody asks. */
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
      // A store that is down, or hangs, is asked now and then only, and not for long: the request goes on without it.
      nextAt = now() + retryIntervalMilliseconds;
      return known;
    });
  };
}

/** Powertools' client of Secrets Manager, made when it is first asked for. */
export type GetSecretsProvider = () => Promise<SecretsProvider>;

/** The client of a function: one for all secrets that it fetches, since each client connects for itself. */
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
      // Its cache knows no versions of one secret.
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

/** Where a secret comes from: Secrets Manager, or, in the embedded run, the environment itself. */
export type SecretSource = { readonly arn: string } | { readonly value: string };
