import { createHash, timingSafeEqual } from "node:crypto";

/**
 * The secrets that are accepted at this moment.
 *
 * Okta sends the secret as typed into the admin console, so that rotating it means a while in which Okta still sends the
 * previous version, or already the next one.
 */
export interface HookSecrets {
  /** The secrets at hand, possibly some minutes old. Rejects when there is none to be had. */
  known(): Promise<readonly string[]>;
  /**
   * The secrets fetched anew, or null when they were fetched anew so lately that it would not be done again.
   * Rejects when they cannot be fetched.
   */
  refreshed(): Promise<readonly string[] | null>;
}

/**
 * Whether a request's `Authorization` header holds the event hook's secret.
 *
 * The secrets at hand are asked first; on a mismatch they are fetched anew, so that a new secret is accepted at once.
 *
 * @param authorization the header's value; undefined when it is missing
 * @throws whatever `secrets` rejects with: then nothing can be said of the request
 */
export async function isAuthentic(authorization: string | undefined, secrets: HookSecrets): Promise<boolean> {
  if (authorization === undefined || authorization === "") return false;
  if (isOneOf(authorization, await secrets.known())) return true;
  const refreshed = await secrets.refreshed();
  return refreshed !== null && isOneOf(authorization, refreshed);
}

/** Compares digests, which are of one length, and every secret: the time tells neither length nor likeness. */
function isOneOf(given: string, secrets: readonly string[]): boolean {
  const digest = sha256(given);
  let found = false;
  for (const secret of secrets) {
    const equal = timingSafeEqual(digest, sha256(secret));
    found ||= equal && secret !== "";
  }
  return found;
}

function sha256(value: string): Buffer {
  return createHash("sha256").update(value, "utf8").digest();
}
