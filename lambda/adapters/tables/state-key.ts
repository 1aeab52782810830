import { createHmac } from "node:crypto";
import { share, within } from "../../core/time/budget.ts";
import type { FetchVersion, SecretSource } from "../aws/hook-secrets.ts";
import type { StateKey } from "./user-item-ids.ts";

/*
 * The key that logins are hashed with before they become the key of an item. It is a secret of the deployment's own; where there
 * is none, as in the embedded run, it is derived from the event hook's secret, which the one who reads the table does not know
 * either.
 */

/**
 * The key: at once where it is known. Rejects where it cannot be fetched, or is not there in time.
 *
 * @param signal ends the waiting. @default the fetch is waited for, however long it takes
 */
export type GetStateKey = (signal?: AbortSignal) => StateKey | Promise<StateKey>;

/** Milliseconds that a step waits for the key: in the receiver, and in functions that nothing waits for. Less than a look-up has. */
export const keyPatience = { answering: 500, waiting: 4_000 } as const;

/** While the store is down it is asked again at most this often: until then, nothing waits for it. */
const retryIntervalMilliseconds = 10_000;

/**
 * The deployment's key, as the settings say where it is from. It is fetched when it is first asked for, and kept as long as the
 * function is: another key would find nothing of what is remembered.
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
  if (source === null)
    return () => Promise.reject(new Error("STATE_KEY_ARN is not set: what is remembered has no key"));
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

/** What an HMAC of the hook's secret is made of, so that it is a key for this alone. */
const label = "okta-proxy-watch: the key of what is remembered";

/** The key of a deployment that has none of its own: HMAC-SHA-256 of a fixed label by the event hook's secret. */
export function deriveStateKey(hookSecret: string): StateKey {
  return createHmac("sha256", hookSecret).update(label).digest();
}

async function fetchCurrent(fetchVersion: FetchVersion, arn: string): Promise<string> {
  const secret = await fetchVersion("AWSCURRENT");
  if (!secret) throw new Error(`the secret ${arn} has no text: what is remembered has no key`);
  return secret;
}

/** Fetches a key once. Where that fails, it is tried again later. */
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
 * A secret of its own; without one, the event hook's secret, which the key is then derived from; null where neither is known: then
 * nothing is remembered.
 */
export type StateKeySource = { readonly arn: string } | { readonly hookSecret: SecretSource } | null;
