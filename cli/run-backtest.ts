import { basename, resolve } from "node:path";
import { planCorrelations } from "../lambda/core/correlation/correlate.ts";
import { chooseCorrelated } from "../lambda/core/detections/choose-correlated.ts";
import { compileRules } from "../lambda/core/detections/compile-rules.ts";
import { asksForComparison } from "../lambda/core/detections/enriched-fields.ts";
import { indexField } from "../lambda/core/detections/log-source.ts";
import { type LogEvent, publishedTime, sessionStart } from "../lambda/core/okta/log-event.ts";
import { canonicalLogin } from "../lambda/core/okta/person.ts";
import { looksLikeLogin } from "../lambda/core/okta/stranger.ts";
import type { Compared } from "../lambda/core/pipeline/compared.ts";
import { decide, type RuleDecision } from "../lambda/core/pipeline/judge.ts";
import { type Candidate, findCandidate, idsOf } from "../lambda/core/pipeline/match.ts";
import { compileAdjustments } from "../lambda/core/severity/compile-adjustments.ts";
import { withoutFilters } from "../lambda/core/sigma/parse/parse-filter.ts";
import type { Rule } from "../lambda/core/sigma/rule.ts";
import type { RuleSet } from "../lambda/core/sigma/rule-set.ts";
import { formatCount as count } from "../lambda/core/text/shorten.ts";
import type { Report } from "../pages/report/report.ts";
import { type AlertTally, countReplayed, createAlertTally } from "./backtest/alert-tally.ts";
import { type BacktestCorrelator, createBacktestCorrelator } from "./backtest/correlate.ts";
import { createFollower, isCompared } from "./backtest/follow.ts";
import { type HeldEvents, holdEvents } from "./backtest/held-events.ts";
import { type Lines, type LinesOfFile, linesToFile, linesToStandardOutput, noLines } from "./backtest/lines.ts";
import { countDecision, countFiltered, createMatchTally, type MatchTally } from "./backtest/match-tally.ts";
import type { Source } from "./backtest/okta-source.ts";
import type { BacktestOptions } from "./backtest/options.ts";
import type { Replayed, ReplayOptions } from "./backtest/replay.ts";
import { digest, rememberEvents, type SeenEvents } from "./backtest/seen-events.ts";
import { summarize } from "./backtest/summary.ts";
import { badInput, InputError, onTerminal } from "./command.ts";
import {
  contentsOf,
  detectionSettings,
  readDetections,
  readSeverity,
  refusePacks,
  relativeWarning,
} from "./detections-folder.ts";
import { createLineFilter } from "./event-export/line-filter.ts";
import { createLineSkipper, type SkippedEvents } from "./event-export/line-skipper.ts";
import { createReadCounter, describeReads, type ReadCounter, refuseWithoutEvents } from "./event-export/read-counts.ts";
import { type ExportPart, inBatches, isSkipped, openExport } from "./event-export.ts";
import { createProgress, type Progress } from "./progress.ts";
import type { BacktestReport, ComposedOf } from "./report/backtest-report.ts";
import type { ReportFile } from "./report/report-file.ts";
import { signInRule } from "./report/sign-in-rule.ts";

/*
 * What only some backtests need is loaded by these: it takes longer to load than a small export to read.
 */

/**
 * Runs a backtest.
 *
 * @throws InputError when rules, events or options cannot be used
 */
