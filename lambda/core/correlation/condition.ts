import { type Correlation, holdsOfRules, meetsCriteria } from "../sigma/correlation.ts";
import type { Condition } from "../sigma/rule.ts";
import type { Entry } from "./group-state.ts";

/**
 * Whether a correlation's condition holds of a window.
 *
 * @param window the entries of the window, by time
 * @param end the entry that the window ends with, one of them
 */
export function holdsIn(correlation: Correlation, window: readonly Entry[], end: Entry): boolean {
  const { type, condition, rules } = correlation;
  if (condition.kind === "expression") {
    const seen = new Set(window.map(({ rule }) => String(rule)));
    if (type === "temporal") return holdsOfRules(condition.expression, seen, seen);
    return holdsInOrder(condition.expression, window, end, seen);
  }
  if (type === "temporal_ordered") {
    // With fewer rules than are listed, any of them in the order of the list.
    return meetsCriteria(longestOrder(window, end, rules.length), condition.criteria);
  }
  const measured = measure(correlation, window);
  return measured !== null && meetsCriteria(measured, condition.criteria);
}

/**
 * What a correlation compares: the number of events, values or rules, the sum, the average, or the percentile.
 *
 * @returns null for the average and the percentile of no numbers
 */
export function measure({ type, percentile }: Correlation, window: readonly Entry[]): number | null {
  switch (type) {
    case "event_count":
    case "value_count":
      return new Set(window.flatMap(({ values }) => values)).size;
    case "temporal":
    case "temporal_ordered":
      return new Set(window.map(({ rule }) => rule)).size;
    case "value_sum":
      return numbersOf(window).reduce((sum, each) => sum + each, 0);
    case "value_avg": {
      const numbers = numbersOf(window);
      return numbers.length === 0 ? null : numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
    }
    case "value_percentile":
      return percentileOf(numbersOf(window), percentile ?? 0);
  }
}

/** An event that several rules match counts once. */
function numbersOf(window: readonly Entry[]): readonly number[] {
  const byEvent = new Map(window.map(({ event, values }) => [event, values]));
  return [...byEvent.values()].flat().map(Number);
}

/** The nearest-rank percentile: the least value that is not exceeded by so many percent of all values. */
function percentileOf(numbers: readonly number[], percentile: number): number | null {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.ceil((percentile / 100) * sorted.length) - 1] ?? null;
}

/**
 * The length of the longest run of matches in the order of the rules' list that ends with `end`. Matches of the same
 * millisecond are in any order.
 */
function longestOrder(window: readonly Entry[], end: Entry, rules: number): number {
  const longest = new Array<number>(rules).fill(0);
  for (const rule of inOrderOfRules(window, end)) {
    const before = Math.max(0, ...longest.slice(0, rule));
    longest[rule] = Math.max(longest[rule] ?? 0, before + 1);
  }
  return 1 + Math.max(0, ...longest.slice(0, end.rule));
}

/** The same for an expression: it holds of the rules of some run, and what it wants to be absent is nowhere in the window. */
function holdsInOrder(expression: Condition, window: readonly Entry[], end: Entry, seen: ReadonlySet<string>): boolean {
  /** The sets of rules, as bits, of all runs so far. */
  const runs = new Set<number>([0]);
  for (const rule of inOrderOfRules(window, end)) {
    if (rule >= end.rule) continue;
    for (const run of [...runs]) if (run < 2 ** rule) runs.add(run | (2 ** rule));
  }
  return [...runs].some((run) => {
    const fired = [...bitsOf(run), end.rule].map(String);
    return holdsOfRules(expression, new Set(fired), seen);
  });
}

function bitsOf(bits: number): number[] {
  return [...bits.toString(2)].reverse().flatMap((bit, index) => (bit === "1" ? [index] : []));
}

/** The rules of the matches up to the end, by time; those of one millisecond in the order of the list. */
function inOrderOfRules(window: readonly Entry[], end: Entry): readonly number[] {
  return window
    .filter(({ at }) => at <= end.at)
    .toSorted((one, other) => one.at - other.at || one.rule - other.rule)
    .map(({ rule }) => rule);
}
