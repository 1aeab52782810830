import type { OktaClient, Page } from "./client.ts";

/** What of the System Log is asked for. */
export interface SystemLogQuery {
  /** Published at or after this. */
  readonly since: Date;
  /** Published before this. */
  readonly until: Date;
  /** An expression of Okta's filter language (SCIM); null for all events. */
  readonly filter: string | null;
}

/** Okta's System Log API, which keeps events for 90 days. */
export interface SystemLogApi {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  /** The URL of the first page, in the order in which events were published. */
  readonly firstPage: (query: SystemLogQuery) => string;
  /** The events of a page, as Okta tells of them. */
  readonly fetchPage: (url: string, signal: AbortSignal) => Promise<Page>;
}

/** Okta's largest page. */
const pageSize = 1_000;

/** Okta's System Log API, by a client that was granted `okta.logs.read`. */
export function createSystemLogApi(client: OktaClient): SystemLogApi {
  return {
    orgUrl: client.orgUrl,
    firstPage({ since, until, filter }) {
      const url = new URL("/api/v1/logs", client.orgUrl);
      url.searchParams.set("since", since.toISOString());
      url.searchParams.set("until", until.toISOString());
      url.searchParams.set("sortOrder", "ASCENDING");
      url.searchParams.set("limit", String(pageSize));
      if (filter !== null) url.searchParams.set("filter", filter);
      return url.href;
    },
    async fetchPage(url, signal) {
      const page = await client.getPage(url, signal);
      // Some answers link to a next page for ever: one without events is the last.
      return page.items.length === 0 ? { items: [], next: null } : page;
    },
  };
}
