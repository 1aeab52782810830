import { relative } from "node:path";
import { plural } from "../../lambda/core/text/shorten.ts";
import { onTerminal } from "../command.ts";
import { relativeWarning } from "../detections-folder.ts";
import { type CaseResult, explainCase } from "./run-cases.ts";
import type { StreamResult, StreamStep } from "./run-streams.ts";

/** A rule or correlation, and the number of its cases. */
export interface Tested {
  readonly rule: { readonly id: string; readonly title: string };
  readonly file: string;
  readonly cases: readonly unknown[];
}

/** The result of a case of a rule or a correlation. */
export type AnyResult = CaseResult | StreamResult;

function isStream(result: AnyResult): result is StreamResult {
  return "steps" in result;
}

const place = (path: string) => relative(process.cwd(), path) || path;

/**
 * The results for a terminal: each case that fails with what every selection of its rule says, the warnings, then the
 * counts.
 *
 * @param warnings about the rules' files, `file:line: what`
 */
export function writeResults(
  rules: readonly Tested[],
  results: readonly AnyResult[],
  warnings: readonly string[],
): string {
  const failed = results.filter(({ passed }) => !passed);
  const without = rules.filter(({ cases }) => cases.length === 0);
  const lines = [
    ...failed.flatMap((result) => [...writeFailure(result), ""]),
    ...without.map(({ file, rule }) => `no cases  ${place(file)}: ${rule.title}`),
    ...(without.length > 0 ? [""] : []),
    ...(warnings.length > 0 ? ["Look at:", ...warnings.map((warning) => `  ${relativeWarning(warning)}`), ""] : []),
    `${plural(results.length, "case")} of ${plural(rules.length - without.length, "rule")}: ${results.length - failed.length} pass, ${failed.length} fail.`,
  ];
  return onTerminal(`${lines.join("\n")}\n`);
}

const undecided =
  "undecided: the rule asks for enrichment that the case has to give, for example `enrichment: { geo.mismatch: true }`";

/** Why a case fails, in one line. */
function whyFailed(result: AnyResult): string {
  if (isStream(result)) return whyStreamFailed(result);
  if (result.truth === "unknown") return undecided;
  return result.case.matches
    ? "expected a match, and the rule does not match"
    : "expected no match, and the rule matches";
}

function whyStreamFailed({ case: { fires, events }, steps }: StreamResult): string {
  if (steps.some((step) => step.undecided.length > 0)) return undecided;
  const firing = steps.flatMap((step, index) => (step.fires ? [index + 1] : []));
  if (firing.length === 0) return "expected it to fire with the last event, and it does not fire";
  const which = `event ${firing.join(" and ")} of ${events.length}`;
  return fires
    ? `expected it to fire with the last event alone, and it fires with ${which}`
    : `expected it not to fire, and it fires with ${which}`;
}

/** The failure of a case, with what each selection asks for and what the event has, or with each event of a stream. */
function writeFailure(result: AnyResult): readonly string[] {
  const { rule, case: of } = result;
  return [
    `FAIL  ${rule.title}`,
    `      ${place(of.file)}:${of.line}: ${of.title}`,
    `      ${whyFailed(result)}`,
    ...(isStream(result) ? writeSteps(result) : writeSelections(result)),
  ];
}

function writeSelections(result: CaseResult): readonly string[] {
  return explainCase(result).flatMap(({ name, isNegated, truth, items }) => [
    `        ${isNegated ? "not " : ""}${name}: ${truth === "unknown" ? "undecided" : truth ? "met" : "not met"}`,
    ...items.map(
      (item) =>
        `          ${mark(item.truth)} ${item.asked}; ${item.found === null ? "the event has no such field" : `the event has ${item.found}`}`,
    ),
  ]);
}

/** The longest stream that is shown whole. */
const shownSteps = 40;

function writeSteps({ steps, rule }: StreamResult): readonly string[] {
  const start = Date.parse(steps[0]?.event.published ?? "");
  const lines = steps.flatMap((step, index) => {
    const after = spanOf(Date.parse(step.event.published) - start);
    return [
      `        ${step.fires ? "fires" : "     "} ${String(index + 1).padStart(3)}  ${after.padStart(9)}  ${step.event.eventType}: ${matchesOf(step)}`,
      ...notesOf(step, rule.id).map((note) => `                          ${note}`),
    ];
  });
  return steps.length <= shownSteps ? lines : [...lines.slice(0, shownSteps), "        ..."];
}

