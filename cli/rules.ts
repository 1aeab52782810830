import { stat, writeFile } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { casesEnding } from "../lambda/adapters/rule-files/list-detections.ts";
import type { FromFile } from "../lambda/adapters/rule-files/load-detections.ts";
import { chooseCorrelated } from "../lambda/core/detections/choose-correlated.ts";
import { type EnabledOptions, isEnabled } from "../lambda/core/detections/compile-rules.ts";
import { asksForComparison } from "../lambda/core/detections/enriched-fields.ts";
import { sessionStartRecorder } from "../lambda/core/detections/session-start-recorder.ts";
import { catalogAge, catalogRelease, type EventType, findEventType } from "../lambda/core/okta/event-types.ts";
import { sessionStart } from "../lambda/core/okta/log-event.ts";
import type { Correlation } from "../lambda/core/sigma/correlation.ts";
import { appliesTo, type Filter } from "../lambda/core/sigma/parse/parse-filter.ts";
import { bySeverity, type Level, type Rule } from "../lambda/core/sigma/rule.ts";
import { formatCount, plural } from "../lambda/core/text/shorten.ts";
import { createCommand, InputError, onOneLine, onTerminal, shellWord } from "./command.ts";
import {
  contentsOf,
  detectionSettings,
  ourDetections,
  readDetections,
  readSeverity,
  refusePacks,
  relativeWarning,
} from "./detections-folder.ts";
import { askingOkta } from "./okta-credential.ts";
import { credentialHelp } from "./okta-credential-help.ts";
import { parsePacks } from "./option-parsers.ts";
import { type AllWithCases, readAllCases } from "./rules/all-cases.ts";
import { casesFileOf, ruleFileOf } from "./rules/cases-file.ts";
import { sessionLoad, travelLoad } from "./rules/compared-load.ts";
import { type CorrelationLoad, correlationLoads } from "./rules/correlation-load.ts";
import { describeCorrelation, writeCorrelation } from "./rules/correlations.ts";
import { coverageOf, eventTypesOf, writeCoverage } from "./rules/coverage.ts";
import { coverageAt, writeCoverageOfOrg } from "./rules/coverage-of-org.ts";
import { importOkta } from "./rules/import-okta.ts";
import { runCases } from "./rules/run-cases.ts";
import { runStreams } from "./rules/run-streams.ts";
import { scaffoldRule } from "./rules/scaffold.ts";
import { describeResults, writeJUnit, writeResults } from "./rules/write-results.ts";

interface Options {
  readonly rules?: string;
  readonly experimental: boolean;
  readonly packs?: readonly string[];
  readonly eventsADay?: number;
  readonly json: boolean;
}

/** The printed facts of a rule. */
interface RuleReport {
  readonly id: string;
  readonly level: Level;
  readonly title: string;
  readonly status: string | null;
  readonly file: string;
  /** Whether it runs when it is deployed with this setting. */
  readonly on: boolean;
  /** Whether it is evaluated for correlations that run, and yields nothing of its own. */
  readonly forCorrelations: boolean;
  /** The pack that switches it on; null for none. */
  readonly pack: string | null;
  /** Null when the rule names none, and is evaluated for every event. */
  readonly eventTypes: readonly EventType[] | null;
  readonly filters: readonly string[];
  /** What the places cost a day that it compares; null for a rule that compares none, and where that is not asked for. */
  readonly load: CorrelationLoad | null;
}

