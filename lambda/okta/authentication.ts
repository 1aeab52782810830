import { createHash, timingSafeEqual } from "node:crypto";

/**
 * The secrets that are accepted at this moment; rejects when there is none to be had.
 *
 * Okta sends the secret as typed into the admin console, so that rotating it means a while in which Okta still sends the
 * previous version, or already the next one.
 */
export type HookSecrets = () => Promise<readonly string[]>;

/**
 * Whether a request's `Authorization` header holds the event hook's secret.
 *
 * @param authorization the header's value; undefined when it is missing: then no secret is asked for
 * @throws whatever `secrets` rejects with: then nothing can be said of the request
 */
export async function isAuthentic(authorization: string | undefined, secrets: HookSecrets): Promise<boolean> {
  if (authorization === undefined || authorization === "") return false;
  return isOneOf(authorization, await secrets());
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
