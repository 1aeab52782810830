import type { OktaClient, Page } from "./client.ts";

/** Okta's largest page. */
const pageSize = 1_000;

/** A start of reading the System Log. */
interface Start {
  readonly since: Date;
  /** An expression of Okta's filter language (SCIM); null for all events. */
  readonly filter: string | null;
}

/** Okta's System Log API. */
export type SystemLogApi = ReturnType<typeof createSystemLogApi>;

/**
 * Okta's System Log API, which keeps events for 90 days, by a client with `okta.logs.read`. It takes two kinds of request
 * (https://developer.okta.com/docs/reference/system-log-query/#request-types):
 *
 * - between two times of publishing: the list ends, and may lack events that Okta persists late;
 * - polling, by the time at which Okta persisted an event: it returns every event, and has no end.
 */
export function createSystemLogApi(client: OktaClient) {
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
    /** `https://example.okta.com`. */
    orgUrl: client.orgUrl,
    /** The URL of the first page of events published at or after a time, and before `until`, in the order of publishing. */
    firstPage: ({ since, until, filter }: Start & { readonly until: Date }) => urlOf({ since, until }, filter),
    /** Reads a page of the events between two times. */
    async fetchPage(url: string, signal: AbortSignal): Promise<Page> {
      const page = await client.getPage(url, signal);
      // Some answers always link to a next page: a page without events is the last.
      return page.items.length === 0 ? { items: [], next: null } : page;
    },
    /** The URL at which polling starts, with events persisted at or after a time, in the order of persisting. */
    pollFrom: ({ since, filter }: Start) => urlOf({ since }, filter),
    /** Reads a page of polling. An empty page has a next link too, which later leads to new events. */
    pollPage: client.getPage,
  };
}
