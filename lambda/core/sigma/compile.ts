import { createNetworkTest } from "../network/cidr.ts";
import {
  type Enrichment,
  type FieldPath,
  type FieldValues,
  findValue,
  isScalar,
  parsePath,
  readField,
} from "./field.ts";
import type { LastEvent } from "./last-event.ts";
import { compilePattern, fold } from "./pattern.ts";
import type { CompileRegex } from "./regex.ts";
import {
  type ComparisonOperator,
  type Condition,
  type DetectionItem,
  type Operand,
  type Rule,
  type Selection,
  SigmaRuleError,
  type TextComparison,
} from "./rule.ts";
import { readTimePart } from "./time-part.ts";
import { every, negate, some, type Truth } from "./truth.ts";

/** Evaluates one event. It throws for no event. */
export type Evaluate = (event: unknown, enrichment?: Enrichment) => Truth;

/** A field that made a selection match, with the values that did. */
export interface MatchedField {
  /** Dotted path, as the rule writes it; for a keyword, the path of the value that matched. */
  readonly field: string;
  /** The event's values that match; empty when the field's absence matched. */
  readonly values: readonly unknown[];
}

/** A selection that matched. */
export interface MatchedSelection {
  readonly selection: string;
  readonly fields: readonly MatchedField[];
}

/** A rule and the functions that it was compiled into. */
export interface CompiledRule {
  readonly rule: Rule;
  /** "unknown" when the outcome depends on a field that holds `UNKNOWN`. */
  readonly evaluate: Evaluate;
  /** The selections that the condition requires and the event meets, each with the values that matched. */
  readonly explain: (event: unknown, enrichment?: Enrichment) => readonly MatchedSelection[];
}

/** Options of compiling a rule. */
export interface CompileOptions {
  /** Compiles regular expressions; without it, rules that hold any cannot be compiled. */
  readonly compileRegex?: CompileRegex | undefined;
  /**
   * What rules share, so that an event is tested once for equal items.
   * @default every rule by itself
   */
  readonly shared?: SharedItems;
}

/** The compiled items of a set of rules, and the event that they were asked for last. */
export interface SharedItems {
  readonly items: Map<string, CompiledItem>;
  readonly lastEvent: LastEvent;
}

/**
 * Compiles a rule, once, into functions.
 *
 * @throws SigmaRuleError when the condition names a selection that is not defined, or an operand cannot be compiled
 */
export function compileRule(rule: Rule, options: CompileOptions = {}): CompiledRule {
  const selections = new Map(
    Object.entries(rule.selections).map(([name, selection]) => [name, compileSelection(selection, options)] as const),
  );
  const asked = positiveSelections(rule.condition);
  const evaluate = compileCondition(rule.condition, selections);
  const { lastEvent } = options.shared ?? {};
  return {
    rule,
    evaluate: (event, enrichment) => {
      lastEvent?.turnTo(event, enrichment);
      return evaluate(event, enrichment);
    },
    explain: (event, enrichment) => {
      lastEvent?.turnTo(event, enrichment);
      return asked.flatMap((name) => {
        const fields = selections.get(name)?.explain(event, enrichment) ?? null;
        return fields === null ? [] : [{ selection: name, fields }];
      });
    },
  };
}

/** Whether any operand of a rule is a regular expression, so that compiling it needs `compileRegex`. */
export function usesRegex(rule: Rule): boolean {
  return Object.values(rule.selections).some((maps) =>
    maps.some((items) => items.some(({ values }) => values.some((each) => each.some(({ kind }) => kind === "regex")))),
  );
}

/** The selections that a condition requires, without those whose absence it requires. */
function positiveSelections(condition: Condition): readonly string[] {
  const found = new Set<string>();
  const visit = (each: Condition, negated: boolean): void => {
    if (each.kind === "not") visit(each.operand, !negated);
    else if (each.kind !== "selection") for (const operand of each.operands) visit(operand, negated);
    else if (!negated) found.add(each.name);
  };
  visit(condition, false);
  return [...found];
}

interface CompiledSelection {
  readonly evaluate: Evaluate;
  /** Null when the selection does not match. */
  readonly explain: (event: unknown, enrichment?: Enrichment) => readonly MatchedField[] | null;
}

