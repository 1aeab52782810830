import { fileURLToPath } from "node:url";
import { createBacktestCorrelator } from "../cli/backtest/correlate.ts";
import { replay, withoutLookUps } from "../cli/backtest/replay.ts";
import { contentsOf } from "../cli/detections-folder.ts";
import { type Coverage, type CoveringDetections, coverageOf, createStepCheck } from "../cli/rules/coverage.ts";
import { company, ordinaryDays, ordinaryWeek, profileLocations } from "../cli/rules/ordinary-week.ts";
import { type FromFile, loadDetections } from "../lambda/adapters/rule-files/load-detections.ts";
import { loadSeverity } from "../lambda/adapters/rule-files/load-severity.ts";
import { planCorrelations } from "../lambda/core/correlation/correlate.ts";
import { chooseCorrelated, type DetectionContents } from "../lambda/core/detections/choose-correlated.ts";
import { compileRules, type EnabledOptions, isEnabled, packsOf } from "../lambda/core/detections/compile-rules.ts";
import { defaultSuppressMinutes } from "../lambda/core/grouping/suppress-minutes.ts";
import { catalogRelease } from "../lambda/core/okta/event-types.ts";
import { type LogEvent, sessionStart } from "../lambda/core/okta/log-event.ts";
import { decide } from "../lambda/core/pipeline/judge.ts";
import { findCandidate } from "../lambda/core/pipeline/match.ts";
import { defaultMismatchDistanceKm } from "../lambda/core/profiles/mismatch-distance.ts";
import { compileAdjustments } from "../lambda/core/severity/compile-adjustments.ts";
import { withoutFilters } from "../lambda/core/sigma/parse/parse-filter.ts";
import { bySeverity, type Level, type Rule } from "../lambda/core/sigma/rule.ts";
import { defaultSourceAlerts } from "../lambda/core/storms/gathering.ts";
import { defaultStormAfter } from "../lambda/core/storms/storm.ts";
import { readScriptOptions } from "./script-options.ts";
import { renderTable } from "./tables.ts";
import { writeOrCheck } from "./written-file.ts";

/*
 * Writes docs/coverage.md and docs/attack-navigator.json from the rules that are shipped, and from an ordinary week that
 * runs through the pipeline; with --check, exit code 1 reports an outdated file.
 */

/** The version of ATT&CK whose techniques the rules name (https://attack.mitre.org/resources/versions/). */
const attackVersion = "19";

/** The alerts of the week, a day. */
interface Alerts {
  readonly all: number;
  /** On session starts, which are those through anonymous networks. */
  readonly sessionStarts: number;
  readonly informational: number;
  /** High or critical. */
  readonly high: number;
  /** Alerts that name a rule, by its id. */
  readonly byRule: ReadonlyMap<string, number>;
}

/** Runs the week through the pipeline with some detections. */
async function alertsOf(
  contents: DetectionContents,
  chosen: EnabledOptions,
  week: readonly LogEvent[],
  firings: readonly Firing[],
): Promise<Alerts> {
  const set = await compileRules(chooseCorrelated(contents, chosen).own);
  const severity = await loadSeverity(fileURLToPath(new URL("../detections/severity.yml", import.meta.url)));
  const tally = { all: 0, sessionStarts: 0, informational: 0, high: 0 };
  const byRule = new Map<string, number>();
  const matching = week.filter((event) => findCandidate(event, set) !== null);
  const locations = profileLocations();
  const options = {
    rules: locations.size === 0 ? withoutLookUps(set) : set,
    severityAdjustments: await compileAdjustments(severity),
    locations,
    exceptions: [],
    mismatchDistanceKm: defaultMismatchDistanceKm,
    suppressMinutes: defaultSuppressMinutes,
    stormAfter: defaultStormAfter,
    sourceAlertsPerHour: defaultSourceAlerts,
    loginDomains: ["example.com"],
    org: "example.okta.com",
    onProgress: () => {},
  };
  const severities = new Map<string, Level>();
  const count = (id: string) => byRule.set(id, (byRule.get(id) ?? 0) + 1);
  for await (const { alert, error, event, isReport } of replay(matching, options)) {
    if (error !== null) throw new Error("the pipeline cannot handle an event of the week", { cause: error });
    if (alert === null) continue;
    severities.set(isReport ? `${event.uuid} report` : event.uuid, alert.severity);
    if (alert.okta.eventType === sessionStart) tally.sessionStarts += 1;
    for (const { id } of alert.detections) count(id);
  }
  // A correlation is a further detection on the event that completes it, and never suppressed. Events that only feed
  // correlations are most of the week: to send them through the pipeline as well takes minutes, and finds the same.
  for (const { event, rule, level } of firings) {
    const known = severities.get(event.uuid);
    if (known === undefined && event.eventType === sessionStart) tally.sessionStarts += 1;
    if (known === undefined || bySeverity(level, known) < 0) severities.set(event.uuid, level);
    count(rule);
  }
  for (const severity of severities.values()) {
    tally.all += 1;
    if (severity === "informational") tally.informational += 1;
    if (bySeverity(severity, "high") <= 0) tally.high += 1;
  }
  return { ...tally, byRule };
}

