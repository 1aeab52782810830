import { createHmac } from "node:crypto";
import type { UserKey } from "../../core/history/user-key.ts";

/** The key of a deployment that logins are hashed with. */
export type StateKey = Uint8Array;

const prefix = "user#";
const loginPrefix = "login#";
const idPrefix = "id#";

/**
 * The ids of the items of the state table that hold something under a key: the first is the one that is written.
 *
 * A login stands there as HMAC-SHA-256 (RFC 2104), since what a stranger types into the login box may be a password: without
 * the deployment's key, nothing tells which login an item is of. An id of Okta's stands there as it is; items of earlier
 * releases have no prefix before it. An id with `#` had none that could be told from another kind, and is not looked for.
 */
export function userItemIds(user: UserKey, stateKey: StateKey): readonly [string, ...string[]] {
  if (user.startsWith(loginPrefix)) {
    const digest = createHmac("sha256", stateKey).update(user.toWellFormed()).digest("hex");
    return [`${prefix}${loginPrefix}${digest}`];
  }
  const id = user.slice(idPrefix.length);
  return id.includes("#") ? [prefix + user] : [prefix + user, prefix + id];
}
