import { type Command, InvalidArgumentError, Option } from "commander";
import { decide, type ProfileLocations } from "../lambda/decision.ts";
import { compileRules, isEnabled } from "../lambda/detections/compile-rules.ts";
import { findCandidate } from "../lambda/matching.ts";
import { type LogEvent, publishedTime } from "../lambda/okta/log-event.ts";
import { readOrgUrl } from "../lambda/okta-api/credential.ts";
import { logFilter } from "../lambda/reconciliation/log-filter.ts";
import { bySeverity, type Rule } from "../lambda/sigma/rule.ts";
import { createCommand, InputError, runCommand } from "./command.ts";
import { ourDetections, readDetections } from "./detections-folder.ts";
import { type CachedQuery, type EventCache, openEventCache } from "./event-cache.ts";
import { createReadCounter, describeReads, type ReadCounter, refuseWithoutEvents } from "./event-export/read-counts.ts";
import { openExport } from "./event-export.ts";
import { askingOkta, credentialHelp, openOkta } from "./okta-credential.ts";
import { readOktaEvents } from "./okta-events.ts";
import { readProfileFile } from "./profile-file.ts";
import { createProgress } from "./progress.ts";

interface Options {
  readonly events?: readonly string[];
  /** The org's URL; true where the environment names it. */
  readonly okta?: string | true;
  readonly cache?: string;
  readonly rules?: string;
  readonly profiles?: string;
  readonly distanceKm: number;
  readonly since?: number;
  readonly until?: number;
  readonly experimental: boolean;
  readonly explain: boolean;
  readonly strict: boolean;
}

async function backtest(options: Options, _: Command): Promise<void> {
  const start = performance.now();
  const loaded = await readDetections(options.rules ?? ourDetections);
  const chosen = { experimental: options.experimental || options.rules !== undefined };
  const rules = loaded.rules.map(({ content }) => content).filter((rule) => isEnabled(rule, chosen));
  const ruleSet = await compileRules(rules);
  const locations: ProfileLocations = options.profiles ? await readProfileFile(options.profiles) : new Map();
  const progress = createProgress(process.stderr);
  const tally = createTally(rules);
  const output = createOutput();
  const reads = createReadCounter();
  try {
    for await (const { name, events, position } of sourcesOf(options, rules, reads)) {
      for await (const event of events) {
        tally.read += 1;
        if (tally.read % 256 === 0) {
          progress.update(() => `${name} ${position()}, ${count(tally.read)} events, ${count(tally.matches)} matches`);
        }
        if (!isWithin(event, options)) {
          tally.skipped += 1;
          continue;
        }
        const candidate = findCandidate(event, ruleSet);
        if (candidate === null) continue;
        for (const { rule, matched } of decide(candidate, locations, options.distanceKm).detections) {
          countMatch(tally, rule, event);
          await output.write({
            rule: rule.id,
            title: rule.title,
            level: rule.level,
            event: event.uuid,
            ...(options.explain ? { matched } : {}),
          });
        }
      }
    }
  } finally {
    await output.flush();
    progress.done();
  }
  if (options.events !== undefined) refuseWithoutEvents(reads.counts);
  process.stderr.write(summarize(tally, (performance.now() - start) / 1_000));
  if (options.events !== undefined) process.stderr.write(`\n${describeReads(reads.counts)}`);
}

/** Where events come from. */
interface Source {
  readonly name: string;
  readonly events: AsyncIterable<LogEvent>;
  /** How far it is, in words. */
  readonly position: () => string;
}

async function* sourcesOf(options: Options, rules: readonly Rule[], counter: ReadCounter): AsyncGenerator<Source> {
  for (const path of options.events ?? []) {
    const { events, bytes, bytesRead } = await openExport(path, { strict: options.strict, counter });
    const position = () => (bytes ? `${Math.floor((100 * bytesRead()) / bytes)} %` : `${megabytes(bytesRead())} MB`);
    yield { name: path, events, position };
  }
  if (options.okta !== undefined) yield* oktaSource(options, rules);
}

const cacheKeyVariable = "BACKTEST_CACHE_KEY";

