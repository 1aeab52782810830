import { canonicalLogin, type Person } from "../okta/person.ts";

/**
 * What a person is remembered by. Both kinds begin with their own prefix, so that no login is the key of an id, whatever a
 * stranger types. The store keeps no login as it is: see `user-item-ids.ts`.
 */
export type UserKey = `login#${string}` | `id#${string}`;

/** The keys of one person. */
export interface RememberedUser {
  /** The key that everything new is recorded under, and that alerts are suppressed by. */
  readonly key: UserKey;
  /** Keys that hold more about the same person: read, and never written. */
  readonly others: readonly UserKey[];
}

/**
 * The keys of a person. Okta logs failed attempts under the login, with the actor id `unknown`, and the session under the id
 * as well: the login is the one key that both have. An event without a login goes by the id.
 *
 * @returns null for a person without login and id, who is known by a display name alone
 */
export function rememberedUser({ id, login }: Pick<Person, "id" | "login">): RememberedUser | null {
  const loginKey = login ? loginUserKey(login) : null;
  const idKey = id ? (`id#${id}` as const) : null;
  if (loginKey === null) return idKey && { key: idKey, others: [] };
  return { key: loginKey, others: idKey === null ? [] : [idKey] };
}

/** The key of a login: the same for its upper and lower case, and for its Unicode forms. */
export function loginUserKey(login: string): UserKey {
  return `login#${canonicalLogin(login)}`;
}
