import { hash, timingSafeEqual } from "node:crypto";

/**
 * Returns the secrets that are accepted now. Rejects when no secret is available.
 *
 * Okta sends the secret that was set in the org, so that during a rotation it may send the previous version or the next
 * one.
 */
export type HookSecrets = () => Promise<readonly string[]>;

/**
 * Whether a request's `Authorization` header holds the event hook's secret.
 *
 * @param authorization the header's value; undefined when it is missing: then `secrets` is not called
 * @throws the error of `secrets`: then the request is neither authentic nor refused
 */
export async function isAuthentic(authorization: string | undefined, secrets: HookSecrets): Promise<boolean> {
  if (authorization === undefined || authorization === "") return false;
  return isOneOf(authorization, await secrets());
}

/** Compares digests, which have one length, with every secret: the time depends on neither length nor similarity. */
function isOneOf(given: string, secrets: readonly string[]): boolean {
  const digest = sha256(given);
  let found = false;
  for (const secret of secrets) {
    const equal = timingSafeEqual(digest, digestOf(secret));
    found ||= equal && secret !== "";
  }
  return found;
}

/** A cache of the digests of the secrets; digests of given values are not kept. */
const digests = new Map<string, Buffer>();
const maximumDigests = 8;

function digestOf(secret: string): Buffer {
  let digest = digests.get(secret);
  if (digest === undefined) {
    if (digests.size >= maximumDigests) digests.clear();
    digest = sha256(secret);
    digests.set(secret, digest);
  }
  return digest;
}

function sha256(value: string): Buffer {
  return hash("sha256", value, "buffer");
}