/** One field or keyword of a selection, compiled. */
export interface CompiledItem {
  readonly evaluate: Evaluate;
  readonly explain: (event: unknown, enrichment?: Enrichment) => readonly MatchedField[];
}

function compileCondition(condition: Condition, selections: ReadonlyMap<string, CompiledSelection>): Evaluate {
  switch (condition.kind) {
    case "selection": {
      const selection = selections.get(condition.name);
      if (selection === undefined) throw new SigmaRuleError(`the selection "${condition.name}" is not defined`);
      return selection.evaluate;
    }
    case "not": {
      const operand = compileCondition(condition.operand, selections);
      return (event, enrichment) => negate(operand(event, enrichment));
    }
    case "and":
    case "or": {
      const operands = condition.operands.map((operand) => compileCondition(operand, selections));
      return condition.kind === "and" ? everyOf(operands) : someOf(operands);
    }
  }
}

function compileSelection(selection: Selection, options: CompileOptions): CompiledSelection {
  const maps = selection.map((fields) => {
    const items = fields.map((item) => compileItem(item, options));
    return { items, evaluate: everyOf(items.map(({ evaluate }) => evaluate)) };
  });
  return {
    evaluate: someOf(maps.map(({ evaluate }) => evaluate)),
    explain: (event, enrichment) => {
      const matched = maps.find(({ evaluate }) => evaluate(event, enrichment) === true);
      return matched?.items.flatMap((item) => item.explain(event, enrichment)) ?? null;
    },
  };
}

/** {@link every} of several, without a function of its own for each event. */
function everyOf(all: readonly Evaluate[]): Evaluate {
  const [only] = all;
  if (only !== undefined && all.length === 1) return only;
  return (event, enrichment) => {
    let result: Truth = true;
    for (const evaluate of all) {
      const truth = evaluate(event, enrichment);
      if (truth === false) return false;
      if (truth === "unknown") result = truth;
    }
    return result;
  };
}

/** {@link some} of several, likewise. */
function someOf(all: readonly Evaluate[]): Evaluate {
  const [only] = all;
  if (only !== undefined && all.length === 1) return only;
  return (event, enrichment) => {
    let result: Truth = false;
    for (const evaluate of all) {
      const truth = evaluate(event, enrichment);
      if (truth === true) return true;
      if (truth === "unknown") result = truth;
    }
    return result;
  };
}

function compileItem(item: DetectionItem, options: CompileOptions): CompiledItem {
  const { shared } = options;
  const key = shared === undefined ? "" : JSON.stringify(item);
  const known = shared?.items.get(key);
  if (known !== undefined) return known;
  const compiled = item.field === null ? compileKeyword(item, options) : compileField(item, item.field, options);
  if (shared === undefined) return compiled;
  const remembering = { ...compiled, evaluate: rememberLast(compiled.evaluate, shared.lastEvent) };
  shared.items.set(key, remembering);
  return remembering;
}

/** Caches the answer for the last event: the rules of a set evaluate the same event one after the other. */
function rememberLast(evaluate: Evaluate, lastEvent: LastEvent): Evaluate {
  let turn = 0;
  let last: Truth = false;
  return (event, enrichment) => {
    if (turn !== lastEvent.turn) {
      last = evaluate(event, enrichment);
      turn = lastEvent.turn;
    }
    return last;
  };
}

function compileKeyword(item: DetectionItem, options: CompileOptions): CompiledItem {
  const tests = item.values.map((operands) => {
    const any = operands.map((operand) => compileText(operand, item.cased, options));
    return (value: string | number | boolean) => any.some((test) => test(String(value)));
  });
  return {
    evaluate: (event) =>
      item.linking === "all"
        ? tests.every((test) => findValue(event, test) !== null)
        : findValue(event, (value) => tests.some((test) => test(value))) !== null,
    explain: (event) =>
      tests.flatMap((test) => {
        const found = findValue(event, test);
        return found === null ? [] : [{ field: found.path, values: [found.value] }];
      }),
  };
}

