import { readOrgUrl } from "../../lambda/adapters/okta-api/credential.ts";
import type { LogEvent } from "../../lambda/core/okta/log-event.ts";
import { logFilter } from "../../lambda/core/reconciliation/log-filter.ts";
import type { Rule } from "../../lambda/core/sigma/rule.ts";
import { formatCount as count } from "../../lambda/core/text/shorten.ts";
import { InputError } from "../command.ts";
import { type CachedQuery, type EventCache, openEventCache } from "../event-cache.ts";
import { openOkta } from "../okta-credential.ts";
import { readOktaEvents } from "../okta-events.ts";
import { cacheKeyVariable } from "./options.ts";

/** Where events come from. */
export interface Source {
  readonly name: string;
  readonly events: AsyncIterable<LogEvent>;
  /** Its progress, in words. */
  readonly position: () => string;
}

/** A query of an org's System Log. */
export interface OktaSourceOptions {
  /** The org's URL; true where the environment names it. */
  readonly okta?: string | true;
  readonly cache?: string;
  /** Milliseconds since 1970, like `until`. */
  readonly since?: number;
  /** @default now */
  readonly until?: number;
}

/**
 * The URL of the org that `--okta` names.
 *
 * @throws InputError when it names none
 */
export function oktaOrgUrl({ okta }: OktaSourceOptions): string {
  const named = typeof okta === "string" ? okta : process.env.OKTA_CLIENT_ORGURL;
  if (!named)
    throw new InputError("--okta needs the org's URL: --okta https://example.okta.com, or OKTA_CLIENT_ORGURL");
  return readOrgUrl(named);
}

/**
 * Opens an org's System Log, limited to the rules' event types.
 *
 * @throws InputError when the options name no org, no time, or no usable cache
 */
export async function* oktaSource(options: OktaSourceOptions, rules: readonly Rule[]): AsyncGenerator<Source> {
  const orgUrl = oktaOrgUrl(options);
  if (options.since === undefined) throw new InputError("--okta needs --since, for example 30d: Okta keeps 90 days");
  const asked: CachedQuery = {
    orgUrl,
    since: new Date(options.since).toISOString(),
    until: new Date(options.until ?? Date.now()).toISOString(),
    filter: logFilter(rules).expression,
  };
  const cache = options.cache === undefined ? null : await openCache(options.cache, asked);
  const query = cache?.query ?? asked;
  const client = openOkta(orgUrl, ["okta.logs.read"]);
  const found = readOktaEvents(client, query, cache, new AbortController().signal);
  yield { name: new URL(orgUrl).host, events: found.events, position: () => `${Math.floor(100 * found.share())} %` };
  if (found.unreadable() > 0) process.stderr.write(`${count(found.unreadable())} events could not be read\n`);
}

/** Personal data is stored encrypted, or not at all. */
async function openCache(path: string, asked: CachedQuery): Promise<EventCache> {
  const passphrase = process.env[cacheKeyVariable];
  if (!passphrase) {
    throw new InputError(
      `--cache keeps personal data: set ${cacheKeyVariable} to a passphrase that it is encrypted by`,
    );
  }
  const cache = await openEventCache(path, passphrase, asked);
  const { orgUrl, since, until, filter } = cache.query;
  if (orgUrl !== asked.orgUrl || filter !== asked.filter) {
    throw new InputError(`${path} is of another org, or of other event types: name another file`);
  }
  if (since !== asked.since || until !== asked.until) {
    process.stderr.write(`${path} holds the time from ${since} to ${until}; for another, name another file\n`);
  }
  return cache;
}