export async function backtest(options: BacktestOptions): Promise<void> {
  const start = performance.now();
  const { loaded, chosen } = await chooseRules(options);
  const { correlations, evaluated, own: rules, silent } = chooseCorrelated(contentsOf(loaded), chosen);
  const ruleSet = await compileRules(evaluated);
  const plan = planCorrelations(correlations);
  const correlator = createBacktestCorrelator(plan, silent);
  const unfiltered = await compileRules(rules.filter(({ filters }) => filters.length > 0).map(withoutFilters));
  const profiles = options.profiles === undefined ? null : await readProfiles(options.profiles);
  const exceptions = options.exceptions === undefined ? [] : await readExceptions(options.exceptions);
  const warnings = [...loaded.warnings];
  const severityAdjustments = await compileAdjustments(await readSeverity((warning) => warnings.push(warning)));
  const written = options.alerts === undefined ? null : await openAlerts(options.alerts, options);
  const reportFile = options.report === undefined ? null : await openReport(options.report, options);
  const incidents = options.incidents === undefined ? null : await readIncidents(options.incidents);
  const org = options.okta === undefined ? null : await readOrg(options);
  const loginDomains = options.loginDomains ?? [];
  const isLogin = (login: string) =>
    looksLikeLogin(login, loginDomains) || profiles?.locations.has(canonicalLogin(login)) === true;
  if (warnings.length > 0) process.stderr.write(`${describeWarnings(warnings)}\n\n`);
  const progress = createProgress(process.stderr);
  const matches = createMatchTally(rules);
  const report =
    reportFile &&
    (await import("./report/backtest-report.ts")).createBacktestReport({
      isLogin,
      locations: profiles?.locations ?? null,
      distanceKm: options.distanceKm,
      incidents,
    });
  const held = holdEvents();
  const isPrinted = options.printMatches ?? true;
  const output = isPrinted ? linesToStandardOutput() : noLines;
  const reads = createReadCounter();
  const asked = report === null ? evaluated : [...evaluated, signInRule()];
  const decideOn: Judging["decideOn"] = (each, compared) =>
    decide(each, profiles?.locations ?? null, options.distanceKm, [], compared);
  const into = { matches, report, held, output, reads };
  const isOrdered = correlations.length > 0 || evaluated.some(asksForComparison);
  const isHeld = isOrdered || !options.matchesOnly;
  const judging = { asked, ruleSet, unfiltered, silent, decideOn, isLogin, isHeld };
  await readEvents(options, judging, into, progress);
  if (options.events !== undefined) refuseWithoutEvents(reads.counts);
  if (isOrdered) {
    await decideHeld(held, correlator, decideInOrder(options, judging, into), output, progress);
  }
  const alerts = options.matchesOnly ? null : createAlertTally(exceptions);
  if (alerts !== null) {
    const { replay, withoutLookUps } = await import("./backtest/replay.ts");
    const deployment: Deployment = {
      rules: profiles === null ? withoutLookUps(ruleSet) : ruleSet,
      correlations: correlations.length === 0 ? null : { plan, silent },
      severityAdjustments,
      locations: profiles?.locations ?? new Map(),
      exceptions,
      mismatchDistanceKm: options.distanceKm,
      suppressMinutes: options.suppressMinutes,
      stormAfter: options.stormAfter,
      sourceAlertsPerHour: options.sourceAlertsPerHour,
      loginDomains,
      org,
      // Only a file of alerts has more of them than what is counted.
      keepsIncidents: written !== null,
      writesWords: written !== null,
      writesAlerts: written !== null || report !== null,
    };
    const onReplayed = report === null ? () => {} : report.countReplayed;
    await replayHeld(replay, held, { tally: alerts, onReplayed }, deployment, written, progress);
    if (report !== null && reportFile !== null) {
      const composed = await composeReport(
        report,
        { source: sourceName(options, org), held, progress },
        {
          matches,
          alerts,
          correlations: correlator.counts,
          deployment,
        },
      );
      await reportFile.write(composed);
    }
  }
  if (isPrinted)
    process.stderr.write(
      summarize({
        matches,
        alerts,
        correlations: correlator.counts,
        untimed: held.untimed(),
        profiles: profiles && { ...profiles, file: options.profiles ?? "" },
        suppressMinutes: options.suppressMinutes,
        stormAfter: options.stormAfter,
        sourceAlertsPerHour: options.sourceAlertsPerHour,
        withEveryRule: options.all,
        duration: (performance.now() - start) / 1_000,
      }),
    );
  if (profiles !== null && profiles.bad.length > 0) process.exitCode = badInput;
  if (options.events !== undefined) process.stderr.write(`\n${describeReads(reads.counts)}`);
  if (isPrinted && options.report !== undefined) process.stderr.write(`\nWritten: ${onTerminal(options.report)}\n`);
}