function compileField(item: DetectionItem, field: string, options: CompileOptions): CompiledItem {
  const path = parsePath(field);
  const read = options.shared?.lastEvent.readerOf(path) ?? ((event, enrichment) => readField(event, path, enrichment));
  const tests = item.values.map((operands) => {
    const any = operands.map((operand) => compileOperand(operand, item, options));
    const [only] = any;
    if (only !== undefined && any.length === 1) return only;
    return (found: FieldValues, event: unknown, enrichment?: Enrichment) =>
      some(any, (test) => test(found, event, enrichment));
  });
  const link = item.linking === "all" ? every : some;
  const sign = item.negated ? negate : (truth: Truth) => truth;
  const [only] = tests;
  const test: FieldTest =
    only !== undefined && tests.length === 1
      ? only
      : (found, event, enrichment) => link(tests, (each) => each(found, event, enrichment));
  return {
    evaluate: (event, enrichment) => sign(test(read(event, enrichment), event, enrichment)),
    explain: (event, enrichment) => {
      const found = read(event, enrichment);
      const matching = found.values.filter(
        (value) =>
          item.negated ||
          tests.some((test) => test({ values: [value], present: true, unknown: false }, event, enrichment) === true),
      );
      return [{ field, values: matching }];
    },
  };
}

type FieldTest = (found: FieldValues, event: unknown, enrichment?: Enrichment) => Truth;

function compileOperand(operand: Operand, item: DetectionItem, options: CompileOptions): FieldTest {
  switch (operand.kind) {
    case "null":
      return ({ values, unknown }) => values.includes(null) || (unknown ? "unknown" : values.length === 0);
    case "exists":
      return ({ present, unknown }) => (present ? operand.expected : unknown ? "unknown" : !operand.expected);
    case "field":
      return compileFieldComparison(parsePath(operand.field), operand.comparison, item.cased);
    case "pattern":
    case "regex":
    case "cidr":
    case "compare": {
      const { part } = item;
      const test =
        operand.kind === "compare"
          ? compileNumber(operand.operator, operand.limit)
          : compileText(operand, item.cased, options);
      if (part === null) return anyScalar((value) => test(value));
      return anyScalar((value) => {
        const taken = readTimePart(value, part);
        return taken !== null && test(String(taken));
      }, "string");
    }
  }
}

/** True when a test holds for any of a field's values in their written form. */
function anyScalar(test: (written: string) => boolean, only?: "string"): FieldTest {
  return ({ values, unknown }) => {
    for (const value of values) {
      if (typeof value === "string" ? test(value) : only === undefined && isScalar(value) && test(String(value))) {
        return true;
      }
    }
    return unknown ? "unknown" : false;
  };
}

function compileText(operand: Operand, cased: boolean, { compileRegex }: CompileOptions): (text: string) => boolean {
  switch (operand.kind) {
    case "pattern":
      return compilePattern(operand.pattern, cased);
    case "regex":
      if (compileRegex === undefined) throw new SigmaRuleError("regular expressions cannot be run without an engine");
      return compileRegex(operand.source, operand.flags);
    case "cidr":
      return createNetworkTest([{ address: operand.network, prefix: operand.prefix }]);
    default:
      throw new SigmaRuleError(`a value of the kind ${operand.kind} is no text to look for`);
  }
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

function compileNumber(operator: ComparisonOperator, limit: number): (text: string) => boolean {
  const compare: Readonly<Record<ComparisonOperator, (value: number) => boolean>> = {
    lt: (value) => value < limit,
    lte: (value) => value <= limit,
    gt: (value) => value > limit,
    gte: (value) => value >= limit,
  };
  const test = compare[operator];
  return (text) => {
    const trimmed = text.length <= 64 ? text.trim() : "";
    return decimal.test(trimmed) && test(Number(trimmed));
  };
}

function compileFieldComparison(other: FieldPath, comparison: TextComparison, cased: boolean): FieldTest {
  const folded = cased ? (text: string) => text : fold;
  const compare: Readonly<Record<TextComparison, (text: string, part: string) => boolean>> = {
    equals: (text, part) => text === part,
    contains: (text, part) => text.includes(part),
    startswith: (text, part) => text.startsWith(part),
    endswith: (text, part) => text.endsWith(part),
  };
  const test = compare[comparison];
  return (found, event, enrichment) => {
    const others = readField(event, other, enrichment);
    const parts = others.values.filter(isScalar).map((value) => folded(String(value)));
    for (const value of found.values) {
      if (isScalar(value) && parts.some((part) => test(folded(String(value)), part))) return true;
    }
    return found.unknown || others.unknown ? "unknown" : false;
  };
}