function matchesOf({ matching, undecided: unknown }: StreamStep): string {
  const titles = [...matching.map(({ title }) => title), ...unknown.map(({ title }) => `${title}, undecided`)];
  return titles.length === 0 ? "none of its rules matches" : titles.join("; ");
}

/** The groups of an event, and the correlations in which it takes no part. */
function notesOf({ groups, without }: StreamStep, id: string): readonly string[] {
  const title = (each: { readonly id: string; readonly title: string }) => (each.id === id ? "" : `${each.title}: `);
  return [
    ...new Set([
      ...groups.map(({ correlation, group }) => {
        const values = correlation.groupBy.map(({ name }, index) => `${name} is ${JSON.stringify(group[index] ?? "")}`);
        return `${title(correlation)}${values.length === 0 ? "one group of all events" : values.join(", ")}`;
      }),
      ...without.map((each) => `${title(each)}takes no part: it lacks a field that is grouped by or read`),
    ]),
  ];
}

/** A time after the first event: `1d 2h`, `5m 3s`. */
function spanOf(milliseconds: number): string {
  if (milliseconds < 1_000) return `${milliseconds}ms`;
  const seconds = Math.floor(milliseconds / 1_000);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .slice(0, 2)
    .map(([count, unit]) => `${count}${unit}`)
    .join(" ");
}

const mark = (truth: CaseResult["truth"]) => (truth === true ? "+" : truth === false ? "-" : "?");

/** The results as JUnit XML, a suite for each rule. */
export function writeJUnit(rules: readonly Tested[], results: readonly AnyResult[]): string {
  const suites = rules.flatMap(({ rule, file }) => {
    const ofRule = results.filter((result) => result.rule.id === rule.id);
    if (ofRule.length === 0) return [];
    const failures = ofRule.filter(({ passed }) => !passed).length;
    return [
      `  <testsuite name="${escapeXml(rule.title)}" file="${escapeXml(place(file))}" tests="${ofRule.length}" failures="${failures}">`,
      ...ofRule.flatMap(writeTestCase),
      "  </testsuite>",
    ];
  });
  const failures = results.filter(({ passed }) => !passed).length;
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuites name="rules" tests="${results.length}" failures="${failures}">`,
    ...suites,
    "</testsuites>",
    "",
  ].join("\n");
}

function writeTestCase(result: AnyResult): string[] {
  const { rule, case: of, passed } = result;
  const head = `    <testcase classname="${escapeXml(rule.title)}" name="${escapeXml(of.title)}" file="${escapeXml(place(of.file))}" line="${of.line}"`;
  if (passed) return [`${head}/>`];
  return [
    `${head}>`,
    `      <failure message="${escapeXml(whyFailed(result))}">${escapeXml(writeFailure(result).join("\n"))}</failure>`,
    "    </testcase>",
  ];
}

/** Text for an XML document, without the characters that XML 1.0 does not have. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\P{Cc}\t\n]/gu, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/**
 * The results for a program.
 *
 * @param warnings about the rules' files, `file:line: what`
 */
export function describeResults(
  rules: readonly Tested[],
  results: readonly AnyResult[],
  warnings: readonly string[],
): unknown {
  return {
    passed: results.filter(({ passed }) => passed).length,
    failed: results.filter(({ passed }) => !passed).length,
    withoutCases: rules
      .filter(({ cases }) => cases.length === 0)
      .map(({ rule: { id, title }, file }) => ({ id, title, file })),
    warnings,
    cases: results.map((result) => ({
      rule: { id: result.rule.id, title: result.rule.title },
      file: result.case.file,
      line: result.case.line,
      title: result.case.title,
      passed: result.passed,
      ...(isStream(result) ? describeStream(result) : describeCase(result)),
    })),
  };
}

function describeCase(result: CaseResult) {
  const { case: of, truth, passed } = result;
  return { expected: of.matches, found: truth, ...(passed ? {} : { selections: explainCase(result) }) };
}

function describeStream({ case: { fires }, steps, passed }: StreamResult) {
  const events = steps.map((step) => ({
    published: step.event.published,
    eventType: step.event.eventType,
    rules: step.matching.map(({ title }) => title),
    fires: step.fires,
  }));
  return { expected: fires, found: steps.some((step) => step.fires), ...(passed ? {} : { events }) };
}