/** The rules of a backtest, and how it decides on what they match. */
interface Judging {
  /** The rules whose events are needed: lines of others may be skipped. */
  readonly asked: readonly Rule[];
  readonly ruleSet: RuleSet;
  /** The rules that have filters, without them. */
  readonly unfiltered: RuleSet;
  /** The ids of rules that yield no results of their own. */
  readonly silent: ReadonlySet<string>;
  /** Where a comparison is not given, rules that ask for it stay undecided. */
  readonly decideOn: (candidate: Candidate, compared?: Partial<Compared>) => RuleDecision;
  readonly isLogin: (login: string) => boolean;
  /** Whether events that match are needed once all have been read. */
  readonly isHeld: boolean;
}

/** What a backtest counts and holds of events. */
interface Collected {
  readonly matches: MatchTally;
  readonly report: BacktestReport | null;
  readonly held: HeldEvents;
  readonly output: Lines;
  readonly reads: ReadCounter;
}

/** Reads all events, and collects what rules match. What it takes for that in memory is free again once it ends. */
async function readEvents(
  options: BacktestOptions,
  judging: Judging,
  into: Collected,
  progress: Progress,
): Promise<void> {
  const { asked, ruleSet, unfiltered, decideOn, isHeld } = judging;
  const { matches, report, held, output, reads } = into;
  const seen = rememberEvents();
  const onEvent = async (event: LogEvent): Promise<void> => {
    matches.read += 1;
    if (!seen.add(event.uuid)) {
      matches.repeated += 1;
      return;
    }
    if (hasRange(options) && countOutside(publishedTime(event.published), options, matches)) return;
    if (event.eventType === sessionStart) report?.countEvent(event);
    const candidate = findCandidate(event, ruleSet);
    const whole = unfiltered.rules.length === 0 ? null : findCandidate(event, unfiltered);
    // A comparison is known once the events are in order of time.
    const isFollowed = candidate !== null && isCompared(candidate);
    const atOnce = isFollowed ? withRules(candidate, (rule) => !asksForComparison(rule)) : candidate;
    const decision = atOnce && decideOn(atOnce);
    if (whole !== null) countFiltered(matches, decideOn(whole), decision);
    if (atOnce === null || decision === null) return;
    const isMatch = decision.detections.length > 0;
    if (isHeld && (isMatch || (isFollowed && !Number.isNaN(publishedTime(event.published))))) held.add(event);
    if (isMatch && event.eventType !== sessionStart) report?.countEvent(event);
    await writeMatches(atOnce, decision, options, judging, into);
  };
  try {
    for await (const { name, batches, position } of sourcesOf(options, asked, reads)) {
      for await (const batch of batches) {
        progress.update(
          () => `${name} ${position()}, ${count(matches.read)} events, ${count(matches.matches)} matches`,
        );
        for (const part of batch) {
          if (isSkipped(part)) countSkipped(part, options, matches, seen);
          else await onEvent(part);
        }
      }
    }
  } finally {
    await output.flush();
    progress.done();
  }
}

/** Counts and prints the matches of rules that yield results of their own. */
async function writeMatches(
  candidate: Candidate,
  decision: RuleDecision,
  { explain }: BacktestOptions,
  { silent, isLogin }: Judging,
  { matches, output }: Collected,
): Promise<void> {
  const detections = decision.detections.filter(({ rule }) => !silent.has(rule.id));
  countDecision(matches, candidate, { ...decision, detections }, isLogin);
  for (const { rule, matched } of detections) {
    const { id, title, level } = rule;
    const match = { rule: id, title, level, event: candidate.event.uuid, ...(explain ? { matched } : {}) };
    await output.write(JSON.stringify(match));
  }
}

/** A candidate with some of its rules. */
function withRules(candidate: Candidate, isWanted: (rule: Rule) => boolean): Candidate {
  const some = (rules: Candidate["rules"]) => rules.filter(({ rule }) => isWanted(rule));
  return { ...candidate, rules: some(candidate.rules), certain: some(candidate.certain) };
}

