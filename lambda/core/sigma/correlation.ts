import type { Condition, Rule } from "./rule.ts";

/** The types of correlations of the Sigma specification 2.1. */
export const correlationTypes = [
  "event_count",
  "value_count",
  "temporal",
  "temporal_ordered",
  "value_sum",
  "value_avg",
  "value_percentile",
] as const;
export type CorrelationType = (typeof correlationTypes)[number];

/** How a correlation compares its count, sum, average or percentile with a number. */
export const criterionOperators = ["gt", "gte", "lt", "lte", "eq", "neq"] as const;
export type CriterionOperator = (typeof criterionOperators)[number];

/** One operator of a condition, and its number. */
export interface Criterion {
  readonly operator: CriterionOperator;
  readonly limit: number;
}

/** When a correlation holds of the events of one group and window. */
export type CorrelationCondition =
  /** All criteria hold of the number of events, values or rules, or of the sum, average or percentile. */
  | { readonly kind: "criteria"; readonly criteria: readonly Criterion[] }
  /** The expression holds of the rules that fired. Its selections are named by indexes into the correlation's rules. */
  | { readonly kind: "expression"; readonly expression: Condition };

/** A rule, or another correlation, whose matches take part in a correlation. */
export interface RelatedRule {
  readonly id: string;
  readonly title: string;
  readonly isCorrelation: boolean;
}

/** A part of what a correlation groups events by. */
export interface GroupField {
  /** As written: a field's dotted path, or an alias. */
  readonly name: string;
  /** The field that holds the value, for each of the correlation's rules. */
  readonly fields: readonly string[];
}

/** A Sigma correlation as this engine evaluates it: plain JSON, checked, its references resolved. */
export interface Correlation
  extends Pick<
    Rule,
    | "id"
    | "name"
    | "title"
    | "status"
    | "level"
    | "description"
    | "references"
    | "author"
    | "date"
    | "tags"
    | "falsePositives"
    | "pack"
    | "triage"
  > {
  readonly type: CorrelationType;
  /** At least one, each once, in the order of the file: the order that `temporal_ordered` asks for. */
  readonly rules: readonly RelatedRule[];
  /** Empty where all events are one group. */
  readonly groupBy: readonly GroupField[];
  /** As written: `5m`. */
  readonly timespan: string;
  /** The timespan in milliseconds, up to {@link maximumTimespan}. */
  readonly milliseconds: number;
  /** The fields that values are read from, for each of the rules; empty for types without `field`. */
  readonly valueFields: readonly (readonly string[])[];
  /** For `value_percentile`: more than 0, at most 100. Null for other types. */
  readonly percentile: number | null;
  readonly condition: CorrelationCondition;
  /** Whether the related rules yield results of their own beside the correlation's. */
  readonly generate: boolean;
}

/** The longest timespan, in milliseconds: the pipeline keeps its state of sessions and claims for seven days too. */
export const maximumTimespan = 7 * 86_400_000;
/**
 * The greatest number that a condition may compare a count with. A group keeps about twice as many events in each of
 * its slots (see `core/correlation/group-state.ts`), so that this bounds the size of its state.
 */
export const maximumCount = 250;
/** The most rules of one correlation. */
export const maximumRules = 16;
/** The most rules of a `temporal_ordered` correlation with an expression: every subset of them may have to be tried. */
export const maximumOrderedRules = 8;

/** Whether all criteria hold of a number. */
export function meetsCriteria(value: number, criteria: readonly Criterion[]): boolean {
  return criteria.every(({ operator, limit }) => compare[operator](value, limit));
}

const compare: Readonly<Record<CriterionOperator, (value: number, limit: number) => boolean>> = {
  gt: (value, limit) => value > limit,
  gte: (value, limit) => value >= limit,
  lt: (value, limit) => value < limit,
  lte: (value, limit) => value <= limit,
  eq: (value, limit) => value === limit,
  neq: (value, limit) => value !== limit,
};

/** Whether a correlation is one over the rules that fired. */
export function isTemporal({ type }: Pick<Correlation, "type">): boolean {
  return type === "temporal" || type === "temporal_ordered";
}

/** Whether a correlation counts events or values. */
export function isCount({ type }: Pick<Correlation, "type">): boolean {
  return type === "event_count" || type === "value_count";
}

/**
 * Whether further events never make a condition false that held without them. Of such a correlation the order in which
 * events arrive changes nothing; any other is decided by the events that have arrived.
 */
export function isMonotone({ type, condition }: Pick<Correlation, "type" | "condition">): boolean {
  if (condition.kind === "expression") return !holdsNot(condition.expression);
  return (
    (isCount({ type }) || isTemporal({ type })) &&
    condition.criteria.every(
      ({ operator, limit }) => operator === "gt" || operator === "gte" || (operator === "neq" && limit === 0),
    )
  );
}

function holdsNot(condition: Condition): boolean {
  if (condition.kind === "selection") return false;
  return condition.kind === "not" || condition.operands.some(holdsNot);
}

/**
 * Whether an expression over rules holds.
 *
 * @param fired indexes of the rules that may count as present
 * @param seen indexes of all rules that fired: what the expression wants to be absent must not be among them
 */
export function holdsOfRules(condition: Condition, fired: ReadonlySet<string>, seen: ReadonlySet<string>): boolean {
  switch (condition.kind) {
    case "selection":
      return fired.has(condition.name);
    case "not":
      // Below a negation the roles change: what is denied there has to be present.
      return !holdsOfRules(condition.operand, seen, fired);
    case "and":
      return condition.operands.every((operand) => holdsOfRules(operand, fired, seen));
    case "or":
      return condition.operands.some((operand) => holdsOfRules(operand, fired, seen));
  }
}