/** An org's own System Log, as far as the rules ask for it. */
async function* oktaSource(options: Options, rules: readonly Rule[]): AsyncGenerator<Source> {
  const named = typeof options.okta === "string" ? options.okta : process.env.OKTA_CLIENT_ORGURL;
  if (!named)
    throw new InputError("--okta needs the org's URL: --okta https://example.okta.com, or OKTA_CLIENT_ORGURL");
  if (options.since === undefined) throw new InputError("--okta needs --since, for example 30d: Okta keeps 90 days");
  const orgUrl = readOrgUrl(named);
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

/** Personal data is kept encrypted, or not at all. */
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

function isWithin(event: LogEvent, { since, until, okta }: Options): boolean {
  // Okta was asked for nothing else.
  if (okta !== undefined || (since === undefined && until === undefined)) return true;
  const time = publishedTime(event.published);
  // An event without a time is in no range: it is counted as skipped.
  return time >= (since ?? Number.NEGATIVE_INFINITY) && time < (until ?? Number.POSITIVE_INFINITY);
}

/** What was read and matched so far. */
interface Tally {
  read: number;
  /** Events that were read, and lie outside the times that are asked for. */
  skipped: number;
  matches: number;
  readonly byRule: ReadonlyMap<Rule, { matches: number; readonly users: Map<string, number> }>;
}

function createTally(rules: readonly Rule[]): Tally {
  return {
    read: 0,
    skipped: 0,
    matches: 0,
    byRule: new Map(rules.map((rule) => [rule, { matches: 0, users: new Map() }] as const)),
  };
}

function countMatch(tally: Tally, rule: Rule, { fields }: LogEvent): void {
  tally.matches += 1;
  const counts = tally.byRule.get(rule);
  if (counts === undefined) return;
  const user = fields.actor?.alternateId ?? fields.actor?.id ?? "(unknown)";
  counts.matches += 1;
  counts.users.set(user, (counts.users.get(user) ?? 0) + 1);
}

/** Users that the summary names. */
const maximumUsers = 20;

function summarize(tally: Tally, seconds: number): string {
  const skipped = tally.skipped === 0 ? "" : `, ${count(tally.skipped)} of them outside --since and --until`;
  const rules = [...tally.byRule].sort(
    ([first, a], [second, b]) => b.matches - a.matches || bySeverity(first.level, second.level),
  );
  const users = new Map<string, number>();
  for (const [, counts] of rules) {
    for (const [user, matches] of counts.users) users.set(user, (users.get(user) ?? 0) + matches);
  }
  const worst = [...users].sort(([, a], [, b]) => b - a);
  const lines = [
    `${count(tally.read)} events read${skipped}, ${count(tally.matches)} matches, ${seconds.toFixed(1)} s`,
    "",
    `${"matches".padStart(10)} ${"users".padStart(8)}  ${"level".padEnd(13)} rule`,
    ...rules.map(
      ([{ level, title }, { matches, users: each }]) =>
        `${count(matches).padStart(10)} ${count(each.size).padStart(8)}  ${level.padEnd(13)} ${title}`,
    ),
  ];
  if (worst.length > 0) {
    lines.push(
      "",
      `${"matches".padStart(10)}  user`,
      ...worst.slice(0, maximumUsers).map(([user, matches]) => `${count(matches).padStart(10)}  ${oneLine(user)}`),
    );
  }
  if (worst.length > maximumUsers) lines.push(`${" ".repeat(12)}and ${count(worst.length - maximumUsers)} more`);
  return `${lines.join("\n")}\n`;
}

/** Lines to standard output, in pieces, waiting for a slow reader. */
function createOutput() {
  const pieceSize = 65_536;
  let pending = "";
  const flush = async () => {
    const text = pending;
    pending = "";
    if (text !== "" && !process.stdout.write(text)) {
      await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
    }
  };
  return {
    flush,
    async write(line: unknown): Promise<void> {
      pending += `${JSON.stringify(line)}\n`;
      if (pending.length >= pieceSize) await flush();
    },
  };
}

function parseDistance(text: string): number {
  const distance = Number(text);
  if (!(distance > 0)) throw new InvalidArgumentError("Expected a number of kilometers over 0.");
  return distance;
}

const units = { d: 86_400_000, h: 3_600_000 } as const;

function parseTime(text: string): number {
  const [, ago, unit] = /^(\d{1,4})([dh])$/.exec(text) ?? [];
  if (ago !== undefined) return Date.now() - Number(ago) * units[unit as keyof typeof units];
  const time = publishedTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (Number.isNaN(time))
    throw new InvalidArgumentError(
      "Expected a time such as 2026-11-01, 2026-11-01T08:00:00Z, or 30d (days) or 12h (hours) ago.",
    );
  return time;
}

/** A user's name comes from outside, and shows on a terminal. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").slice(0, 200);
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}

const command = createCommand(
  "backtest",
  "Runs rules over exported System Log events, to see what they would have matched.",
)
  .addOption(
    new Option("--events <file>", "export to read; - is standard input; may be given several times").argParser(
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    ),
  )
  .option(
    "--okta [url]",
    "read the org's System Log itself, of the event types that the rules name (default: OKTA_CLIENT_ORGURL)",
  )
  .option(
    "--cache <file>",
    `keep what Okta told in this file, encrypted by ${cacheKeyVariable}: stopped, it goes on there`,
  )
  .option("--rules <folder>", "rules to run, experimental ones too (default: the rules that are deployed)")
  .option("--profiles <file.csv>", "users' profile locations, for rules that ask for the geographic mismatch")
  .option("--distance-km <number>", "a mismatch is farther than this from every profile location", parseDistance, 500)
  .option(
    "--since <time>",
    "only events published at or after this time (ISO 8601, UTC), or so long ago: 30d, 12h",
    parseTime,
  )
  .option("--until <time>", "only events published before this time", parseTime)
  .option("--experimental", "run deployed rules with status experimental as well", false)
  .option("--strict", "refuse an export at the first part that cannot be read, instead of counting it", false)
  .option("--explain", "add to each match the selections and values that made it", false)
  .addHelpText(
    "after",
    `
An export holds System Log events, whole, flattened or wrapped by a SIEM, or event hook deliveries: as JSON lines, JSON or
CSV, compressed by gzip or not (docs/detections.md lists the forms). Every match is one JSON line on standard output; the
summary goes to standard error, with the forms that were read and what could not be read.

Columns of --profiles: userId or login, label, countryCode, state, city, postalCode, latitude, longitude.

With --okta: ${credentialHelp(["okta.logs.read"])}
Rate limits are obeyed.

Exit code: 0; 1 when Okta failed; 2 when rules, events or options cannot be used.`,
  );

await runCommand(
  command.action(async (options: Options, self: Command) => {
    if (options.events === undefined && options.okta === undefined) {
      throw new InputError("name an export, --events FILE, or --okta URL");
    }
    const hint =
      options.cache === undefined ? "--cache FILE makes it go on where it was" : "Run it again: it goes on there";
    await askingOkta(() => backtest(options, self), hint);
  }),
);
