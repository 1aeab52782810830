import { asksForLocation } from "../../lambda/core/detections/enriched-fields.ts";
import { describeScope } from "../../lambda/core/exceptions/exception.ts";
import type { Correlation } from "../../lambda/core/sigma/correlation.ts";
import { bySeverity, type Rule } from "../../lambda/core/sigma/rule.ts";
import { formatCount as count, plural } from "../../lambda/core/text/shorten.ts";
import type { BadRow } from "../profile-file.ts";
import { type AlertCounts, type AlertTally, sumOf } from "./alert-tally.ts";
import { type CorrelationCounts, correlationTable } from "./correlate.ts";
import type { MatchTally, RuleCounts } from "./match-tally.ts";
import type { PlacedProfiles } from "./profiles.ts";

/** The result of a backtest. */
export interface BacktestResult {
  readonly matches: MatchTally;
  /** Null where alerts are not counted. */
  readonly alerts: AlertTally | null;
  readonly correlations: ReadonlyMap<Correlation, CorrelationCounts>;
  /** Events that rules match and that have no time. */
  readonly untimed: number;
  /** Null where none are given. */
  readonly profiles: (PlacedProfiles & { readonly file: string }) | null;
  /** Minutes; 0 for no suppression. */
  readonly suppressMinutes: number;
  /** Failed attempts from one source that are alerted on singly; 0 for no storms. */
  readonly stormAfter: number;
  /** Persons from one source in an hour whose sign-ins are alerted on singly; 0 for all. */
  readonly sourceAlertsPerHour: number;
  /** Whether rules without a match, and correlations that did not fire, are listed, too. */
  readonly withEveryRule: boolean;
  /** Seconds. */
  readonly duration: number;
}

/** The most users, rows, reasons and exceptions that the summary names. */
const maximumNamed = 20;
/** The most weeks in the summary: Okta keeps 13. */
const maximumWeeks = 53;

