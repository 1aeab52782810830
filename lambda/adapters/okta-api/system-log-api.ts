import type { OktaClient, Page } from "./client.ts";

/** What of the System Log is asked for within two times. */
export interface SystemLogQuery {
  /** Published at or after this. */
  readonly since: Date;
  /** Published before this. */
  readonly until: Date;
  /** An expression of Okta's filter language (SCIM); null for all events. */
  readonly filter: string | null;
}

/** From when on the System Log is polled. */
export interface SystemLogPoll {
  /** Persisted at or after this. */
  readonly since: Date;
  /** An expression of Okta's filter language (SCIM); null for all events. */
  readonly filter: string | null;
}

/**
 * Okta's System Log API, which keeps events for 90 days. It is asked in two ways
 * (https://developer.okta.com/docs/reference/system-log-query/#request-types):
 *
 * - within two times, by the time of publishing: the list ends, and events that Okta persists late may lack;
 * - by polling, by the time at which Okta persisted an event: every event comes, and the list has no end.
 */
export interface SystemLogApi {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  /** The URL of the first page within two times, in the order in which events were published. */
  readonly firstPage: (query: SystemLogQuery) => string;
  /** The events of a page within two times, as Okta tells of them. */
  readonly fetchPage: (url: string, signal: AbortSignal) => Promise<Page>;
  /** The URL at which polling starts, in the order in which events were persisted. */
  readonly pollFrom: (poll: SystemLogPoll) => string;
  /** The events of a page of polling. The next link stands behind an empty page too: what comes later is there. */
  readonly pollPage: (url: string, signal: AbortSignal) => Promise<Page>;
}

/** Okta's largest page. */
const pageSize = 1_000;

/** Okta's System Log API, by a client that was granted `okta.logs.read`. */
export function createSystemLogApi(client: OktaClient): SystemLogApi {
  const urlOf = (times: Readonly<Record<string, Date>>, filter: string | null): string => {
    const url = new URL("/api/v1/logs", client.orgUrl);
    for (const [name, time] of Object.entries(times)) url.searchParams.set(name, time.toISOString());
    // Ascending and without `until`, a request polls.
    url.searchParams.set("sortOrder", "ASCENDING");
    url.searchParams.set("limit", String(pageSize));
    if (filter !== null) url.searchParams.set("filter", filter);
    return url.href;
  };
  return {
    orgUrl: client.orgUrl,
    firstPage: ({ since, until, filter }) => urlOf({ since, until }, filter),
    async fetchPage(url, signal) {
      const page = await client.getPage(url, signal);
      // Some answers link to a next page for ever: one without events is the last.
      return page.items.length === 0 ? { items: [], next: null } : page;
    },
    pollFrom: ({ since, filter }) => urlOf({ since }, filter),
    pollPage: client.getPage,
  };
}