const aDay = (count: number) => (count / company.days).toFixed(1);

/** The alerts a week that name a rule or correlation that runs by default. */
type AWeek = (of: Pick<Coverage, "id" | "isCorrelation" | "eventTypes">) => number;

/** A row for the default, for each pack beside it, and for all packs. */
function weekTable(rows: readonly (readonly [string, number, Alerts])[]): string {
  return renderTable([
    [
      "what runs",
      "rules and correlations",
      "alerts a day",
      "on session starts",
      "others",
      "of all, informational",
      "high or critical",
    ],
    ...rows.map(([name, rules, { all, sessionStarts, informational, high }]) => [
      name,
      String(rules),
      ...[all, sessionStarts, all - sessionStarts, informational, high].map(aDay),
    ]),
  ]);
}

/** A correlation that fires with an event. */
interface Firing {
  readonly event: LogEvent;
  /** The id of the correlation. */
  readonly rule: string;
  readonly level: Level;
}

/** What correlations find. */
interface Month {
  /** Events of the four weeks. */
  readonly events: number;
  /** What all correlations find in the first week. */
  readonly ofWeek: readonly Firing[];
  /** The three weeks after it: what correlations that run by default find, and the events that such rules match. */
  readonly later: readonly { readonly firings: readonly Firing[]; readonly matching: readonly LogEvent[] }[];
  /** What such rules match in the weeks of a quarter after them, without the everyday sign-ins. */
  readonly acts: readonly (readonly LogEvent[])[];
}

const weeksOfMonth = 4;
const weeksOfQuarter = 12;

/**
 * Runs correlations over four weeks, as a backtest does: those that run by default. What a pack switches on takes part in
 * most events, and is run over the first week alone.
 */
async function firingsOfMonth(contents: DetectionContents, week: readonly LogEvent[]): Promise<Month> {
  const packs = packsOf([...contents.rules, ...contents.correlations]);
  const ofWeek = (await createCorrelator(contents, { experimental: false, packs }))(week);
  const find = await createCorrelator(contents, { experimental: false });
  const set = await compileRules(chooseCorrelated(contents, { experimental: false }).own);
  let events = week.length;
  const later: { readonly firings: Firing[]; readonly matching: LogEvent[] }[] = [];
  for (let number = 1; number < weeksOfMonth; number += 1) {
    const found = { firings: [] as Firing[], matching: [] as LogEvent[] };
    for await (const day of ordinaryDays(number)) {
      events += day.length;
      found.firings.push(...find(day));
      found.matching.push(...day.filter((event) => findCandidate(event, set) !== null));
    }
    later.push(found);
  }
  const acts: LogEvent[][] = [];
  for (let number = weeksOfMonth; number < weeksOfQuarter; number += 1) {
    const found: LogEvent[] = [];
    for await (const day of ordinaryDays(number, { signIns: false })) {
      found.push(...day.filter((event) => findCandidate(event, set) !== null));
    }
    acts.push(found);
  }
  return { events, ofWeek, later, acts };
}

/** Evaluates the correlations that run, as a backtest does. */
async function createCorrelator(contents: DetectionContents, chosen: EnabledOptions) {
  const { evaluated, correlations, silent } = chooseCorrelated(contents, chosen);
  const plan = planCorrelations(correlations);
  const set = await compileRules(evaluated.filter(({ id }) => plan.partsOf.has(id)));
  const { take } = createBacktestCorrelator(plan, silent);
  return (events: readonly LogEvent[]): readonly Firing[] =>
    events.flatMap((event) => {
      const candidate = findCandidate(event, set);
      if (candidate === null) return [];
      return take(event, decide(candidate, null, defaultMismatchDistanceKm)).map((line): Firing => {
        const { rule, level } = JSON.parse(line);
        return { event, rule, level };
      });
    });
}