/** Decides on events in order of time, those that are compared with others among them, and writes the matches of these rules. */
function decideInOrder(options: BacktestOptions, judging: Judging, into: Collected) {
  const { ruleSet, decideOn } = judging;
  const follow = createFollower();
  return async (event: LogEvent): Promise<RuleDecision | null> => {
    const candidate = findCandidate(event, ruleSet);
    if (candidate === null || !isCompared(candidate)) return candidate && decideOn(candidate);
    const decision = decideOn(candidate, follow(candidate));
    const comparing = withRules(candidate, asksForComparison);
    const ids = new Set(idsOf(comparing.rules));
    const detections = decision.detections.filter(({ rule }) => ids.has(rule.id));
    const undecided = decision.undecided.filter((id) => ids.has(id));
    await writeMatches(comparing, { ...decision, detections, undecided }, options, judging, into);
    const isOfThemAlone = detections.length > 0 && detections.length === decision.detections.length;
    if (isOfThemAlone && event.eventType !== sessionStart) into.report?.countEvent(event);
    return decision;
  };
}

async function readProfiles(file: string) {
  return (await import("./backtest/profiles.ts")).readPlacedProfiles(file);
}

async function readExceptions(file: string) {
  return (await import("./backtest/exceptions-file.ts")).readExceptionsFile(file);
}

async function readIncidents(file: string) {
  return (await import("./report/incidents-file.ts")).readIncidentsFile(file);
}

/** The domain of the org that is asked. */
async function readOrg(options: BacktestOptions): Promise<string> {
  const { oktaOrgUrl } = await import("./backtest/okta-source.ts");
  return new URL(oktaOrgUrl(options)).host;
}

/** The rules of a folder, all of them; else those that are deployed, with what settings and options switch on. */
async function chooseRules({ rules, experimental, packs }: BacktestOptions) {
  if (rules !== undefined) return { loaded: await readDetections(rules), chosen: { experimental: true } };
  const settings = await detectionSettings();
  const loaded = await readDetections(...settings.folders);
  const chosen = { experimental: experimental || settings.experimental, packs: packs ?? settings.packs };
  refusePacks(chosen.packs, loaded);
  return { loaded, chosen };
}

/** Events between two turns of the event loop, which frees memory and shows progress. */
const turnSize = 64;

