import { canonicalLogin, type Person } from "../okta/person.ts";

/**
 * The key of a remembered user. Each kind has its own prefix, so that no typed login equals the key of an id. The store
 * hashes logins: see `user-item-ids.ts`.
 */
export type UserKey = `login#${string}` | `id#${string}`;

/** The keys of one person. */
export interface RememberedUser {
  /** The key that new sessions are recorded under, and that suppression uses. */
  readonly key: UserKey;
  /** Further keys of the same person, which are read only. */
  readonly others: readonly UserKey[];
}

/**
 * The keys of a person. Okta logs failed attempts under the login, with the actor id `unknown`, and the session under
 * the id as well: the login is the one key that both have. An event without a login uses the id.
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
