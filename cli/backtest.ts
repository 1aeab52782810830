import { type Command, InvalidArgumentError, Option } from "commander";
import { decide, type ProfileLocations } from "../lambda/decision.ts";
import { compileRules, isEnabled } from "../lambda/detections/compile-rules.ts";
import { findCandidate } from "../lambda/matching.ts";
import { type LogEvent, publishedTime } from "../lambda/okta/log-event.ts";
import { bySeverity, type Rule } from "../lambda/sigma/rule.ts";
import { createCommand, runCommand } from "./command.ts";
import { ourDetections, readDetections } from "./detections-folder.ts";
import { openExport } from "./event-export.ts";
import { readProfileFile } from "./profile-file.ts";
import { createProgress } from "./progress.ts";

interface Options {
  readonly events: readonly string[];
  readonly rules?: string;
  readonly profiles?: string;
  readonly distanceKm: number;
  readonly since?: number;
  readonly until?: number;
  readonly experimental: boolean;
  readonly explain: boolean;
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
  try {
    for (const path of options.events) {
      const { events, bytes, bytesRead } = await openExport(path);
      const position = () => (bytes ? `${Math.floor((100 * bytesRead()) / bytes)} %` : `${megabytes(bytesRead())} MB`);
      for await (const event of events) {
        tally.read += 1;
        if (tally.read % 256 === 0) {
          progress.update(() => `${path} ${position()}, ${count(tally.read)} events, ${count(tally.matches)} matches`);
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
  process.stderr.write(summarize(tally, (performance.now() - start) / 1_000));
}

function isWithin(event: LogEvent, { since, until }: Options): boolean {
  if (since === undefined && until === undefined) return true;
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

function parseTime(text: string): number {
  const time = publishedTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (Number.isNaN(time)) throw new InvalidArgumentError("Expected a time such as 2026-11-01 or 2026-11-01T08:00:00Z.");
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
    new Option("--events <file>", "export to read; - is standard input; may be given several times")
      .argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
      .makeOptionMandatory(),
  )
  .option("--rules <folder>", "rules to run, experimental ones too (default: the rules that are deployed)")
  .option("--profiles <file.csv>", "users' profile locations, for rules that ask for the geographic mismatch")
  .option("--distance-km <number>", "a mismatch is farther than this from every profile location", parseDistance, 500)
  .option("--since <time>", "only events published at or after this time (ISO 8601, UTC)", parseTime)
  .option("--until <time>", "only events published before this time", parseTime)
  .option("--experimental", "run deployed rules with status experimental as well", false)
  .option("--explain", "add to each match the selections and values that made it", false)
  .addHelpText(
    "after",
    `
An export holds System Log events or whole event hook deliveries, as JSON lines or JSON arrays, compressed by gzip or
not. Every match is one JSON line on standard output; the summary goes to standard error.

Columns of --profiles: userId or login, label, countryCode, state, city, postalCode, latitude, longitude.

Exit code: 0; 2 when rules, events or options cannot be used.`,
  );

await runCommand(command.action(backtest));
