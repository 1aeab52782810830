import { createHmac, createSecretKey } from "node:crypto";
import type { UserKey } from "../../core/history/user-key.ts";
import { onceEach } from "../../core/values/once-each.ts";

/** A deployment's key for hashing logins. */
export type StateKey = Uint8Array;

/** What the ids of the items of users begin with. */
export const userItemPrefix = "user#";
const prefix = userItemPrefix;
const loginPrefix = "login#";
const idPrefix = "id#";

/** The key as Node.js hashes by it: one of bytes is imported anew for each hash, which takes longer than the hash. */
const hashKeyOf = onceEach((stateKey: StateKey) => createSecretKey(stateKey));

/** A text hashed with the deployment's key: HMAC-SHA-256 (RFC 2104). */
export function hashWith(stateKey: StateKey, text: string, encoding: "hex" | "base64url"): string {
  return createHmac("sha256", hashKeyOf(stateKey)).update(text.toWellFormed()).digest(encoding);
}

/**
 * The ids of the items of the state table for a user's key: the first is the one that is written.
 *
 * A login is stored as HMAC-SHA-256 (RFC 2104), since a stranger may type a password in its place: without the
 * deployment's key, an item does not reveal its login. An id of Okta is stored unchanged; items of earlier releases
 * have no prefix before it. An id with `#` would be ambiguous without a prefix, and has no such item.
 */
export function userItemIds(user: UserKey, stateKey: StateKey): readonly [string, ...string[]] {
  if (user.startsWith(loginPrefix)) {
    return [`${prefix}${loginPrefix}${hashWith(stateKey, user, "hex")}`];
  }
  const id = user.slice(idPrefix.length);
  return id.includes("#") ? [prefix + user] : [prefix + user, prefix + id];
}
