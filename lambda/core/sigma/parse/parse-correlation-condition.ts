import * as z from "zod/mini";
import {
  type CorrelationType,
  type Criterion,
  type CriterionOperator,
  criterionOperators,
  isCount,
  isTemporal,
  maximumCount,
  meetsCriteria,
} from "../correlation.ts";
import { at, SigmaRuleError } from "../rule.ts";
import { wordsOf } from "./parse-condition.ts";
import { parseDocument } from "./parse-rule.ts";

/** The condition of a correlation, before the names of rules in it are resolved. */
export interface WrittenCondition {
  /** Empty for an expression, and for a temporal correlation without a condition. */
  readonly criteria: readonly Criterion[];
  /** The fields that values are read from. */
  readonly fields: readonly string[];
  readonly percentile: number | null;
  /** A boolean expression over rules, its operators in lower case; null for criteria. */
  readonly expression: string | null;
  /** The rules that the expression names, each once, in its order. */
  readonly ruleNames: readonly string[];
}

const path = ["correlation", "condition"];
const criteriaMap = z.record(
  z.string(),
  z.unknown(),
  "expected a map with an operator and a number, for example gte: 10",
);
const operators: ReadonlySet<string> = new Set(criterionOperators);

/**
 * Parses the condition of a correlation: a map of operators and numbers, or, for temporal types, an expression over rules.
 *
 * A condition that holds of no events at all is refused: an event hook delivers events, so that the end of a window
 * without any is not noticed.
 *
 * @param written undefined where the correlation has none
 * @throws SigmaRuleError with the path of the fault
 */
export function parseCorrelationCondition(written: unknown, type: CorrelationType): WrittenCondition {
  if (typeof written === "string") return at(path, () => parseExpression(written, type));
  if (written === undefined && isTemporal({ type })) return { ...nothing };
  if (written === undefined)
    throw new SigmaRuleError(`${type} needs a condition, for example gte: 10`, ["correlation"]);
  const map = at(path, () => parseDocument(criteriaMap, written));
  const criteria = Object.entries(map)
    .filter(([key]) => operators.has(key))
    .map(([key, limit]) => parseCriterion(key as CriterionOperator, limit, type));
  for (const key of Object.keys(map)) {
    if (operators.has(key) || key === "field" || key === "percentile") continue;
    throw new SigmaRuleError(`unknown operator "${key}"; expected some of ${criterionOperators.join(", ")}`, [
      ...path,
      key,
    ]);
  }
  if (criteria.length === 0) {
    throw new SigmaRuleError(`names no operator; expected some of ${criterionOperators.join(", ")}`, path);
  }
  const condition = {
    criteria,
    fields: parseFields(map.field, type),
    percentile: parsePercentile(map.percentile, type),
    expression: null,
    ruleNames: [],
  };
  refuseWhatHoldsOfNothing(criteria, type);
  refuseContradiction(criteria, isCount({ type }) || isTemporal({ type }));
  return condition;
}

const nothing: WrittenCondition = { criteria: [], fields: [], percentile: null, expression: null, ruleNames: [] };

function parseCriterion(operator: CriterionOperator, limit: unknown, type: CorrelationType): Criterion {
  const where = [...path, operator];
  if (typeof limit !== "number" || !Number.isFinite(limit)) throw new SigmaRuleError("expected a number", where);
  if (isCount({ type }) || isTemporal({ type })) {
    if (!Number.isInteger(limit) || limit < 0) throw new SigmaRuleError("expected a whole number from 0", where);
    if (limit > maximumCount) {
      throw new SigmaRuleError(
        `counts up to ${maximumCount} can be compared: a group keeps as many events, and no more`,
        where,
      );
    }
  }
  return { operator, limit };
}

function parseFields(written: unknown, type: CorrelationType): readonly string[] {
  const where = [...path, "field"];
  if (type === "event_count" || isTemporal({ type })) {
    if (written === undefined) return [];
    throw new SigmaRuleError(`${type} reads no field; value_count counts the values of one`, where);
  }
  if (written === undefined) throw new SigmaRuleError(`${type} needs a field, whose values it reads`, path);
  const fields: unknown[] = [written].flat();
  if (fields.length === 0 || !fields.every((field) => typeof field === "string" && field !== "")) {
    throw new SigmaRuleError("expected a field's name", where);
  }
  if (fields.length > 1 && type !== "value_count") throw new SigmaRuleError(`${type} reads one field`, where);
  return fields as string[];
}

function parsePercentile(written: unknown, type: CorrelationType): number | null {
  const where = [...path, "percentile"];
  if (type !== "value_percentile") {
    if (written === undefined) return null;
    throw new SigmaRuleError(`${type} has no percentile`, where);
  }
  if (written === undefined) {
    throw new SigmaRuleError(
      "the specification does not say which percentile: add one, for example percentile: 95",
      path,
    );
  }
  if (typeof written !== "number" || !(written > 0 && written <= 100)) {
    throw new SigmaRuleError("expected a number over 0, at most 100", where);
  }
  return written;
}

/** The average and the percentile of no values do not exist, so that no comparison holds of them. */
function refuseWhatHoldsOfNothing(criteria: readonly Criterion[], type: CorrelationType): void {
  if (type === "value_avg" || type === "value_percentile" || !meetsCriteria(0, criteria)) return;
  throw new SigmaRuleError(
    "it holds of no events at all, and would fire without any: no event is delivered that could tell; give it a lower bound",
    path,
  );
}

/** Numbers are tried at every limit, around it and between two of them. */
function refuseContradiction(criteria: readonly Criterion[], isWhole: boolean): void {
  const around = criteria.flatMap(({ limit }) => [limit - 1, limit, limit + 1]);
  const between = criteria.flatMap((one) => criteria.map((other) => (one.limit + other.limit) / 2));
  const tried = isWhole ? around.filter((value) => value >= 0) : [...around, ...between];
  if (tried.some((value) => meetsCriteria(value, criteria))) return;
  throw new SigmaRuleError("no number meets all of these", path);
}

function parseExpression(text: string, type: CorrelationType): WrittenCondition {
  if (!isTemporal({ type })) {
    throw new SigmaRuleError(`${type} compares a number, for example gte: 10; temporal takes an expression over rules`);
  }
  const words = wordsOf(text);
  // The specification's own tests write AND; pySigma's grammar has lower case alone.
  const folded = words.map((word) => (/^(?:and|or|not)$/i.test(word) ? word.toLowerCase() : word));
  const ruleNames = folded.filter((word) => !/^(?:and|or|not|[()])$/.test(word));
  if (ruleNames.length === 0) throw new SigmaRuleError("expected an expression over rules, for example a and not b");
  return { ...nothing, expression: folded.join(" "), ruleNames: [...new Set(ruleNames)] };
}
