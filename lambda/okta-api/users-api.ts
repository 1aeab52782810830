import type { OktaClient } from "./client.ts";
import { type OktaUser, oktaUser } from "./okta-user.ts";

/** A page of users, and where the next one is. */
export interface UsersPage {
  readonly users: readonly OktaUser[];
  /** Null when this was the last. */
  readonly next: string | null;
}

/** Okta's Users API. */
export interface UsersApi {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  /** The URL of the first page: of all users who are not gone, or of those changed since then, gone ones too. */
  readonly firstPage: (changedSince: Date | null) => string;
  readonly fetchPage: (url: string, signal: AbortSignal) => Promise<UsersPage>;
  /** Null when there is no such user. */
  readonly fetchUser: (id: string, signal: AbortSignal) => Promise<OktaUser | null>;
}

/** Okta's largest page. */
const pageSize = 200;

/** Okta's Users API, by a client that was granted `okta.users.read`. */
export function createUsersApi(client: OktaClient): UsersApi {
  return {
    orgUrl: client.orgUrl,
    firstPage(changedSince) {
      const url = new URL("/api/v1/users", client.orgUrl);
      url.searchParams.set("limit", String(pageSize));
      if (changedSince !== null) url.searchParams.set("search", `lastUpdated gt "${changedSince.toISOString()}"`);
      return url.href;
    },
    async fetchPage(url, signal) {
      const { items, next } = await client.getPage(url, signal);
      return { users: items.flatMap((user) => oktaUser.safeParse(user).data ?? []), next };
    },
    async fetchUser(id, signal) {
      const user = await client.get(`/api/v1/users/${encodeURIComponent(id)}`, signal);
      return user === null ? null : oktaUser.parse(user);
    },
  };
}
