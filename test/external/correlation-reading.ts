import { slotNumber } from "../../lambda/core/correlation/group-state.ts";
import { type Correlation, holdsOfRules, meetsCriteria } from "../../lambda/core/sigma/correlation.ts";
import type { CorrelationDifference } from "./known-differences.ts";

/*
 * Reads correlations over a stream in order of time, event by event, with each known difference between rsigma and our
 * engine as rsigma or as we have it. What rsigma yields has to be exactly what is read with all of them as rsigma has them.
 */

/** An event of a stream: at most one in a second, as rsigma's times are whole seconds. */
export interface StreamEvent {
  readonly id: string;
  /** Seconds. */
  readonly at: number;
  /** Ids of the rules that match it. */
  readonly rules: readonly string[];
  /** One value each; a field that it lacks is undefined. */
  readonly fields: Readonly<Record<string, string | number | undefined>>;
}

interface Entry {
  readonly at: number;
  readonly event: string;
  readonly rule: number;
  /** What `event_count` counts. */
  readonly unit: string;
  /** Null where the event lacks the field: it only asks for the condition. */
  readonly value: string | null;
}

type Differences = ReadonlySet<CorrelationDifference>;

/** Names a firing: correlation, group, slot and event. */
export function firingKey(
  correlation: Correlation,
  group: readonly (string | null)[],
  { id, at }: StreamEvent,
): string {
  return JSON.stringify([correlation.id, group, slotNumber(at * 1_000, correlation), id]);
}

/** Of firings in order of time, the first of each correlation, group and slot. */
export function firstOfSlots(keys: Iterable<string>): ReadonlySet<string> {
  const first = new Map<string, string>();
  for (const key of keys) {
    const slot = JSON.stringify((JSON.parse(key) as readonly unknown[]).slice(0, 3));
    if (!first.has(slot)) first.set(slot, key);
  }
  return new Set(first.values());
}

/**
 * Reads correlations, those that take part in others first.
 *
 * @param differences the differences that are read as rsigma has them
 * @returns the first firing of each slot
 */
export function readCorrelations(
  correlations: readonly Correlation[],
  events: readonly StreamEvent[],
  differences: Differences,
): ReadonlySet<string> {
  const groups = new Map<string, Entry[]>();
  const found: string[] = [];
  const has = (difference: CorrelationDifference) => differences.has(difference);

  for (const event of events) {
    /** The groups of correlations that hold at this event. */
    const held = new Map<Correlation, readonly (string | null)[][]>();
    for (const correlation of correlations) {
      const arriving = correlation.rules.flatMap(({ id, isCorrelation }, rule) => {
        if (!isCorrelation) {
          return event.rules.includes(id) ? arrive(correlation, rule, event, has) : [];
        }
        const inner = correlations.find((each) => each.id === id);
        return (inner === undefined ? [] : (held.get(inner) ?? [])).flatMap((group) =>
          inner === undefined ? [] : arriveFrom(inner, group, correlation, rule, event, has),
        );
      });
      const mine: (string | null)[][] = [];
      // rsigma asks in the order of all rules, those that correlations complete last.
      const order = ({ entry }: Arrival) => {
        const index = event.rules.indexOf(correlation.rules[entry.rule]?.id ?? "");
        return index < 0 ? event.rules.length : index;
      };
      const batches = has("one rule after the other")
        ? arriving.toSorted((a, b) => order(a) - order(b)).map((each) => [each])
        : byGroup(arriving);
      for (const batch of batches) {
        const [{ group }] = batch as [Arrival];
        const key = JSON.stringify([correlation.id, group]);
        const before = groups.get(key) ?? [];
        const all = [...before, ...batch.map(({ entry }) => entry)];
        groups.set(key, all);
        const start = event.at * 1_000 - correlation.milliseconds;
        const window = all.filter(({ at }) => (has("the window's start") ? at * 1_000 >= start : at * 1_000 > start));
        if (!holds(correlation, window, event.id, has)) continue;
        found.push(firingKey(correlation, group, event));
        mine.push([...group]);
      }
      held.set(correlation, mine);
    }
  }
  return firstOfSlots(found);
}

interface Arrival {
  readonly group: readonly (string | null)[];
  readonly entry: Entry;
}

type Has = (difference: CorrelationDifference) => boolean;

function arrive(correlation: Correlation, rule: number, event: StreamEvent, has: Has): readonly Arrival[] {
  const read = (field: string | undefined) => {
    const value = event.fields[field ?? ""];
    return value === undefined ? null : String(value);
  };
  const group = correlation.groupBy.map(({ fields }) => read(fields[rule]));
  if (group.includes(null) && !has("a missing group value")) return [];
  const values = correlation.valueFields.map((fields) => read(fields[rule]));
  const value = values.includes(null) ? null : JSON.stringify(values);
  if (value === null && !has("a missing value")) return [];
  const unit = has("an event of several rules") ? `${event.id} ${rule}` : event.id;
  return [{ group, entry: { at: event.at, event: event.id, rule, unit, value } }];
}

