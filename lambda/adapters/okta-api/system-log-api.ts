import type { OktaClient, Page } from "./client.ts";

/** A query of the System Log between two times. */
export interface SystemLogQuery {
  /** Published at or after this. */
  readonly since: Date;
  /** Published before this. */
  readonly until: Date;
  /** An expression of Okta's filter language (SCIM); null for all events. */
  readonly filter: string | null;
}

/** A start of polling the System Log. */
export interface SystemLogPoll {
  /** Persisted at or after this. */
  readonly since: Date;
  /** An expression of Okta's filter language (SCIM); null for all events. */
  readonly filter: string | null;
}

/**
 * Okta's System Log API, which keeps events for 90 days. It takes two kinds of request
 * (https://developer.okta.com/docs/reference/system-log-query/#request-types):
 *
 * - between two times of publishing: the list ends, and may lack events that Okta persists late;
 * - polling, by the time at which Okta persisted an event: it returns every event, and has no end.
 */
export interface SystemLogApi {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  /** The URL of the first page between two times, in the order of publishing. */
  readonly firstPage: (query: SystemLogQuery) => string;
  /** Reads a page of the events between two times. */
  readonly fetchPage: (url: string, signal: AbortSignal) => Promise<Page>;
  /** The URL at which polling starts, in the order of persisting. */
  readonly pollFrom: (poll: SystemLogPoll) => string;
  /** Reads a page of polling. An empty page has a next link too, which later leads to new events. */
  readonly pollPage: (url: string, signal: AbortSignal) => Promise<Page>;
}

/** Okta's largest page. */
const pageSize = 1_000;

/** Okta's System Log API, by a client with `okta.logs.read`. */
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
      // Some answers always link to a next page: a page without events is the last.
      return page.items.length === 0 ? { items: [], next: null } : page;
    },
    pollFrom: ({ since, filter }) => urlOf({ since }, filter),
    pollPage: client.getPage,
  };
}