async function report(options: Options): Promise<void> {
  const settings = await detectionSettings();
  const loaded = await (options.rules === undefined
    ? readDetections(...settings.folders)
    : readDetections(options.rules));
  const { rules, correlations, filters } = loaded;
  const isOwn = options.rules !== undefined;
  const chosen = {
    experimental: options.experimental || (!isOwn && settings.experimental),
    packs: options.packs ?? (isOwn ? [] : settings.packs),
  };
  refusePacks(chosen.packs, loaded);
  const warnings = [...loaded.warnings];
  const { evaluated, own } = chooseCorrelated(contentsOf(loaded), chosen);
  const { eventsADay } = options;
  const comparing = eventsADay === undefined ? new Map() : await comparisonLoads(contentsOf(loaded).rules, eventsADay);
  const reports = rules
    .map((rule) => ({
      ...describe(rule, own.includes(rule.content), evaluated.includes(rule.content)),
      load: comparing.get(rule.content.id) ?? null,
    }))
    .sort((a, b) => bySeverity(a.level, b.level) || a.title.localeCompare(b.title));
  const running = reports.filter(({ on }) => on);
  const adjustments = await readSeverity((warning) => warnings.push(warning));
  const needed = reports.filter((rule) => rule.on || rule.forCorrelations);
  const needsStarts = evaluated.includes(sessionStartRecorder);
  const neededTypes = [
    ...needed.flatMap(({ eventTypes }) => eventTypes ?? []),
    ...(needsStarts ? [findEventType(sessionStart)] : []),
  ];
  const types = [...new Map(neededTypes.map((type) => [type.name, type])).values()];
  const namesOf = (isWanted: (type: EventType) => boolean) =>
    types
      .filter(isWanted)
      .map(({ name }) => name)
      .sort();
  const subscribe = namesOf(({ hookEligible }) => hookEligible === true);
  const systemLogOnly = namesOf(({ hookEligible }) => hookEligible === false);
  const unknown = types.filter(({ hookEligible }) => hookEligible === null).sort(byName);
  const loads = eventsADay === undefined ? null : await correlationLoads(contentsOf(loaded), eventsADay);
  if (options.json) {
    const described = filters.map((filter) => describeFilter(filter, rules));
    const severity = adjustments.map(({ rule, change, enabled }) => ({ title: rule.title, severity: change, enabled }));
    const all = {
      catalog: catalogRelease,
      rules: reports,
      correlations: correlations.map((each) => describeCorrelation(each, loaded, chosen, loads)),
      filters: described,
      severity,
      warnings,
      subscribe,
      systemLogOnly,
      unknown,
    };
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    return;
  }
  const lines = reports.flatMap(writeRule);
  if (correlations.length > 0) {
    lines.push("Correlations", "");
    if (eventsADay !== undefined) {
      lines.push(
        `  Reads and writes are units of DynamoDB at ${plural(eventsADay, "event")} a day, in the mix of an ordinary one.`,
        "",
      );
    }
    for (const each of correlations) lines.push(...writeCorrelation(describeCorrelation(each, loaded, chosen, loads)));
  }
  if (filters.length > 0) {
    lines.push("Filters", "");
    for (const filter of filters) {
      const { title, file, appliedTo } = describeFilter(filter, rules);
      lines.push(`  ${title}`, `    ${file}: ${appliedTo.length} of ${plural(rules.length, "rule")}`, "");
    }
  }
  lines.push("Severity of alerts, adjusted in this order", "");
  for (const { rule, change, enabled } of adjustments) {
    lines.push(`  ${enabled ? "on " : "off"}  ${rule.title}: ${change}`);
  }
  lines.push(
    "",
    `${plural(rules.length, "rule")} can be run, ${running.length} of them on${chosen.experimental ? "" : " (experimental ones are off by default)"}.`,
    ...describeRunning(correlations, chosen),
    ...describePacks([...reports, ...correlations.map(({ content }) => content)], chosen),
    `Event types are those of Okta's catalog, ${catalogAge(new Date())}.`,
    "",
    "Subscribe the event hook to:",
    ...namesOf(({ hookEligible, isBeta }) => hookEligible === true && !isBeta).map((name) => `  ${name}`),
  );
  const refusable = types.filter(({ hookEligible, isBeta }) => hookEligible === null || isBeta).sort(byName);
  if (refusable.length > 0) {
    lines.push(
      "",
      "Subscribe it to these too, though Okta may refuse them:",
      ...refusable.map((type) => `  ${type.name}${noteOn(type)}`),
    );
  }
  if (systemLogOnly.length > 0) {
    lines.push(
      "",
      "In the System Log only, so that no event hook delivers them:",
      ...systemLogOnly.map((name) => `  ${name}`),
    );
  }
  const anyType = needed.filter(({ eventTypes }) => eventTypes === null);
  if (anyType.length > 0) {
    lines.push(
      "",
      "Asked of every event that is delivered, as they name no event type:",
      ...anyType.map(({ title }) => `  ${title}`),
    );
  }
  if (warnings.length > 0) lines.push("", "Look at:", ...warnings.map((warning) => `  ${relativeWarning(warning)}`));
  process.stdout.write(`${lines.map(onOneLine).join("\n")}\n`);
}

