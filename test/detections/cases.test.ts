import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readAllCases } from "../../cli/rules/all-cases.ts";
import { runCases } from "../../cli/rules/run-cases.ts";
import { runStreams } from "../../cli/rules/run-streams.ts";
import { writeResults } from "../../cli/rules/write-results.ts";
import { loadDetections } from "../../lambda/adapters/rule-files/load-detections.ts";
import { correlationMutantsOf, isFoundInStreams } from "./correlation-mutants.ts";
import { isFound, mutantsOf } from "./mutants.ts";

const folder = fileURLToPath(new URL("../../detections", import.meta.url));
const { rules, correlations } = await readAllCases(await loadDetections(folder), []);
/** The rules that are shipped; a fork may hold others beside them. */
const ours = rules.filter(({ rule }) => rule.author === "okta-proxy-watch");
const ourCorrelations = correlations.filter(({ rule }) => rule.author === "okta-proxy-watch");

test("every rule and correlation does what the cases beside it say", () => {
  const results = [...runCases(rules), ...runStreams(correlations)];
  expect(results.length).toBeGreaterThan(150);
  const failed = results.filter(({ passed }) => !passed);
  expect(failed, writeResults([...rules, ...correlations], results, [])).toEqual([]);
});

test("every rule that is shipped has at least two cases that match and two near misses", () => {
  expect(ours.length).toBeGreaterThan(15);
  const short = ours.filter(
    ({ cases }) =>
      cases.filter(({ matches }) => matches).length < 2 || cases.filter(({ matches }) => !matches).length < 2,
  );
  expect(short.map(({ file }) => file)).toEqual([]);
});

test("every correlation that is shipped has at least two streams on which it fires and two near misses", () => {
  const short = ourCorrelations.filter(
    ({ cases }) => cases.filter(({ fires }) => fires).length < 2 || cases.filter(({ fires }) => !fires).length < 2,
  );
  expect(short.map(({ rule }) => rule.title)).toEqual([]);
});

test("a rule with a selection dropped or negated, or a value replaced, turns a case red", () => {
  const survivors: string[] = [];
  let count = 0;
  for (const { rule, cases } of ours) {
    for (const mutant of mutantsOf(rule)) {
      count += 1;
      if (!isFound(mutant, cases)) survivors.push(`${rule.title}: ${mutant.change}`);
    }
  }
  process.stdout.write(`${count} changes of ${ours.length} rules, ${count - survivors.length} found by their cases\n`);
  expect(count).toBeGreaterThan(200);
  expect(survivors).toEqual([]);
});

test("a correlation with a rule or group dropped, or its timespan, limit, order or field changed, turns a case red", () => {
  const survivors: string[] = [];
  let count = 0;
  for (const each of ourCorrelations) {
    for (const mutant of correlationMutantsOf(each.rule)) {
      count += 1;
      if (!isFoundInStreams(mutant, each)) survivors.push(`${each.rule.title}: ${mutant.change}`);
    }
  }
  process.stdout.write(
    `${count} changes of ${ourCorrelations.length} correlations, ${count - survivors.length} found by their cases\n`,
  );
  expect(survivors).toEqual([]);
});
