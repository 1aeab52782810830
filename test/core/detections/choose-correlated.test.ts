import { expect, test } from "vitest";
import { chooseCorrelated } from "../../../lambda/core/detections/choose-correlated.ts";
import type { Correlation } from "../../../lambda/core/sigma/correlation.ts";
import type { Rule } from "../../../lambda/core/sigma/rule.ts";
import { rule } from "../../fixtures/rules.ts";

const idOf = (number: number) => `00000000-0000-4000-8000-00000000000${number}`;
const ruleOf = (number: number, changes: Partial<Rule> = {}): Rule => ({
  ...rule("low", idOf(number), { eventType: "a.b" }),
  ...changes,
});
const correlation = (rules: readonly number[], changes: Partial<Correlation>): Correlation => ({
  id: idOf(9),
  name: null,
  title: "Together",
  status: "stable",
  level: "high",
  description: "",
  references: [],
  author: null,
  date: null,
  tags: [],
  falsePositives: [],
  pack: null,
  triage: [],
  type: "temporal",
  rules: rules.map((number) => ({ id: idOf(number), title: String(number), isCorrelation: false })),
  groupBy: [],
  timespan: "1h",
  milliseconds: 3_600_000,
  valueFields: [],
  percentile: null,
  condition: { kind: "criteria", criteria: [{ operator: "gte", limit: 2 }] },
  generate: false,
  ...changes,
});
const chosen = { experimental: false };
const idsOf = (some: readonly { readonly id: string }[]) => some.map(({ id }) => id);

test("a rule that runs keeps its own results beside a correlation that asks for them, and no other does", () => {
  const rules = [ruleOf(1, { status: "stable" }), ruleOf(2, { status: "experimental" })];
  for (const generate of [true, false]) {
    const { evaluated, own, silent } = chooseCorrelated(
      { rules, correlations: [correlation([1, 2], { generate })] },
      chosen,
    );
    expect(idsOf(evaluated)).toEqual([idOf(1), idOf(2)]);
    expect(idsOf(own)).toEqual(generate ? [idOf(1)] : []);
    expect([...silent].sort()).toEqual(generate ? [idOf(2)] : [idOf(1), idOf(2)]);
  }
});

test("a rule that is off is evaluated for correlations that run alone", () => {
  const rules = [ruleOf(1, { status: "stable" }), ruleOf(2, { status: "experimental" })];
  const { evaluated, own } = chooseCorrelated(
    { rules, correlations: [correlation([1, 2], { status: "experimental" })] },
    chosen,
  );
  expect(idsOf(evaluated)).toEqual([idOf(1)]);
  expect(idsOf(own)).toEqual([idOf(1)]);
});
