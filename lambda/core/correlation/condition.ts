import { type Correlation, holdsOfRules, meetsCriteria } from "../sigma/correlation.ts";
import type { Condition } from "../sigma/rule.ts";
import type { DroppedMatches, Entry } from "./group-state.ts";

/**
 * Whether a correlation's condition holds of a window.
 *
 * @param window the entries of the window, by time
 * @param end the entry that the window ends with, one of them
 * @param dropped the matches that the group does not keep: an order counts them at any time at which they may have been.
 * @default none
 */
export function holdsIn(
  correlation: Correlation,
  window: readonly Entry[],
  end: Entry,
  dropped: readonly DroppedMatches[] = [],
): boolean {
  const { type, condition, rules } = correlation;
  if (type === "temporal_ordered") {
    const ordered = inOrderOfRules(window, end, dropped);
    return rulesAt(end.at, [end], dropped).some((last) =>
      condition.kind === "expression"
        ? holdsInOrder(condition.expression, window, ordered, last)
        : // With fewer rules than are listed, any of them in the order of the list.
          meetsCriteria(longestOrder(ordered, last, rules.length), condition.criteria),
    );
  }
  if (condition.kind === "expression") {
    const seen = seenIn(window);
    return holdsOfRules(condition.expression, seen, seen);
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

function seenIn(window: readonly Entry[]): ReadonlySet<string> {
  return new Set(window.map(({ rule }) => String(rule)));
}

/** The length of the longest run of matches in the order of the rules' list that ends with the rule `last`. */
function longestOrder(ordered: readonly number[], last: number, rules: number): number {
  const longest = new Array<number>(rules).fill(0);
  for (const rule of ordered) {
    const before = Math.max(0, ...longest.slice(0, rule));
    longest[rule] = Math.max(longest[rule] ?? 0, before + 1);
  }
  return 1 + Math.max(0, ...longest.slice(0, last));
}

/** The same for an expression: it holds of the rules of some run, and what it wants to be absent is nowhere in the window. */
function holdsInOrder(
  expression: Condition,
  window: readonly Entry[],
  ordered: readonly number[],
  last: number,
): boolean {
  /** The sets of rules, as bits, of all runs so far. */
  const runs = new Set<number>([0]);
  for (const rule of ordered) {
    if (rule >= last) continue;
    for (const run of [...runs]) if (run < 2 ** rule) runs.add(run | (2 ** rule));
  }
  const seen = seenIn(window);
  return [...runs].some((run) => {
    const fired = [...bitsOf(run), last].map(String);
    return holdsOfRules(expression, new Set(fired), seen);
  });
}

function bitsOf(bits: number): number[] {
  return [...bits.toString(2)].reverse().flatMap((bit, index) => (bit === "1" ? [index] : []));
}

/** The rules of the matches up to the end, by time. Matches of the same millisecond are in any order: in that of the list. */
function inOrderOfRules(window: readonly Entry[], end: Entry, dropped: readonly DroppedMatches[]): readonly number[] {
  const byTime = Map.groupBy(
    window.filter(({ at }) => at <= end.at),
    ({ at }) => at,
  );
  return [...byTime].sort(([one], [other]) => one - other).flatMap(([at, entries]) => rulesAt(at, entries, dropped));
}

/** The rules that match at a time, or may have matched right before or after it, in the order of the list. */
function rulesAt(at: number, entries: readonly Entry[], dropped: readonly DroppedMatches[]): readonly number[] {
  const possible = dropped.filter(({ after, before }) => after <= at && at <= before);
  return [...new Set([...entries, ...possible].map(({ rule }) => rule))].sort((one, other) => one - other);
}