/** The summary of a backtest, for a terminal. */
export function summarize(result: BacktestResult): string {
  const parts = [
    [readLine(result)],
    ruleTable(result),
    correlationTable(result.correlations, result.withEveryRule),
    filtered(result),
    notJudged(result),
    verdicts(result),
    userTable(result.matches),
    ...(result.alerts === null
      ? [["Alerts were not counted: --matches-only"]]
      : [alertTable(result.alerts, result), exceptionTable(result.alerts)]),
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function readLine({ matches: { read, repeated, skipped, untimed, matches }, duration }: BacktestResult): string {
  const again = repeated === 0 ? "" : `, ${count(repeated)} of them read before, so that each event counts once`;
  const outside = skipped === 0 ? "" : `, ${count(skipped)} of them outside --since and --until`;
  const timeless = untimed === 0 ? "" : `, ${count(untimed)} of them left out, as they have no time`;
  const found = `${count(matches)} ${matches === 1 ? "match" : "matches"}`;
  return `${plural(read, "event")} read${again}${outside}${timeless}, ${found}, ${duration.toFixed(1)} s`;
}

function ruleTable(result: BacktestResult): string[] {
  const rules = [...result.matches.byRule].sort(
    ([first, a], [second, b]) => b.matches - a.matches || bySeverity(first.level, second.level),
  );
  const shown = rules.filter(
    ([rule, counts]) => result.withEveryRule || counts.matches > 0 || isNotJudged(rule, counts, result),
  );
  const left = rules.length - shown.length;
  return [
    ...(shown.length === 0 ? [] : [`${column("matches")} ${column("users", 8)}  ${"level".padEnd(13)} rule`]),
    ...shown.map(([rule, counts]) => {
      const { matches, users } = counts;
      const cells =
        matches === 0 && isNotJudged(rule, counts, result)
          ? `${column("not judged")} ${column("", 8)}`
          : `${column(count(matches))} ${column(count(users.size), 8)}`;
      return `${cells}  ${rule.level.padEnd(13)} ${rule.title}`;
    }),
    ...(left === 0
      ? []
      : [`${plural(left, shown.length === 0 ? "rule" : "further rule")} without a match: --all lists each`]),
  ];
}

/** What filters take away: a filter may apply to every rule, and takes nothing from most of them. */
function filtered({ matches, withEveryRule }: BacktestResult): string[] {
  const rules = [...matches.byRule]
    .filter(([{ filters }]) => filters.length > 0)
    .sort(([, a], [, b]) => b.filtered - a.filtered);
  const shown = rules.filter(([, counts]) => withEveryRule || counts.filtered > 0);
  const left = rules.length - shown.length;
  return [
    ...(shown.length === 0 ? [] : ["Taken away from rules by filters:", `${column("events")}  rule and filters`]),
    ...shown.map(
      ([{ title, filters }, counts]) =>
        `${column(count(counts.filtered))}  ${oneLine(`${title}: ${filters.join(", ")}`)}`,
    ),
    ...(left === 0
      ? []
      : [
          `Filters took nothing away from ${plural(left, shown.length === 0 ? "rule" : "further rule")}: --all lists each`,
        ]),
  ];
}

/** Whether a rule could not be judged on some events: without profiles, rules that need them do not match. */
function isNotJudged(rule: Rule, { notJudged: events }: RuleCounts, { profiles }: BacktestResult): boolean {
  return events > 0 || (profiles === null && asksForLocation(rule));
}

function notJudged(result: BacktestResult): string[] {
  const rules = [...result.matches.byRule].filter(([rule, counts]) => isNotJudged(rule, counts, result));
  if (rules.length === 0) return [];
  return [
    "Not judged, as these rules ask for profile locations, which --profiles FILE.csv gives:",
    `${column("events")}  rule`,
    ...rules.map(([{ title }, { notJudged: events }]) => `${column(count(events))}  ${title}`),
  ];
}

function verdicts({ matches, profiles }: BacktestResult): string[] {
  if (profiles === null) return [];
  const { mismatch, match, unknown } = matches.verdicts;
  const asked = mismatch + match + unknown;
  const reasons = [...matches.unknownReasons].sort(([, a], [, b]) => b - a);
  return [
    `Rules ask for the user's profile locations on ${plural(asked, "event")}: ${count(mismatch)} mismatch, ${count(match)} match, ${count(unknown)} unknown`,
    ...named(reasons, ([reason, events]) => `${column(count(events))}  unknown: ${oneLine(reason)}`),
    ...rows(profiles.file, profiles.bad, "left out, as an import leaves them out"),
    ...rows(profiles.file, profiles.unplaced, "without coordinates; the country alone can be compared"),
    ...rows(profiles.file, profiles.notes, "with a place that is not the only one of its name"),
  ];
}

function rows(file: string, all: readonly BadRow[], what: string): string[] {
  if (all.length === 0) return [];
  return [
    `${plural(all.length, "row")} ${what}:`,
    ...named(all, ({ line, reason }) => `  ${file}:${line}: ${oneLine(reason)}`),
  ];
}

function userTable({ byRule }: MatchTally): string[] {
  const users = new Map<string, number>();
  for (const counts of byRule.values()) {
    for (const [user, matches] of counts.users) users.set(user, (users.get(user) ?? 0) + matches);
  }
  if (users.size === 0) return [];
  const worst = [...users].sort(([, a], [, b]) => b - a);
  return [
    `${column("matches")}  user`,
    ...named(worst, ([user, matches]) => `${column(count(matches))}  ${oneLine(user)}`),
  ];
}

/** The columns of the weeks: all events, what became of each, and the alerts beside them. */
const alertColumns = [
  ["matched", "events"],
  ["alerted", "alerts"],
  ["suppressed", "suppressed"],
  ["inStorm", "in storms"],
  ["gathered", "gathered"],
  ["excepted", "excepted"],
  ["reports", "reports"],
] as const satisfies readonly (readonly [keyof AlertCounts, string])[];

function alertTable(
  { weeks, severities, failed, firstError }: AlertTally,
  { untimed, suppressMinutes, stormAfter, sourceAlertsPerHour }: BacktestResult,
): string[] {
  const sorted = [...weeks].sort(([a], [b]) => (a < b ? -1 : 1));
  const earlier = sorted.slice(0, -maximumWeeks).map(([, counts]) => counts);
  const row = (name: string, counts: AlertCounts) =>
    [name, ...alertColumns.map(([key]) => count(counts[key]))].map((cell) => column(cell)).join(" ");
  const bySeverest = [...severities].sort(([a], [b]) => bySeverity(a, b));
  const suppression =
    suppressMinutes === 0 ? "nothing is suppressed" : `the same again is suppressed for ${suppressMinutes} minutes`;
  const gathered = [
    stormAfter === 0 ? "" : `; after ${stormAfter} failed attempts of one source come the alerts about its storm`,
    sourceAlertsPerHour === 0 ? "" : `; sign-ins of more than ${sourceAlertsPerHour} persons an hour are gathered`,
  ].join("");
  return [
    `Alerts that would have gone out, one for each event; ${suppression}${gathered}:`,
    ["week of", ...alertColumns.map(([, name]) => name)].map((cell) => column(cell)).join(" "),
    ...(earlier.length === 0 ? [] : [row("earlier", sumOf(earlier))]),
    ...sorted.slice(-maximumWeeks).map(([week, counts]) => row(week, counts)),
    ...(sorted.length === 1 ? [] : [row("in all", sumOf(weeks.values()))]),
    `Each event is in one of the columns behind "events".${sumOf(weeks.values()).reports === 0 ? "" : ' "reports" are further alerts, about storms and gathered sign-ins.'}`,
    ...(bySeverest.length === 0
      ? []
      : [`Alerts by severity: ${bySeverest.map(([level, alerts]) => `${count(alerts)} ${level}`).join(", ")}`]),
    ...(untimed === 0 ? [] : [`${plural(untimed, "event")} without a time: no alert is counted for them.`]),
    ...(failed === 0
      ? []
      : [
          `${plural(failed, "event")} could not be handled, and are in no column. The first: ${oneLine(firstError ?? "")}`,
        ]),
  ];
}

function exceptionTable({ exceptions }: AlertTally): string[] {
  if (exceptions.size === 0) return [];
  const most = [...exceptions].sort(([, a], [, b]) => b - a);
  const several = exceptions.size === 1 ? "" : "; an event that several cover counts with each";
  return [
    `${column("events")}  covered by the exception${several}`,
    ...named(
      most,
      ([{ id, scope, until }, events]) =>
        `${column(count(events))}  ${oneLine(`${id}  ${describeScope(scope)}`)}, until ${until}`,
    ),
  ];
}

/** A line for each of the first few, and how many more there are. */
function named<Item>(all: readonly Item[], line: (item: Item) => string): string[] {
  const more = all.length - maximumNamed;
  return [...all.slice(0, maximumNamed).map(line), ...(more > 0 ? [`${column("")}  and ${count(more)} more`] : [])];
}

function column(text: string, width = 10): string {
  return text.padStart(width);
}

/** A text from outside, on a terminal. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").slice(0, 200);
}
