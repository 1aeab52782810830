import { createHmac } from "node:crypto";
import { share, within } from "../../core/time/budget.ts";
import type { FetchVersion, SecretSource } from "../aws/secrets.ts";
import type { StateKey } from "./user-item-ids.ts";

/*
 * The key for hashing logins, which become keys of items. It is a secret of the deployment. Without one, as in the
 * embedded run, it is derived from the event hook's secret, which a reader of the table does not know either.
 */

/**
 * Returns the key, without a promise where it is cached. Rejects where it cannot be fetched, or not in time.
 *
 * @param signal ends the wait. @default waits until the fetch ends
 */
export type GetStateKey = (signal?: AbortSignal) => StateKey | Promise<StateKey>;

/**
 * Milliseconds that a step waits for the key, in the receiver and in functions whose callers do not wait: less than the
 * time of a look-up.
 */
export const keyPatience = { answering: 500, waiting: 4_000 } as const;

/** The shortest interval between fetches while the store is down; no step waits in between. */
const retryIntervalMilliseconds = 10_000;

/**
 * The deployment's key, from the source in the settings. It is fetched on first use, and cached for the life of the
 * function: another key would find no remembered user.
 *
 * @param fetcherOf fetches the versions of a secret
 * @param patienceMilliseconds see {@link keyPatience}
 * @param now milliseconds, from any origin
 */
export function createStateKey(
  source: StateKeySource,
  fetcherOf: (arn: string) => FetchVersion,
  patienceMilliseconds: number,
  now: () => number,
): GetStateKey {
  const kept = (fetchKey: () => Promise<StateKey>) => keptKey(fetchKey, patienceMilliseconds, now);
  if (source === null) return () => Promise.reject(new Error("STATE_KEY_ARN is not set: users' states have no key"));
  if ("hookSecret" in source) {
    const { hookSecret } = source;
    if ("value" in hookSecret) {
      const key = deriveStateKey(hookSecret.value);
      return () => key;
    }
    return kept(async () => deriveStateKey(await fetchCurrent(fetcherOf(hookSecret.arn), hookSecret.arn)));
  }
  return kept(async () => Buffer.from(await fetchCurrent(fetcherOf(source.arn), source.arn)));
}

/** The label of the HMAC of the hook's secret: it makes the derived key specific to this use. */
const label = "okta-proxy-watch: the key of what is remembered";

/** Derives the key of a deployment without its own: HMAC-SHA-256 of a fixed label by the event hook's secret. */
export function deriveStateKey(hookSecret: string): StateKey {
  return createHmac("sha256", hookSecret).update(label).digest();
}

async function fetchCurrent(fetchVersion: FetchVersion, arn: string): Promise<string> {
  const secret = await fetchVersion("AWSCURRENT");
  if (!secret) throw new Error(`the secret ${arn} has no text: users' states have no key`);
  return secret;
}

/** Fetches a key once, and again later where that fails. */
function keptKey(fetchKey: () => Promise<StateKey>, patienceMilliseconds: number, now: () => number): GetStateKey {
  let known: StateKey | undefined;
  let pending: Promise<StateKey> | undefined;
  let failed: { readonly error: unknown; readonly until: number } | undefined;
  const fetch = async () => {
    try {
      known = await fetchKey();
      return known;
    } catch (error) {
      failed = { error, until: now() + retryIntervalMilliseconds };
      throw error;
    } finally {
      pending = undefined;
    }
  };
  return (signal) => {
    if (known !== undefined) return known;
    if (pending === undefined && failed !== undefined && now() < failed.until) return Promise.reject(failed.error);
    pending ??= fetch();
    return signal === undefined ? pending : within(share(signal, patienceMilliseconds), pending);
  };
}

/**
 * The source of the key: a secret of its own, else the event hook's secret, from which the key is derived; null where
 * neither is known: then no user is remembered.
 */
export type StateKeySource = { readonly arn: string } | { readonly hookSecret: SecretSource } | null;
