import fc from "fast-check";
import type { Correlation, CorrelationCondition, CorrelationType } from "../../../lambda/core/sigma/correlation.ts";
import type { Condition } from "../../../lambda/core/sigma/rule.ts";
import type { TestEvent } from "./reference.ts";

/** The ids of the rules of tests. */
export const ruleIds = ["a", "b", "c"] as const;

/** A correlation over the rules a, b and c, by the field `who`, within ten milliseconds. */
export function correlationOf(overrides: Partial<Correlation> & Pick<Correlation, "type" | "condition">): Correlation {
  const rules = overrides.rules ?? ruleIds.map((id) => ({ id, title: id, isCorrelation: false }));
  const readsField = !/^(?:temporal|event)/.test(overrides.type);
  return {
    id: "correlation",
    name: null,
    title: "Correlation",
    status: null,
    level: "high",
    description: "",
    references: [],
    author: null,
    date: null,
    tags: [],
    falsePositives: [],
    pack: null,
    triage: [],
    groupBy: [{ name: "who", fields: rules.map(() => "who") }],
    timespan: "10ms",
    milliseconds: 10,
    valueFields: readsField ? [rules.map(() => "value")] : [],
    percentile: overrides.type === "value_percentile" ? 90 : null,
    generate: false,
    ...overrides,
    rules,
  };
}

/** A condition of criteria. */
export const criteria = (...all: Extract<CorrelationCondition, { kind: "criteria" }>["criteria"]) =>
  ({ kind: "criteria", criteria: all }) as const;

const named = (index: number): Condition => ({ kind: "selection", name: String(index) });
const monotoneExpression: fc.Arbitrary<Condition> = fc.constantFrom<Condition>(
  { kind: "and", operands: [named(0), named(1)] },
  { kind: "and", operands: [named(0), { kind: "or", operands: [named(1), named(2)] }] },
  { kind: "or", operands: [{ kind: "and", operands: [named(0), named(1)] }, named(2)] },
);
const expression = fc.oneof(
  monotoneExpression,
  fc.constant<Condition>({ kind: "and", operands: [named(0), named(1), { kind: "not", operand: named(2) }] }),
);
const ofTypes = (...types: readonly CorrelationType[]) => fc.constantFrom(...types);
const atLeast = fc.integer({ min: 1, max: 4 }).map((limit) => criteria({ operator: "gte", limit }));
const overWhatHasCome = fc.oneof(
  fc.integer({ min: 1, max: 4 }).map((limit) => criteria({ operator: "eq", limit })),
  fc
    .integer({ min: 0, max: 3 })
    .map((limit) => criteria({ operator: "gt", limit }, { operator: "lte", limit: limit + 2 })),
);

/** A correlation of which the order of events changes nothing. */
export const monotoneCorrelation: fc.Arbitrary<Correlation> = fc
  .oneof(
    fc.record({ type: ofTypes("event_count", "value_count"), condition: atLeast }),
    fc.record({
      type: ofTypes("temporal", "temporal_ordered"),
      condition: fc.oneof(
        fc.integer({ min: 1, max: 3 }).map((limit) => criteria({ operator: "gte", limit })),
        monotoneExpression.map((each) => ({ kind: "expression", expression: each }) as const),
      ),
    }),
  )
  .map(correlationOf);

/** Any correlation. */
export const anyCorrelation: fc.Arbitrary<Correlation> = fc.oneof(
  monotoneCorrelation,
  fc
    .oneof(
      fc.record({
        type: ofTypes("event_count", "value_count", "value_sum", "value_avg", "value_percentile"),
        condition: fc.oneof(atLeast, overWhatHasCome),
      }),
      fc.record({
        type: ofTypes("temporal", "temporal_ordered"),
        condition: fc.oneof(
          expression.map((each) => ({ kind: "expression", expression: each }) as const),
          overWhatHasCome,
        ),
      }),
    )
    .map(correlationOf),
);

/** A count of one rule, and a correlation over it and another rule, by another field or none. */
export const chain: fc.Arbitrary<readonly [Correlation, Correlation]> = fc
  .record({
    least: fc.integer({ min: 2, max: 3 }),
    type: ofTypes("temporal", "temporal_ordered", "event_count"),
    field: fc.constantFrom("who", "where"),
    milliseconds: fc.constantFrom(10, 20),
  })
  .map(({ least, type, field, milliseconds }) => [
    correlationOf({
      id: "many",
      type: "event_count",
      condition: criteria({ operator: "gte", limit: least }),
      rules: [{ id: "a", title: "a", isCorrelation: false }],
    }),
    correlationOf({
      id: "over",
      type,
      milliseconds,
      condition: criteria({ operator: "gte", limit: 2 }),
      groupBy: [{ name: field, fields: [field, field] }],
      rules: [
        { id: "many", title: "many", isCorrelation: true },
        { id: "b", title: "b", isCorrelation: false },
      ],
    }),
  ]);

/** A chain, and others beside it, most of them with groups of the same values. */
export const beside: fc.Arbitrary<readonly Correlation[]> = fc
  .tuple(chain, fc.array(monotoneCorrelation, { minLength: 1, maxLength: 3 }))
  .map(([chained, others]) => [...chained, ...others.map((each, index) => ({ ...each, id: `other-${index}` }))]);

/** Events of four slots at most, each at a time of its own unless `together`. */
export const events = ({ together }: { readonly together: boolean }): fc.Arbitrary<readonly TestEvent[]> =>
  fc
    .uniqueArray(
      fc.record({
        at: fc.integer({ min: 1_000, max: 1_039 }),
        rules: fc.subarray([...ruleIds], { minLength: 1 }),
        who: fc.constantFrom("ann", "bob"),
        where: fc.constantFrom("here", "there"),
        value: fc.constantFrom("1", "2", "3"),
        number: fc.integer({ min: 0, max: together ? 3 : 0 }),
      }),
      { maxLength: 24, selector: ({ at, number }) => `${at} ${number}` },
    )
    .map((all) =>
      all.map(({ at, rules, who, where, value, number }) => ({
        uuid: `${at}-${number}`,
        at,
        rules,
        fields: { who: [who], where: [where], value: [value] },
      })),
    );
