import type { CorrelationWithCases } from "../../cli/rules/all-cases.ts";
import { runStream } from "../../cli/rules/run-streams.ts";
import type { Correlation, CorrelationCondition } from "../../lambda/core/sigma/correlation.ts";
import { without } from "./mutants.ts";

/** A correlation with one change that its cases have to find. */
export interface CorrelationMutant {
  /** What is changed: `timespan halved`. */
  readonly change: string;
  readonly correlation: Correlation;
}

/**
 * Every change of a correlation that drops one of its rules or a grouped field, groups by or reads another field, halves
 * or doubles its timespan, raises or lowers its limit, or leaves its order out.
 */
export function correlationMutantsOf(correlation: Correlation): readonly CorrelationMutant[] {
  const { rules, groupBy, valueFields, milliseconds, condition, type } = correlation;
  const mutant = (change: string, changes: Partial<Correlation>): CorrelationMutant => ({
    change,
    correlation: { ...correlation, ...changes },
  });
  const all = (field: string) => rules.map(() => field);
  return [
    ...rules.flatMap(({ title }, index) => {
      const changed = rules.length < 2 ? null : withoutRule(correlation, index);
      return changed === null ? [] : [mutant(`without the rule ${title}`, changed)];
    }),
    ...[0.5, 2].map((factor) => mutant(`timespan times ${factor}`, { milliseconds: milliseconds * factor })),
    ...(condition.kind === "criteria" && type.endsWith("_count")
      ? [1, -1].map((by) => mutant(`limit changed by ${by}`, { condition: shifted(condition, by) }))
      : []),
    ...groupBy.flatMap(({ name }, index) => [
      mutant(`not grouped by ${name}`, { groupBy: groupBy.filter((_, place) => place !== index) }),
      mutant(`grouped by uuid in place of ${name}`, {
        groupBy: groupBy.map((each, place) => (place === index ? { name: "uuid", fields: all("uuid") } : each)),
      }),
    ]),
    ...valueFields.flatMap((fields, index) =>
      ["uuid", "version"].map((field) =>
        mutant(`${field} read in place of ${fields[0]}`, {
          valueFields: valueFields.map((each, place) => (place === index ? all(field) : each)),
        }),
      ),
    ),
    ...(type === "temporal_ordered" ? [mutant("in any order", { type: "temporal" })] : []),
  ];
}

function shifted(condition: CorrelationCondition, by: number): CorrelationCondition {
  if (condition.kind === "expression") return condition;
  return {
    kind: "criteria",
    criteria: condition.criteria.map(({ operator, limit }) => ({ operator, limit: limit + by })),
  };
}

/** A correlation that does not ask for one of its rules; null where nothing is left. */
function withoutRule(correlation: Correlation, index: number): Partial<Correlation> | null {
  const { condition, rules } = correlation;
  if (condition.kind === "expression") {
    const expression = without(condition.expression, String(index));
    return expression && { condition: { kind: "expression", expression } };
  }
  const kept = <Value>(values: readonly Value[]) => values.filter((_, place) => place !== index);
  return {
    rules: kept(rules),
    groupBy: correlation.groupBy.map(({ name, fields }) => ({ name, fields: kept(fields) })),
    condition: { kind: "criteria", criteria: [{ operator: "gte", limit: rules.length - 1 }] },
  };
}

/** Whether a case turns red. */
export function isFoundInStreams(mutant: CorrelationMutant, of: CorrelationWithCases): boolean {
  return of.cases.some((each) => !runStream({ ...of, rule: mutant.correlation }, each).passed);
}
