import { hash, timingSafeEqual } from "node:crypto";

/**
 * The secrets that are accepted at this moment: at once where they are at hand. Rejects when there is none to be had.
 *
 * Okta sends the secret as typed into the admin console, so that rotating it means a while in which Okta still sends the
 * previous version, or already the next one.
 */
export type HookSecrets = () => readonly string[] | Promise<readonly string[]>;

/**
 * Whether a request's `Authorization` header holds the event hook's secret; at once where the secrets are at hand.
 *
 * @param authorization the header's value; undefined when it is missing: then no secret is asked for
 * @throws whatever `secrets` rejects with: then nothing can be said of the request
 */
export function isAuthentic(authorization: string | undefined, secrets: HookSecrets): boolean | Promise<boolean> {
  if (authorization === undefined || authorization === "") return false;
  const known = secrets();
  if (known instanceof Promise) return known.then((fetched) => isOneOf(authorization, fetched));
  return isOneOf(authorization, known);
}

/** Compares digests, which are of one length, and every secret: the time tells neither length nor likeness. */
function isOneOf(given: string, secrets: readonly string[]): boolean {
  const digest = sha256(given);
  let found = false;
  for (const secret of secrets) {
    const equal = timingSafeEqual(digest, digestOf(secret));
    found ||= equal && secret !== "";
  }
  return found;
}

/** Digests of the secrets themselves, which are few: of what was given none is kept. */
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