function monthTable(coverage: readonly Coverage[], { ofWeek, later }: Month): string {
  const count = (firings: readonly Firing[], id: string) => firings.filter(({ rule }) => rule === id).length;
  const ofLater = later.flatMap(({ firings }) => firings);
  return renderTable([
    ["correlation", "level", "on by default", "fired a week"],
    ...coverage
      .filter(({ isCorrelation }) => isCorrelation)
      .map(({ behaviour, id, level, on, pack }) => {
        const aWeek = on ? (count(ofWeek, id) + count(ofLater, id)) / weeksOfMonth : count(ofWeek, id);
        return [behaviour, level, on ? "yes" : `no: ${pack}`, aWeek.toFixed(2)];
      }),
  ]);
}

function coverageTable(coverage: readonly Coverage[], everything: Alerts, aWeek: AWeek): string {
  return renderTable([
    ["behaviour", "rule", "event types", "delivered by", "level", "on by default", "ATT&CK", "a week"],
    ...coverage.map((each) => {
      const { behaviour, id, file, level, pack, on, eventTypes, ways, techniques } = each;
      return [
        behaviour,
        `[${file.replace(/\.yml$/, "")}](../detections/${file})`,
        (eventTypes ?? []).map(({ name }) => `\`${name}\``).join(", "),
        ways.join(" and "),
        level,
        on ? "yes" : `no: ${pack}`,
        techniques.join(", "),
        on ? aWeek(each).toFixed(2) : String(everything.byRule.get(id) ?? 0),
      ];
    }),
  ]);
}

/** A layer of the ATT&CK Navigator: https://github.com/mitre-attack/attack-navigator/tree/master/layers */
function navigatorLayer(coverage: readonly Coverage[]): string {
  const byTechnique = new Map<string, string[]>();
  for (const { behaviour, techniques } of coverage) {
    for (const technique of techniques) byTechnique.set(technique, [...(byTechnique.get(technique) ?? []), behaviour]);
  }
  const techniques = [...byTechnique].sort().map(([techniqueID, behaviours]) => ({
    techniqueID,
    score: behaviours.length,
    comment: behaviours.join("; "),
    showSubtechniques: true,
  }));
  const layer = {
    name: "okta-proxy-watch",
    versions: { attack: attackVersion, navigator: "5.1.0", layer: "4.5" },
    domain: "enterprise-attack",
    description: "The techniques that the rules of okta-proxy-watch name; the score is the number of rules.",
    techniques,
    gradient: {
      colors: ["#ffffff", "#66b1ff"],
      minValue: 0,
      maxValue: Math.max(...techniques.map(({ score }) => score)),
    },
  };
  return `${JSON.stringify(layer, null, 2)}\n`;
}

/** The alerts a week from which on a rule is no longer on by default. */
const mostAWeek = 1;

/**
 * What runs by default although an ordinary org sees it once a week or more by itself. Session starts through anonymous
 * networks are what the project is for: their rules run whatever their number.
 */
function tooFrequent(coverage: readonly Coverage[], aWeek: AWeek): string[] {
  return coverage
    .filter((each) => each.on && !isOfSessionStarts(each) && aWeek(each) >= mostAWeek)
    .map((each) => `${each.file}: on by default, and ${aWeek(each).toFixed(2)} alerts in an ordinary week`);
}

function isOfSessionStarts({ isCorrelation, eventTypes }: Parameters<AWeek>[0]): boolean {
  return !isCorrelation && eventTypes !== null && eventTypes.every(({ name }) => name === sessionStart);
}

/** The documents, by their paths, and what is wrong with the rules. */
interface Rendered {
  readonly files: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
}

