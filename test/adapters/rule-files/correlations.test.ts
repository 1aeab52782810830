import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { loadDetections } from "../../../lambda/adapters/rule-files/load-detections.ts";
import type { Json } from "../../fixtures/events.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "correlations-"));
});
afterEach(() => rm(folder, { recursive: true }));

const rule = (name: string, number: number, fields: Json = { eventType: name }): Json => ({
  title: `Rule ${name}`,
  id: `00000000-0000-4000-8000-00000000000${number}`,
  name,
  logsource: { product: "okta" },
  detection: { selection: fields, condition: "selection" },
  level: "low",
});
const rules = [rule("a", 1), rule("b", 2), rule("c", 3)];
const correlation = (section: Json, overrides: Json = {}): Json => ({
  title: "Together",
  id: "00000000-0000-4000-8000-0000000000c1",
  level: "high",
  level_reason: "A test",
  correlation: { type: "temporal", rules: ["a", "b"], "group-by": ["actor.id"], timespan: "5m", ...section },
  ...overrides,
});
const count = (section: Json): Json =>
  correlation({ type: "event_count", rules: ["a"], condition: { gte: 3 }, ...section });

async function load(...documents: readonly Json[]) {
  await writeFile(join(folder, "rules.yml"), documents.map((each) => stringify(each)).join("---\n"));
  return loadDetections(folder);
}

/** The first correlation, and the warnings without their file. */
async function loadOne(...documents: readonly Json[]) {
  const { correlations, warnings } = await load(...documents);
  return { correlation: correlations[0]?.content, warnings: warnings.map((each) => each.replace(/^.*rules\.yml/, "")) };
}

describe("a correlation", () => {
  test("is read from a file with its rules, which may come later, with everything that it says", async () => {
    const { correlation: read, warnings } = await loadOne(
      correlation(
        { rules: ["a", "00000000-0000-4000-8000-000000000002"] },
        { tags: ["attack.persistence"], falsepositives: "A test", generate: true, description: "Why" },
      ),
      ...rules,
    );
    expect(warnings).toEqual([]);
    expect(read).toEqual({
      id: "00000000-0000-4000-8000-0000000000c1",
      name: null,
      title: "Together",
      status: null,
      level: "high",
      description: "Why",
      references: [],
      author: null,
      date: null,
      tags: ["attack.persistence"],
      falsePositives: ["A test"],
      pack: null,
      triage: [],
      type: "temporal",
      rules: [
        { id: "00000000-0000-4000-8000-000000000001", title: "Rule a", isCorrelation: false },
        { id: "00000000-0000-4000-8000-000000000002", title: "Rule b", isCorrelation: false },
      ],
      groupBy: [{ name: "actor.id", fields: ["actor.id", "actor.id"] }],
      timespan: "5m",
      milliseconds: 300_000,
      valueFields: [],
      percentile: null,
      condition: { kind: "criteria", criteria: [{ operator: "gte", limit: 2 }] },
      generate: true,
    });
  });

  test("names rules of other files, and other correlations", async () => {
    await writeFile(join(folder, "a.yml"), stringify(rules[0]));
    const many = { ...count({}), name: "many_a", id: "00000000-0000-4000-8000-0000000000c2", title: "Many" };
    const { correlations } = await load(...rules.slice(1), many, correlation({ rules: ["many_a", "b"] }));
    expect(correlations.map(({ content }) => content.rules)).toEqual([
      [{ id: "00000000-0000-4000-8000-000000000001", title: "Rule a", isCorrelation: false }],
      [
        { id: "00000000-0000-4000-8000-0000000000c2", title: "Many", isCorrelation: true },
        { id: "00000000-0000-4000-8000-000000000002", title: "Rule b", isCorrelation: false },
      ],
    ]);
  });

  test("groups by an alias, which stands for a field of each rule", async () => {
    const { correlation: read } = await loadOne(
      correlation({ "group-by": ["person"], aliases: { person: { a: "actor.id", b: "target.id" } } }),
      ...rules,
    );
    expect(read?.groupBy).toEqual([{ name: "person", fields: ["actor.id", "target.id"] }]);
  });

  test.each([
    ["30s", 30_000],
    ["90m", 5_400_000],
    ["12h", 43_200_000],
    ["7d", 604_800_000],
  ])("takes a timespan of %s", async (timespan, milliseconds) => {
    expect((await loadOne(count({ timespan }), ...rules)).correlation?.milliseconds).toBe(milliseconds);
  });

  test.each([
    ["one operator", { gte: 3 }, [{ operator: "gte", limit: 3 }]],
    [
      "a range",
      { gt: 100, lte: 200 },
      [
        { operator: "gt", limit: 100 },
        { operator: "lte", limit: 200 },
      ],
    ],
    ["an equal number", { eq: 3 }, [{ operator: "eq", limit: 3 }]],
    ["any number but 0", { neq: 0 }, [{ operator: "neq", limit: 0 }]],
  ])("compares a count by %s", async (_, condition, criteria) => {
    expect((await loadOne(count({ condition }), ...rules)).correlation?.condition).toEqual({
      kind: "criteria",
      criteria,
    });
  });

  test.each(["temporal", "temporal_ordered"])("of type %s takes an expression over rules", async (type) => {
    const condition = "a AND (b or not c)";
    expect(
      (await loadOne(correlation({ type, rules: ["a", "b", "c"], condition }), ...rules)).correlation,
    ).toMatchObject({
      condition: {
        kind: "expression",
        expression: {
          kind: "and",
          operands: [
            { kind: "selection", name: "0" },
            {
              kind: "or",
              operands: [
                { kind: "selection", name: "1" },
                { kind: "not", operand: { kind: "selection", name: "2" } },
              ],
            },
          ],
        },
      },
    });
  });

  test("without rules is about those that its expression names, in its order", async () => {
    const { correlation: read } = await loadOne(correlation({ rules: undefined, condition: "b and a" }), ...rules);
    expect(read?.rules.map(({ title }) => title)).toEqual(["Rule b", "Rule a"]);
  });

  test.each([
    ["value_count", { field: ["client.ipAddress", "actor.id"], gte: 3 }, null],
    ["value_sum", { field: "debugContext.debugData.bytes", gt: 0.5 }, null],
    ["value_avg", { field: "debugContext.debugData.bytes", lt: 2.5 }, null],
    ["value_percentile", { field: "debugContext.debugData.bytes", percentile: 95, gte: 10 }, 95],
  ])("of type %s reads values of a field", async (type, condition, percentile) => {
    const { correlation: read } = await loadOne(count({ type, condition }), ...rules);
    expect(read).toMatchObject({ type, percentile, valueFields: [condition.field].flat().map((field) => [field]) });
  });
});