const byName = (a: EventType, b: EventType) => (a.name < b.name ? -1 : 1);

/** What each rule that compares events costs, as if it were alone: rules share what is kept. */
async function comparisonLoads(
  rules: readonly Rule[],
  eventsADay: number,
): Promise<ReadonlyMap<string, CorrelationLoad>> {
  const loads = new Map<string, CorrelationLoad>();
  for (const rule of rules.filter(asksForComparison)) {
    const [places, starts] = [await travelLoad([rule], eventsADay), await sessionLoad([rule], eventsADay)];
    loads.set(rule.id, { reads: places.reads + starts.reads, writes: places.writes + starts.writes });
  }
  return loads;
}

function describe(
  { content: rule, file }: FromFile<Rule>,
  on: boolean,
  isEvaluated: boolean,
): Omit<RuleReport, "load"> {
  return {
    id: rule.id,
    level: rule.level,
    title: rule.title,
    status: rule.status,
    file: basename(file),
    on,
    forCorrelations: isEvaluated && !on,
    pack: rule.pack,
    eventTypes: eventTypesOf(rule),
    filters: rule.filters,
  };
}

function describeFilter({ content, file }: FromFile<Filter>, rules: readonly FromFile<Rule>[]) {
  return {
    title: content.title,
    file: `filters/${basename(file)}`,
    appliedTo: rules.filter((rule) => appliesTo(content, rule.content)).map((rule) => rule.content.id),
  };
}

/** The number of correlations, and of those that run; nothing where there are none. */
function describeRunning(correlations: readonly FromFile<Correlation>[], chosen: EnabledOptions): string[] {
  if (correlations.length === 0) return [];
  const running = correlations.filter(({ content }) => isEnabled(content, chosen));
  return [`${plural(correlations.length, "correlation")} can be run, ${running.length} of them on.`];
}

/** The rules of each pack, by their number. */
function describePacks(
  reports: readonly Pick<RuleReport, "pack" | "status">[],
  { packs = [] }: EnabledOptions,
): string[] {
  const counts = Map.groupBy(
    reports.filter(({ pack, status }) => pack !== null && status === "experimental"),
    ({ pack }) => String(pack),
  );
  if (counts.size === 0) return [];
  const named = [...counts].map(([pack, { length }]) => `${pack} (${length}${packs.includes(pack) ? ", on" : ""})`);
  return [`Packs of experimental rules, by the setting packs: ${named.sort().join(", ")}.`];
}

function writeRule(rule: RuleReport): string[] {
  const { id, level, title, status, file, on, pack, eventTypes, filters, load } = rule;
  const types = eventTypes?.map((type) => `    ${type.name}${noteOn(type)}`);
  return [
    `${level.padEnd(13)} ${on ? "on " : "off"}  ${title}${status === null || status === "stable" ? "" : ` (${[status, pack].filter(Boolean).join(", ")})`}`,
    `  ${id}  ${file}`,
    ...(rule.forCorrelations ? ["    for correlations, and no detection of its own"] : []),
    ...(types ?? ["    any event type"]),
    ...filters.map((filter) => `    but for: ${filter}`),
    ...(load === null
      ? []
      : [
          `    a day: ${formatCount(load.reads)} reads and ${formatCount(load.writes)} writes of what it compares with`,
        ]),
    "",
  ];
}

/** The note behind an event type; empty where a hook delivers it. */
function noteOn({ hookEligible, isBeta, nearest }: EventType): string {
  if (isBeta) return "  (in beta: Okta refuses it where the org does not have the feature)";
  if (hookEligible !== null) return hookEligible ? "" : "  (System Log only)";
  const guess = nearest === null ? "" : `; did you mean ${nearest}?`;
  return `  (not in the catalog of ${catalogRelease}: worth trying${guess})`;
}

interface TestOptions {
  readonly rules?: string;
  readonly junit?: string;
  readonly json: boolean;
}