async function render(detections: CoveringDetections): Promise<Rendered> {
  const contents = contentsOf(detections);
  const packs = packsOf([...contents.rules, ...contents.correlations]);
  const isStep = createStepCheck(detections);
  const shown = [...contents.rules, ...contents.correlations].filter((each) => !isStep(each));
  const week = await ordinaryWeek();
  const month = await firingsOfMonth(contents, week);
  const byDefault = { experimental: false };
  const settings: readonly (readonly [string, EnabledOptions])[] = [
    ["by default", byDefault],
    ...packs.map((pack) => [`with the pack \`${pack}\``, { ...byDefault, packs: [pack] }] as const),
    ["with all packs", { ...byDefault, packs }],
  ];
  const rows: (readonly [string, number, Alerts])[] = [];
  for (const [name, chosen] of settings) {
    const count = shown.filter((each) => isEnabled(each, chosen)).length;
    const running = new Set(chooseCorrelated(contents, chosen).correlations.map(({ id }) => id));
    const firings = month.ofWeek.filter(({ rule }) => running.has(rule));
    rows.push([name, count, await alertsOf(contents, chosen, week, firings)]);
  }
  const [, , everything] = rows.at(-1) ?? [
    "",
    0,
    { all: 0, sessionStarts: 0, informational: 0, high: 0, byRule: new Map() },
  ];
  const coverage = coverageOf(detections, byDefault);
  const ofMonth = rows.slice(0, 1).map(([, , { byRule }]) => byRule);
  for (const { firings, matching } of month.later) {
    ofMonth.push((await alertsOf(contents, byDefault, matching, firings)).byRule);
  }
  const ofQuarter = [...ofMonth];
  for (const acts of month.acts) ofQuarter.push((await alertsOf(contents, byDefault, acts, [])).byRule);
  const aWeek: AWeek = (each) => {
    const weeks = each.isCorrelation || isOfSessionStarts(each) ? ofMonth : ofQuarter;
    return weeks.reduce((sum, byRule) => sum + (byRule.get(each.id) ?? 0), 0) / weeks.length;
  };
  const document = `# Coverage

What the rules of this project cover. \`npm run coverage\` writes this page from the rules;
\`npx okta-proxy-watch rules coverage\` prints the same of your own deployment, with \`--org URL\` which event types the
org's hook still lacks. [attack-navigator.json](attack-navigator.json) is the same as a layer of the
[ATT&CK Navigator](https://mitre-attack.github.io/attack-navigator/).

- **Delivered by**: an event hook, or only Okta's System Log, where [reconciliation](reconciliation.md) or the
  [log stream](log-stream.md) find it. The event types are those of Okta's catalog of ${catalogRelease}.
- **On by default**: yes, or the pack that switches it on ([detections.md](detections.md#status-what-runs)).
- **A week**: alerts a week that name the rule: of those that are on by default the mean of twelve ordinary
  weeks, of correlations and rules about session starts of four; of others their number in the first of them with all
  packs. What is on by default is seen less than once a week; only the rules about session starts through anonymous
  networks, which the project is for, are on whatever their number.

## Alerts in an ordinary week

The week is made up, and the same each time: ${company.persons.toLocaleString("en-US")} persons who work, ${company.administrators} administrators who
administrate, 30 users of VPNs and privacy services, persons who fly, and what goes wrong every day.
\`cli/rules/ordinary-week.ts\` has the assumptions: ${week.length.toLocaleString("en-US")} events in ${company.days} working days. Nothing in it is an attack,
no exception is made and no filter is set. Your own numbers:
\`npx okta-proxy-watch backtest --okta URL --since 30d --packs admin\`.

${weekTable(rows)}

## Correlations in an ordinary month

How often the correlations fire a week, where nothing is an attack: those that run by default over four such weeks,
${month.events.toLocaleString("en-US")} events, those of a pack over the first of them. The weeks have what may look like an attack: a quarter of
all persons moves to another network within a session each day, 1 % has an app with a browser of its own, 60 share six
computers, seven of ten sign in from the office's address, one in twenty opens eight apps at once, and every other week
a person rejects three pushes of their own sign-in and accepts the fourth. Each day eight persons fly, 42 sign in on a
telephone whose carrier has its exit elsewhere, three switch a VPN on that Okta does not name, two work on a computer in
a data center abroad, and 30 enroll a phone.

${monthTable(coverage, month)}

## Behaviours

${coverageTable(coverage, everything, aWeek)}
`;
  const files = { "docs/coverage.md": document, "docs/attack-navigator.json": navigatorLayer(coverage) };
  return { files, faults: tooFrequent(coverage, aWeek) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { options } = readScriptOptions(
    `Usage: npm run coverage [-- --check]

Writes docs/coverage.md and docs/attack-navigator.json from the detections. It takes some seconds.

  --check      write nothing, and name each file that differs; exit code 1 when one does

Exit code 1, too, when a rule that is on by default is seen once a week or more.
  -h, --help   this text`,
    ["check"],
  );
  const loaded = await loadDetections(fileURLToPath(new URL("../detections", import.meta.url)));
  // A fork's own rules and filters are no part of the project's documents.
  const isOurs = ({ content }: FromFile<Pick<Rule, "author">>) => content.author === "okta-proxy-watch";
  const { files, faults } = await render({
    rules: loaded.rules.filter(isOurs).map((rule) => ({ ...rule, content: withoutFilters(rule.content) })),
    correlations: loaded.correlations.filter(isOurs),
  });
  for (const fault of faults) {
    process.stderr.write(`${fault}: narrow it, or make it experimental with a pack\n`);
    process.exitCode = 1;
  }
  const fault = "is not what the rules are: npm run coverage writes it anew";
  for (const [name, text] of Object.entries(files)) await writeOrCheck(name, text, options.has("check"), fault);
}
