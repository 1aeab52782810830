import { slotNumber } from "../../../lambda/core/correlation/group-state.ts";
import type { Correlation, Criterion } from "../../../lambda/core/sigma/correlation.ts";
import type { Condition } from "../../../lambda/core/sigma/rule.ts";

/*
 * A straightforward evaluation of correlations: all events at once, sorted, with nothing left out and nothing bounded.
 */

/** An event of a test: the rules that it matches, and its fields. */
export interface TestEvent {
  readonly uuid: string;
  readonly at: number;
  readonly rules: readonly string[];
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

/** A firing: correlation, group and slot identify it. */
export interface ReferenceFiring {
  readonly key: string;
  readonly event: string;
}

interface Match {
  readonly event: TestEvent;
  readonly rule: number;
  readonly unit: string;
}

/** All firings, by time. @param correlations those that others name come first */
export function evaluateAll(correlations: readonly Correlation[], events: readonly TestEvent[]): ReferenceFiring[] {
  const sorted = [...new Map(events.map((event) => [event.uuid, event])).values()].sort((a, b) => a.at - b.at);
  /** The events at which a correlation holds, each with the unit that counts count. */
  const held = new Map<string, { readonly event: TestEvent; readonly unit: string }[]>();
  const firings: ReferenceFiring[] = [];
  for (const correlation of correlations) {
    const matches = correlation.rules.flatMap(({ id, isCorrelation }, rule): Match[] =>
      isCorrelation
        ? (held.get(id) ?? []).map(({ event, unit }) => ({ event, rule, unit }))
        : sorted.filter(({ rules }) => rules.includes(id)).map((event) => ({ event, rule, unit: event.uuid })),
    );
    const groups = new Map<string, Match[]>();
    for (const match of matches) {
      const fields = correlation.groupBy.map(({ fields }) => match.event.fields[fields[match.rule] ?? ""]?.[0]);
      if (fields.includes(undefined)) continue;
      const group = JSON.stringify(fields);
      groups.set(group, [...(groups.get(group) ?? []), match]);
    }
    const mine: { readonly event: TestEvent; readonly unit: string }[] = [];
    for (const [group, all] of groups) {
      const fired = new Set<string>();
      for (const end of all.toSorted((a, b) => a.event.at - b.event.at)) {
        const window = all.filter(
          ({ event: { at } }) => at <= end.event.at && at > end.event.at - correlation.milliseconds,
        );
        if (!holds(correlation, window, end)) continue;
        const key = `${correlation.id} ${group} ${slotNumber(end.event.at, correlation)}`;
        mine.push({ event: end.event, unit: key });
        if (!fired.has(key)) firings.push({ key, event: end.event.uuid });
        fired.add(key);
      }
    }
    held.set(correlation.id, mine);
  }
  return firings;
}

function holds(correlation: Correlation, window: readonly Match[], end: Match): boolean {
  const { type, condition, rules, valueFields, percentile } = correlation;
  const seen = new Set(window.map(({ rule }) => rule));
  if (condition.kind === "expression") {
    if (type === "temporal") return isTrue(condition.expression, seen, seen);
    return runs(window, end).some((run) => isTrue(condition.expression, new Set(run), seen));
  }
  const of = (value: number) => condition.criteria.every((criterion) => meets(value, criterion));
  const valuesOf = ({ event, rule }: Match) => valueFields.map((fields) => event.fields[fields[rule] ?? ""]?.[0] ?? "");
  const numbers = () => {
    const byEvent = new Map(window.map((match) => [match.event.uuid, Number(valuesOf(match)[0])]));
    return [...byEvent.values()].sort((a, b) => a - b);
  };
  switch (type) {
    case "event_count":
      return of(new Set(window.map(({ unit }) => unit)).size);
    case "value_count":
      return of(new Set(window.map((match) => valuesOf(match).join(" "))).size);
    case "temporal":
      return of(seen.size);
    case "temporal_ordered":
      return of(Math.max(...runs(window, end).map((run) => Math.min(run.length, rules.length))));
    case "value_sum":
      return of(numbers().reduce((sum, each) => sum + each, 0));
    case "value_avg":
      return of(numbers().reduce((sum, each) => sum + each, 0) / numbers().length);
    case "value_percentile": {
      // The least number that at least so many percent of all do not exceed.
      const all = numbers();
      const least = all.find(
        (each) => 100 * all.filter((other) => other <= each).length >= (percentile ?? 0) * all.length,
      );
      return least !== undefined && of(least);
    }
  }
}

/** All runs of rules in the order of the list that end with a match: every subset of the matches is tried. */
function runs(window: readonly Match[], end: Match): number[][] {
  const before = window.filter(({ event, rule }) => rule < end.rule && event.at <= end.event.at);
  const found: number[][] = [];
  const extend = (run: readonly Match[]): void => {
    found.push([...run.map(({ rule }) => rule).reverse()]);
    const [last] = run.slice(-1);
    for (const match of before) {
      if (last !== undefined && match.rule < last.rule && match.event.at <= last.event.at) extend([...run, match]);
    }
  };
  extend([end]);
  return found;
}

function isTrue(condition: Condition, fired: ReadonlySet<number>, seen: ReadonlySet<number>): boolean {
  if (condition.kind === "selection") return fired.has(Number(condition.name));
  if (condition.kind === "not") return !isTrue(condition.operand, seen, fired);
  const all = condition.operands.map((operand) => isTrue(operand, fired, seen));
  return condition.kind === "and" ? all.every(Boolean) : all.some(Boolean);
}

function meets(value: number, { operator, limit }: Criterion): boolean {
  if (operator === "gt") return value > limit;
  if (operator === "gte") return value >= limit;
  if (operator === "lt") return value < limit;
  if (operator === "lte") return value <= limit;
  return operator === "eq" ? value === limit : value !== limit;
}