/** The match of a correlation that takes part in another one. */
function arriveFrom(
  inner: Correlation,
  innerGroup: readonly (string | null)[],
  correlation: Correlation,
  rule: number,
  event: StreamEvent,
  has: Has,
): readonly Arrival[] {
  const group = correlation.groupBy.map(({ fields }) => {
    const field = fields[rule] ?? "";
    const index = inner.groupBy.findIndex(({ name }) => name === field);
    if (index >= 0) return innerGroup[index] ?? null;
    const value = event.fields[field];
    return has("groups of a chain") || value === undefined ? null : String(value);
  });
  if (group.includes(null) && !has("a missing group value")) return [];
  const slot = JSON.stringify([inner.id, innerGroup, slotNumber(event.at * 1_000, inner)]);
  const unit = has("counts of a chain") ? `${event.id} ${rule}` : slot;
  return [{ group, entry: { at: event.at, event: event.id, rule, unit, value: "[]" } }];
}

function byGroup(arriving: readonly Arrival[]): Arrival[][] {
  return [...Map.groupBy(arriving, ({ group }) => JSON.stringify(group)).values()];
}

function holds(correlation: Correlation, window: readonly Entry[], event: string, has: Has): boolean {
  const { type, condition, rules } = correlation;
  const meets = (value: number) => condition.kind === "criteria" && meetsCriteria(value, condition.criteria);
  const known = window.filter(({ value }) => value !== null);
  const numbers = () => {
    const entries = has("an event of several rules")
      ? known
      : [...new Map(known.map((each) => [each.event, each])).values()];
    return entries.map(({ value }) => Number((JSON.parse(value ?? "") as readonly string[])[0]));
  };
  const seen = new Set(window.map(({ rule }) => String(rule)));
  switch (type) {
    case "event_count":
      return meets(new Set(window.map(({ unit }) => unit)).size);
    case "value_count":
      return meets(new Set(known.map(({ value }) => value)).size);
    case "value_sum":
      return meets(numbers().reduce((sum, each) => sum + each, 0));
    case "value_avg": {
      const all = numbers();
      return meets(all.length === 0 ? 0 : all.reduce((sum, each) => sum + each, 0) / all.length);
    }
    case "value_percentile":
      return holdsOfPercentile(correlation, numbers(), has);
    case "temporal":
      if (condition.kind === "expression") return holdsOfRules(condition.expression, seen, seen);
      return (has("temporal without a condition") && isDefault(correlation)) || meets(seen.size);
    case "temporal_ordered": {
      const runs = runsOf(window, has("the end of an order") ? null : event);
      const isWhole = runs.some((run) => run.length === rules.length);
      if (condition.kind === "criteria") {
        if (has("a number in an order")) return meets(isWhole ? rules.length : 0);
        // The longest of those that end with the same rule.
        const byEnd = Map.groupBy(runs, (run) => run.at(-1));
        return [...byEnd.values()].some((some) => meets(Math.max(...some.map(({ length }) => length))));
      }
      if (has("an expression in an order")) return isWhole && holdsOfRules(condition.expression, seen, seen);
      return runs.some((run) => holdsOfRules(condition.expression, new Set(run.map(String)), seen));
    }
  }
}

/** Whether a condition is that of a temporal correlation without one: all rules, at least. No stream's correlation writes it out. */
function isDefault({ condition, rules }: Correlation): boolean {
  return (
    condition.kind === "criteria" &&
    condition.criteria.length === 1 &&
    condition.criteria.every(({ operator, limit }) => operator === "gte" && limit === rules.length)
  );
}

function holdsOfPercentile({ condition, percentile }: Correlation, numbers: readonly number[], has: Has): boolean {
  if (numbers.length === 0 || condition.kind !== "criteria") return false;
  if (has("percentiles")) return true;
  const sorted = numbers.toSorted((a, b) => a - b);
  const nearest = sorted[Math.ceil(((percentile ?? 0) / 100) * sorted.length) - 1];
  return nearest !== undefined && meetsCriteria(nearest, condition.criteria);
}

/**
 * All runs of rules in the order of the list, each at the time of the one before or later.
 *
 * @param end the event that they end with; null for any
 */
function runsOf(window: readonly Entry[], end: string | null): readonly (readonly number[])[] {
  const sorted = window.toSorted((a, b) => a.at - b.at || a.rule - b.rule);
  const all = new Map<string, readonly number[]>([["", []]]);
  const ending: (readonly number[])[] = [];
  for (const { rule, event } of sorted) {
    for (const run of [...all.values()]) {
      if ((run.at(-1) ?? -1) >= rule) continue;
      const longer = [...run, rule];
      all.set(longer.join(), longer);
      if (end === null || event === end) ending.push(longer);
    }
  }
  return ending;
}