/** Decides on the events that rules match, or may match by a comparison, in order of time, and correlates them. */
async function decideHeld(
  held: HeldEvents,
  correlator: BacktestCorrelator,
  decideOn: (event: LogEvent) => Promise<RuleDecision | null>,
  output: Lines,
  progress: Progress,
): Promise<void> {
  let done = 0;
  try {
    for (const event of held.inOrder()) {
      const decision = await decideOn(event);
      for (const line of decision === null ? [] : correlator.take(event, decision)) await output.write(line);
      done += 1;
      if (done % turnSize !== 0) continue;
      progress.update(() => `${count(done)} of ${count(held.count())} events compared and correlated`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    await output.flush();
    progress.done();
  }
}

type Deployment = Omit<ReplayOptions, "onProgress">;

/** Measures what a report proposes by further replays, and composes the report. */
async function composeReport(
  report: BacktestReport,
  { source, held, progress }: { readonly source: string; readonly held: HeldEvents; readonly progress: Progress },
  result: Pick<ComposedOf, "matches" | "alerts" | "correlations"> & { readonly deployment: Deployment },
): Promise<Report> {
  const onProgress = (done: number) =>
    progress.update(() => `${count(done)} of ${count(held.count())} matching events for the report's proposals`);
  try {
    const deployment = { ...result.deployment, onProgress };
    return await report.compose({ ...result, source, inOrder: held.inOrder, deployment });
  } finally {
    progress.done();
  }
}

/** What a report calls the place that its events are from. */
function sourceName({ events = [] }: BacktestOptions, org: string | null): string {
  return org ?? events.map((path) => (path === "-" ? "standard input" : basename(path))).join(", ");
}

/** Sends the events that rules match through the pipeline, in order of time; counts and writes the alerts. */
async function replayHeld(
  replay: (events: Iterable<LogEvent>, options: ReplayOptions) => AsyncIterable<Replayed>,
  held: HeldEvents,
  { tally, onReplayed }: { readonly tally: AlertTally; readonly onReplayed: (replayed: Replayed) => void },
  deployment: Deployment,
  written: LinesOfFile | null,
  progress: Progress,
): Promise<void> {
  const onProgress = (done: number) =>
    progress.update(() => `${count(done)} of ${count(held.count())} matching events through the pipeline`);
  const toMessage = written === null ? null : (await import("../lambda/core/alerts/message.ts")).toMessage;
  try {
    for await (const replayed of replay(held.inOrder(), { ...deployment, onProgress })) {
      countReplayed(tally, replayed);
      onReplayed(replayed);
      if (written === null || toMessage === null || replayed.alert === null) continue;
      const { default: body } = JSON.parse(toMessage(replayed.alert).message) as { readonly default: string };
      await written.write(body);
    }
    await written?.close();
  } finally {
    await written?.discard();
    progress.done();
  }
}

/** Prepares the file of alerts before reading, so that its faults are reported at once. */
async function openAlerts(
  path: string,
  { events = [], profiles, exceptions, cache }: BacktestOptions,
): Promise<LinesOfFile> {
  const read = [...events, profiles, exceptions, cache].filter((each) => each !== undefined && each !== "-");
  if (read.some((each) => resolve(each ?? "") === resolve(path))) {
    throw new InputError(`--alerts ${path} would replace a file that is read; name another file`);
  }
  return linesToFile(path);
}

/** Prepares the file of the report before reading. */
async function openReport(
  path: string,
  { events = [], profiles, exceptions, cache, alerts, incidents, anonymize }: BacktestOptions,
): Promise<ReportFile> {
  const { openReportFile } = await import("./report/report-file.ts");
  return openReportFile(path, { anonymize, read: [...events, profiles, exceptions, cache, alerts, incidents] });
}

/** Where events come from, those of exports without the ones that no rule can match. */
interface BatchedSource extends Pick<Source, "name" | "position"> {
  readonly batches: AsyncIterable<Iterable<ExportPart>>;
}

async function* sourcesOf(
  options: BacktestOptions,
  rules: readonly Rule[],
  counter: ReadCounter,
): AsyncGenerator<BatchedSource> {
  // What a filter takes away from a rule is counted: such events have to be read.
  const filter = createLineFilter([...new Set([...rules, ...rules.map(withoutFilters)])], indexField);
  const skip = createLineSkipper({ filter, withTimes: hasRange(options), digest });
  for (const path of options.events ?? []) {
    const { batches, bytes, bytesRead } = await openExport(path, { strict: options.strict, counter, skip });
    const position = () => (bytes ? `${Math.floor((100 * bytesRead()) / bytes)} %` : `${megabytes(bytesRead())} MB`);
    yield { name: path, batches, position };
  }
  if (options.okta === undefined) return;
  const { oktaSource } = await import("./backtest/okta-source.ts");
  for await (const { name, events, position } of oktaSource(options, rules)) {
    yield { name, batches: inBatches(events), position };
  }
}

/** Counts events that no rule can match, in the place where they were read. */
function countSkipped(
  { lines, digests, times }: SkippedEvents,
  options: BacktestOptions,
  matches: MatchTally,
  seen: SeenEvents,
): void {
  matches.read += lines;
  for (let index = 0; index < lines; index += 1) {
    if (!seen.addDigest(digests[2 * index] ?? 0, digests[2 * index + 1] ?? 0)) matches.repeated += 1;
    else if (times !== null) countOutside(times[index] ?? Number.NaN, options, matches);
  }
}

/** Counts an event that is outside of the given times; false for one within them. */
function countOutside(time: number, { since, until }: BacktestOptions, matches: MatchTally): boolean {
  if (time >= (since ?? Number.NEGATIVE_INFINITY) && time < (until ?? Number.POSITIVE_INFINITY)) return false;
  // An event without a time is in no range, and counted separately.
  if (Number.isNaN(time)) matches.untimed += 1;
  else matches.skipped += 1;
  return true;
}

/** Whether events of exports are limited to some times. The request to Okta has the same times. */
function hasRange({ since, until, okta }: BacktestOptions): boolean {
  return okta === undefined && (since !== undefined || until !== undefined);
}

/** Prints warnings of the rules before a run that may take minutes. */
function describeWarnings(warnings: readonly string[]): string {
  return ["Look at:", ...warnings.map((warning) => `  ${onTerminal(relativeWarning(warning))}`)].join("\n");
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}
