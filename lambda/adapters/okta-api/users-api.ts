import { oktaUser, type UsersApi } from "../../core/profiles/okta-user.ts";
import type { OktaClient } from "./client.ts";

/** Okta's largest page. */
const pageSize = 200;

/** Okta's Users API, by a client with `okta.users.read`. */
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