describe("a correlation is refused with file, line and reason", () => {
  test.each<[string, Json, RegExp]>([
    ["names an unknown rule", correlation({ rules: ["a", "z"] }), /rules\.yml:9: correlation\.rules\.1: .*"z"/],
    ["names a rule twice", correlation({ rules: ["a", "a"] }), /:9: correlation\.rules\.1: "Rule a" is named before/],
    [
      "waits for itself",
      correlation({ rules: ["a", "self"] }, { name: "self" }),
      /waits? for itself: Together -> Together/,
    ],
    ["puts one rule in time", correlation({ rules: ["a"] }), /:7: correlation\.rules: temporal needs two rules/],
    ["has another type", correlation({ type: "value_median" }), /:6: correlation\.type: expected one of event_count/],
    ["looks back too far", count({ timespan: "8d" }), /correlation\.timespan: a timespan of 8d is over what is kept/],
    ["combines units", count({ timespan: "1h30m" }), /"1h30m" is no timespan/],
    ["has months", count({ timespan: "1M" }), /"1M" is no timespan/],
    ["looks back not at all", count({ timespan: "0s" }), /a timespan of 0/],
    ["groups by what no event has", count({ "group-by": ["actor.idd"] }), /group-by\.0: .*did you mean "actor\.id"/],
    ["groups by what the pipeline does not add", count({ "group-by": ["enrichment.x"] }), /no event has the field/],
    ["groups by the mismatch", count({ "group-by": ["enrichment.geo.verdict"] }), /once a store has answered/],
    [
      "groups by what changed in the session",
      count({ "group-by": ["enrichment.session.changed"] }),
      /once a store has answered/,
    ],
    [
      "has an alias without a field for a rule",
      correlation({ "group-by": ["p"], aliases: { p: { a: "actor.id" } } }),
      /alias "p" has no field for the rule "b"/,
    ],
    [
      "has an alias for another rule",
      correlation({ aliases: { p: { c: "actor.id" } } }),
      /aliases\.p\.c: .*no rule "c"/,
    ],
    ["has no condition", count({ condition: undefined }), /event_count needs a condition/],
    ["has an empty condition", count({ condition: {} }), /names no operator/],
    ["has another operator", count({ condition: { ge: 3 } }), /correlation\.condition\.ge: unknown operator "ge"/],
    ["compares with text", count({ condition: { gte: "3" } }), /condition\.gte: expected a number/],
    ["counts fractions", count({ condition: { gte: 2.5 } }), /condition\.gte: expected a whole number/],
    ["counts too far", count({ condition: { gte: 251 } }), /counts up to 250 can be compared/],
    ["contradicts itself", count({ condition: { gt: 5, lt: 6 } }), /no number meets all of these/],
    ["holds of few events", count({ condition: { lt: 5 } }), /condition: it holds of no events at all/],
    ["holds of any number but one", count({ condition: { neq: 5 } }), /it holds of no events at all/],
    ["holds of absence", correlation({ condition: "a or not b" }), /condition: it holds of no events at all/],
    ["counts more rules than it has", correlation({ condition: { gte: 3 } }), /at most 2/],
    ["expresses a count", count({ condition: "a and b" }), /event_count compares a number/],
    ["expresses another rule", correlation({ condition: "a and c" }), /names "c", which is none/],
    ["expresses nothing", correlation({ condition: "a and" }), /condition: .*expected the name/],
    [
      "counts a field's events",
      count({ condition: { gte: 3, field: "actor.id" } }),
      /condition\.field: event_count reads no field/,
    ],
    ["counts no field's values", count({ type: "value_count" }), /value_count needs a field/],
    [
      "sums two fields",
      count({ type: "value_sum", condition: { gte: 3, field: ["actor.id", "uuid"] } }),
      /reads one field/,
    ],
    [
      "has an unknown percentile",
      count({ type: "value_percentile", condition: { gte: 3, field: "uuid" } }),
      /which percentile/,
    ],
    [
      "has a percentile of a sum",
      count({ type: "value_sum", condition: { gte: 3, field: "uuid", percentile: 5 } }),
      /value_sum has no percentile/,
    ],
    ["has an unknown key", count({ window: "tumbling" }), /correlation\.window: unknown key "window"/],
    ["has a misspelt key", { ...count({}), levle: "high" }, /did you mean "level"/],
    ["is a rule as well", { ...count({}), detection: {} }, /detection: a correlation has no detection/],
    ["has the id of a rule", { ...count({}), id: "00000000-0000-4000-8000-000000000001" }, /the id .* is taken by/],
  ])("that %s", async (_, document, message) => {
    await expect(load(document, ...rules)).rejects.toThrow(message);
  });

  test("that waits for itself through another one", async () => {
    const one = correlation({ rules: ["a", "two"] }, { name: "one" });
    const two = correlation({ rules: ["b", "one"] }, { name: "two", title: "Two", id: rule("x", 9).id });
    await expect(load(one, two, ...rules)).rejects.toThrow(/Together -> Two -> Together/);
  });
});

describe("a correlation may", () => {
  test.each<[string, Json, RegExp]>([
    ["be without group-by", count({ "group-by": undefined }), /it has no group-by/],
    ["be without a level", { ...count({}), level: undefined }, /it has no level/],
    [
      "have a bound that further events exceed",
      count({ condition: { eq: 3 } }),
      /decided by the events that have arrived/,
    ],
    [
      "ask for absence beside presence",
      correlation({ rules: ["a", "b", "c"], condition: "a and b and not c" }),
      /not withdrawn/,
    ],
    [
      "define an alias for nothing",
      correlation({ aliases: { p: { a: "uuid", b: "uuid" } } }),
      /aliases\.p: .*no effect/,
    ],
  ])("%s, with a warning", async (_, document, warning) => {
    expect((await loadOne(document, ...rules)).warnings).toEqual([expect.stringMatching(warning)]);
  });

  test("group by a field that Okta's documents do not have where a related rule asks for it, with a warning", async () => {
    const { warnings } = await loadOne(count({ "group-by": ["newField"] }), rule("a", 1, { newField: "*" }));
    expect(warnings.filter((each) => /correlation\.group-by/.test(each))).toHaveLength(1);
  });
});