/** Runs the cases beside rules. */
async function test(files: readonly string[], options: TestOptions): Promise<void> {
  const folders = options.rules !== undefined ? [resolve(options.rules)] : [];
  const named = new Set<string>();
  for (const file of files) named.add(await namedRule(file));
  const isNamed = (file: string) => named.size === 0 || named.has(resolve(file));
  const read: RulesToTest[] = [];
  if (folders.length === 0 && named.size === 0) {
    read.push(await readCasesOf((await detectionSettings()).folders, isNamed));
  }
  for (const folder of new Set([...folders, ...[...named].map(dirname)])) {
    read.push(await readCasesOf([folder], isNamed));
  }
  const isTested = ({ file }: { readonly file: string }) => isNamed(file);
  const rules = read.flatMap((each) => each.rules).filter(isTested);
  const correlations = read.flatMap((each) => each.correlations).filter(isTested);
  const tested = [...rules, ...correlations];
  for (const file of named) {
    const ofFile = tested.filter((rule) => resolve(rule.file) === file);
    if (ofFile.length === 0) throw new InputError(`${file} is no rule`);
    if (ofFile.every(({ cases }) => cases.length === 0)) {
      throw new InputError(`${file} has no cases: write them into ${casesFileOf(file)}`);
    }
  }
  const results = [...runCases(rules), ...runStreams(correlations)];
  const warnings = read
    .flatMap((each) => each.warnings)
    .filter((warning) => tested.some(({ file }) => warning.startsWith(`${file}:`)));
  if (options.junit !== undefined) await writeFile(options.junit, writeJUnit(tested, results));
  process.stdout.write(
    options.json
      ? `${JSON.stringify(describeResults(tested, results, warnings), null, 2)}\n`
      : writeResults(tested, results, warnings),
  );
  if (results.some(({ passed }) => !passed)) process.exitCode = 1;
}

/** Rules and correlations with their cases, and the warnings about their files. */
interface RulesToTest extends AllWithCases {
  /** `file:line: what`. */
  readonly warnings: readonly string[];
}

/**
 * The file of the rules that a rule or a file of cases names.
 *
 * @param file as given: relative to the current folder
 * @throws InputError where there is no such file: its folder would be searched for nothing
 */
async function namedRule(file: string): Promise<string> {
  await requireFile(file, `${file}: no such file`);
  if (!file.endsWith(casesEnding)) return resolve(file);
  const rule = ruleFileOf(file);
  await requireFile(rule, `${file}: there is no rule ${rule}`);
  return resolve(rule);
}

async function requireFile(file: string, message: string): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found === null) throw new InputError(message);
  if (found.isDirectory())
    throw new InputError(`${file} is a folder: --rules ${shellWord(file)} tests the rules in it`);
}

/** @param isNamed whether the cases of a file of rules are read: others may have faults */
async function readCasesOf(
  folders: readonly [string, ...string[]],
  isNamed: (ruleFile: string) => boolean,
): Promise<RulesToTest> {
  const loaded = await readDetections(...folders);
  const cases = loaded.cases.filter((file) => isNamed(ruleFileOf(file)));
  return { ...(await readAllCases({ ...loaded, cases }, [...folders, ourDetections])), warnings: loaded.warnings };
}

async function scaffold(name: string, options: { readonly from: string; readonly rules?: string }): Promise<void> {
  const today = new Date().toISOString().slice(0, 10);
  // A company's own folder, where there is one: a rule in ours would be for its fork alone.
  const [ours, own = ours] = (await detectionSettings()).folders;
  const { ruleFile, casesFile } = await scaffoldRule(options.rules ?? own, name, options.from, today);
  const file = relative(process.cwd(), ruleFile);
  const lines = [
    file,
    relative(process.cwd(), casesFile),
    `Write what TODO asks for, then: npx okta-proxy-watch rules test ${file}`,
    "The rule runs in backtests, and alerts once it is deployed (status: test). With status: experimental and a pack, it runs only where the settings name the pack.",
  ];
  process.stdout.write(`${onTerminal(lines.join("\n"))}\n`);
  const note = `note: ${relative(process.cwd(), casesFile)} holds the event as Okta sent it, with the login, name and addresses of a person: replace them before it goes into version control.`;
  process.stderr.write(`${onTerminal(note)}\n`);
}

interface CoverageOptions {
  readonly org?: string;
  readonly packs?: readonly string[];
  readonly json: boolean;
}

