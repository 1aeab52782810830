import { type FieldValues, parsePath, readField } from "./field.ts";
import { applyModifiers, type Operand } from "./modifiers.ts";
import { compilePattern } from "./pattern.ts";
import { type Condition, type DetectionItem, type Rule, type Selection, SigmaRuleError } from "./rule.ts";
import { every, negate, some, type Truth } from "./truth.ts";

/** Decides about one event. Never throws, whatever the event is. */
export type Evaluate = (event: unknown) => Truth;

/** A rule and the function that it was compiled into. */
export interface CompiledRule {
  readonly rule: Rule;
  /** "unknown" when the outcome depends on a field that holds {@link UNKNOWN}. */
  readonly evaluate: Evaluate;
}

/**
 * Compiles a rule, once, into a function.
 *
 * @throws SigmaRuleError when a modifier is not known or cannot stand where it stands; its path leads to the item
 */
export function compileRule(rule: Rule): CompiledRule {
  const selections = new Map(
    Object.entries(rule.selections).map(([name, selection]) => [name, compileSelection(name, selection)] as const),
  );
  return { rule, evaluate: compileCondition(rule.condition, selections) };
}

function compileCondition(condition: Condition, selections: ReadonlyMap<string, Evaluate>): Evaluate {
  switch (condition.kind) {
    case "selection": {
      const selection = selections.get(condition.name);
      if (selection === undefined) throw new SigmaRuleError(`the selection "${condition.name}" is not defined`);
      return selection;
    }
    case "not": {
      const operand = compileCondition(condition.operand, selections);
      return (event) => negate(operand(event));
    }
    case "and":
    case "or": {
      const operands = condition.operands.map((operand) => compileCondition(operand, selections));
      const combine = condition.kind === "and" ? every : some;
      return (event) => combine(operands, (operand) => operand(event));
    }
  }
}

function compileSelection(name: string, selection: Selection): Evaluate {
  const maps = selection.map((items) => items.map((item) => compileItem(name, item)));
  return (event) => some(maps, (items) => every(items, (item) => item(event)));
}

function compileItem(selection: string, item: DetectionItem): Evaluate {
  const path = parsePath(item.field);
  try {
    const match = applyModifiers(item);
    const tests = match.operands.map((operand) => compileOperand(operand, match.cased));
    const link = match.linking === "all" ? every : some;
    return (event) => {
      const found = readField(event, path);
      return link(tests, (test) => test(found));
    };
  } catch (error) {
    if (!(error instanceof SigmaRuleError)) throw error;
    throw new SigmaRuleError(error.message, ["detection", selection, [item.field, ...item.modifiers].join("|")]);
  }
}

function compileOperand(operand: Operand, cased: boolean): (found: FieldValues) => Truth {
  switch (operand.kind) {
    case "pattern": {
      const test = compilePattern(operand.pattern, cased);
      return ({ values, unknown }) =>
        values.some((value) => isScalar(value) && test(String(value))) || (unknown ? "unknown" : false);
    }
    case "null":
      return ({ values, unknown }) => values.every((value) => value === null) && (unknown ? "unknown" : true);
    case "exists":
      return ({ values, unknown }) =>
        values.length === 0 && unknown ? "unknown" : values.length > 0 === operand.expected;
  }
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
