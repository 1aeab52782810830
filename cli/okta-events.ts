import { type OktaClient, pagesFrom } from "../lambda/adapters/okta-api/client.ts";
import { createSystemLogApi } from "../lambda/adapters/okta-api/system-log-api.ts";
import { type LogEvent, parseLogEvent, publishedTime } from "../lambda/core/okta/log-event.ts";
import type { CachedQuery, EventCache } from "./event-cache.ts";

/**
 * Reads an org's System Log, page by page, those in the cache first; pages from Okta are added to the cache.
 *
 * @param cache null to keep nothing
 */
export function readOktaEvents(client: OktaClient, query: CachedQuery, cache: EventCache | null, signal: AbortSignal) {
  const log = createSystemLogApi(client);
  const [since, until] = [Date.parse(query.since), Date.parse(query.until)];
  let reached = since;
  let unreadable = 0;
  /** The uuids of the last page: after the cache, Okta returns some of its events again. */
  let last = new Set<string>();

  function* toEvents(items: readonly unknown[]): Generator<LogEvent> {
    const uuids = new Set<string>();
    for (const item of items) {
      const parsed = parseLogEvent(item);
      if (!parsed.ok) {
        unreadable += 1;
        continue;
      }
      const { event } = parsed;
      uuids.add(event.uuid);
      const time = publishedTime(event.published);
      if (time > reached) reached = time;
      if (!last.has(event.uuid)) yield event;
    }
    if (uuids.size > 0) last = uuids;
  }

  async function* events(): AsyncGenerator<LogEvent> {
    for await (const page of cache?.pages() ?? []) {
      if (page === null) return;
      yield* toEvents(page);
    }
    const { filter } = query;
    const first = log.firstPage({ since: new Date(reached), until: new Date(until), filter });
    for await (const items of pagesFrom(first, log.fetchPage, signal)) {
      await cache?.add(items);
      yield* toEvents(items);
    }
    await cache?.add(null);
  }

  return {
    events: events(),
    /** The progress, 0 to 1, by the time of the events. */
    share: () => (until > since ? Math.min(1, (reached - since) / (until - since)) : 1),
    unreadable: () => unreadable,
  };
}