/** Prints what the deployed rules cover, and which event types the hooks of an org lack. */
async function coverage(options: CoverageOptions): Promise<void> {
  const settings = await detectionSettings();
  const loaded = await readDetections(...settings.folders);
  const chosen = { experimental: settings.experimental, packs: options.packs ?? settings.packs };
  refusePacks(chosen.packs, loaded);
  const covered = coverageOf(loaded, chosen);
  const { org } = options;
  const ofOrg =
    org === undefined ? null : await askingOkta(() => coverageAt(org, covered), "What the hook lacks is not known");
  if (ofOrg === undefined) return;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ coverage: covered, ...ofOrg }, null, 2)}\n`);
  } else {
    process.stdout.write(onTerminal(writeCoverage(covered)));
    if (org !== undefined && ofOrg !== null) process.stdout.write(`\n${writeCoverageOfOrg(org, ofOrg)}\n`);
  }
  if (ofOrg?.missing.some(({ refusable }) => refusable === null)) process.exitCode = 1;
}

function parseEventsADay(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a number of events, for example 400000.");
}

export const command = createCommand(
  "rules",
  "Checks every rule, filter and severity adjustment, and lists the event types that the hook has to be subscribed to.",
)
  .enablePositionalOptions()
  .option("--rules <folder>", "rules to check (default: the rules that are deployed)")
  .option("--experimental", "count rules with status experimental as on", false)
  .option("--packs <packs>", "count rules of these packs as on: admin,mfa (default: those of the settings)", parsePacks)
  .option(
    "--events-a-day <number>",
    "reckon the reads and writes of correlations and of places at so many events a day: 400000",
    parseEventsADay,
  )
  .option("--json", "print JSON instead of text", false)
  .addHelpText("after", "\nExit code: 0; 2 when a rule or filter cannot be run, each fault with file and line.")
  .action(report);
command
  .command("test")
  .description("runs the cases beside rules: NAME.cases.yml beside NAME.yml")
  .argument("[files...]", "rules or files of cases (default: all)")
  .option("--rules <folder>", "the folder of rules (default: the rules that are deployed)")
  .option("--junit <file>", "write the results as JUnit XML")
  .option("--json", "print JSON instead of text", false)
  .addHelpText("after", "\nExit code: 0; 1 when a case fails; 2 when a rule or its cases cannot be read.")
  .action(test);
command
  .command("coverage")
  .description("prints what the rules cover: behaviour, level, pack, how events come, ATT&CK")
  .option("--packs <packs>", "count rules of these packs as on: admin,mfa (default: those of the settings)", parsePacks)
  .option("--org <url>", "ask the Okta org which event types its active event hooks still lack")
  .option("--json", "print JSON instead of text", false)
  .addHelpText(
    "after",
    `\nWith --org: ${credentialHelp(["okta.eventHooks.read"])}\n\nExit code: 0; 1 when a hook lacks event types, or Okta failed; 2 when a rule cannot be read.`,
  )
  .action(coverage);
command
  .command("import")
  .description("writes a filter expression of Okta's System Log as a Sigma rule, for review")
  .requiredOption("--okta <file>", "a filter expression, or one of Okta's customer-detections")
  .addHelpText(
    "after",
    "\nThe rule goes to standard output; what is to be written or looked at in it, by its line, to standard error.\n\nExit code: 0; 2 when the expression cannot be read, or not be said in Sigma.",
  )
  .action(async ({ okta }: { readonly okta: string }) => {
    const { yaml, remarks } = await importOkta(okta, new Date().toISOString().slice(0, 10));
    process.stdout.write(yaml);
    const lines = ["Look at:", ...remarks.map((remark) => `  line ${remark}`), "Then write its cases: NAME.cases.yml"];
    process.stderr.write(`${onTerminal(lines.join("\n"))}\n`);
  });
command
  .command("new")
  .description("writes a rule and its cases, to go on from")
  .argument("<name>", "the name of the files: admin_role_granted")
  .requiredOption("--from <file>", "an event that the rule has to match, as JSON")
  .option("--rules <folder>", "the folder of rules (default: rulesFolder of the settings, else detections/)")
  .addHelpText("after", "\nExit code: 0; 2 when a file exists already, or the event cannot be read.")
  .action(scaffold);
