import { relative } from "node:path";
import { plural } from "../../lambda/core/text/shorten.ts";
import { onTerminal } from "../command.ts";
import { type CaseResult, explainCase, type RuleWithCases } from "./run-cases.ts";

const place = (path: string) => relative(process.cwd(), path) || path;

/**
 * The results for a terminal: each case that fails with what every selection of its rule says, the warnings, then the
 * counts.
 *
 * @param warnings about the rules' files, `file:line: what`
 */
export function writeResults(
  rules: readonly RuleWithCases[],
  results: readonly CaseResult[],
  warnings: readonly string[],
): string {
  const failed = results.filter(({ passed }) => !passed);
  const without = rules.filter(({ cases }) => cases.length === 0);
  const lines = [
    ...failed.flatMap((result) => [...writeFailure(result), ""]),
    ...without.map(({ file, rule }) => `no cases  ${place(file)}: ${rule.title}`),
    ...(without.length > 0 ? [""] : []),
    ...(warnings.length > 0 ? ["Look at:", ...warnings.map((warning) => `  ${place(warning)}`), ""] : []),
    `${plural(results.length, "case")} of ${plural(rules.length - without.length, "rule")}: ${results.length - failed.length} pass, ${failed.length} fail.`,
  ];
  return onTerminal(`${lines.join("\n")}\n`);
}

/** Why a case fails, in one line. */
function whyFailed({ case: { matches }, truth }: CaseResult): string {
  if (truth === "unknown") {
    return "undecided: the rule asks for enrichment that the case has to give, for example `enrichment: { geo.mismatch: true }`";
  }
  return matches ? "expected a match, and the rule does not match" : "expected no match, and the rule matches";
}

/** The failure of a case, with what each selection asks for and what the event has. */
function writeFailure(result: CaseResult): readonly string[] {
  const { rule, case: of } = result;
  return [
    `FAIL  ${rule.title}`,
    `      ${place(of.file)}:${of.line}: ${of.title}`,
    `      ${whyFailed(result)}`,
    ...explainCase(result).flatMap(({ name, isNegated, truth, items }) => [
      `        ${isNegated ? "not " : ""}${name}: ${truth === "unknown" ? "undecided" : truth ? "met" : "not met"}`,
      ...items.map(
        (item) =>
          `          ${mark(item.truth)} ${item.asked}; ${item.found === null ? "the event has no such field" : `the event has ${item.found}`}`,
      ),
    ]),
  ];
}

const mark = (truth: CaseResult["truth"]) => (truth === true ? "+" : truth === false ? "-" : "?");

/** The results as JUnit XML, a suite for each rule. */
export function writeJUnit(rules: readonly RuleWithCases[], results: readonly CaseResult[]): string {
  const suites = rules.flatMap(({ rule, file }) => {
    const ofRule = results.filter((result) => result.rule === rule);
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

function writeTestCase(result: CaseResult): string[] {
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
  rules: readonly RuleWithCases[],
  results: readonly CaseResult[],
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
      expected: result.case.matches,
      found: result.truth,
      passed: result.passed,
      ...(result.passed ? {} : { selections: explainCase(result) }),
    })),
  };
}
