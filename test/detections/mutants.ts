import type { RuleCase } from "../../cli/rules/cases-file.ts";
import { enrichmentOf } from "../../cli/rules/run-cases.ts";
import { compileRule } from "../../lambda/core/sigma/compile.ts";
import { compileRegex } from "../../lambda/core/sigma/regex.ts";
import type { Condition, DetectionItem, Operand, Rule, Selection } from "../../lambda/core/sigma/rule.ts";

/** A rule with one change that its cases have to find. */
export interface Mutant {
  /** What is changed: `without selection filter_before`. */
  readonly change: string;
  readonly rule: Rule;
}

/**
 * Every change of a rule that drops one selection of its condition, negates one, or replaces one value of a selection by
 * one that no event has (a comparison, by its opposite).
 */
export function mutantsOf(rule: Rule): readonly Mutant[] {
  const names = Object.keys(rule.selections).filter((name) => isAsked(rule.condition, name));
  const dropped = names.flatMap((name) => {
    const condition = without(rule.condition, name);
    return condition === null ? [] : [{ change: `without selection ${name}`, rule: { ...rule, condition } }];
  });
  const negated = names.map((name) => ({
    change: `selection ${name} negated`,
    rule: { ...rule, condition: negate(rule.condition, name) },
  }));
  const flipped = names.flatMap((name) =>
    flips(rule.selections[name] ?? []).map(({ change, selection }) => ({
      change: `${name}: ${change}`,
      rule: { ...rule, selections: { ...rule.selections, [name]: selection } },
    })),
  );
  return [...dropped, ...negated, ...flipped].filter((each) => JSON.stringify(each.rule) !== JSON.stringify(rule));
}

/** Whether a condition asks for a selection: those of filters that are left out stay in the rule, unused. */
function isAsked(condition: Condition, name: string): boolean {
  if (condition.kind === "selection") return condition.name === name;
  const operands = condition.kind === "not" ? [condition.operand] : condition.operands;
  return operands.some((operand) => isAsked(operand, name));
}

/** Whether a case turns red. */
export function isFound({ rule }: Mutant, cases: readonly RuleCase[]): boolean {
  const { evaluate } = compileRule(rule, { compileRegex });
  return cases.some((each) => evaluate(each.event.received, enrichmentOf(each)) !== each.matches);
}

/** A condition that does not ask for a selection; null where nothing is left. */
export function without(condition: Condition, name: string): Condition | null {
  if (condition.kind === "selection") return condition.name === name ? null : condition;
  if (condition.kind === "not") {
    const operand = without(condition.operand, name);
    return operand && { kind: "not", operand };
  }
  const operands = condition.operands.flatMap((operand) => without(operand, name) ?? []);
  return operands.length === 0 ? null : { kind: condition.kind, operands };
}

function negate(condition: Condition, name: string): Condition {
  if (condition.kind === "selection") {
    return condition.name === name ? { kind: "not", operand: condition } : condition;
  }
  if (condition.kind === "not") return { kind: "not", operand: negate(condition.operand, name) };
  return { kind: condition.kind, operands: condition.operands.map((operand) => negate(operand, name)) };
}

function flips(selection: Selection): { readonly change: string; readonly selection: Selection }[] {
  return selection.flatMap((items, map) =>
    items.flatMap((item, at) =>
      item.values.map((operands, index) => {
        const values = item.values.map((each, place) => (place === index ? operands.map(flip) : each));
        const changed: DetectionItem = { ...item, values };
        return {
          change: `${item.field ?? "keyword"}, value ${index + 1} of ${item.values.length}`,
          selection: selection.map((each, place) =>
            place === map ? each.map((other, position) => (position === at ? changed : other)) : each,
          ),
        };
      }),
    ),
  );
}

const noValue = "no event has this";
const opposite = { lt: "gte", lte: "gt", gt: "lte", gte: "lt" } as const;

function flip(operand: Operand): Operand {
  switch (operand.kind) {
    case "pattern":
      return { kind: "pattern", pattern: [noValue] };
    case "regex":
      return { ...operand, source: noValue };
    case "compare":
      return { ...operand, operator: opposite[operand.operator] };
    case "exists":
      return { ...operand, expected: !operand.expected };
    case "null":
      return { kind: "exists", expected: true };
    case "cidr":
      return { kind: "cidr", network: "192.0.2.255", prefix: 32 };
    case "field":
      return { ...operand, field: noValue };
  }
}
