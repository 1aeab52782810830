import { type Correlation, holdsOfRules, meetsCriteria } from "../sigma/correlation.ts";
import type { Condition } from "../sigma/rule.ts";
import type { DroppedMatches, Entry } from "./group-state.ts";

/**
 * Asks a correlation's condition of windows, each of which ends no earlier than the one before: an entry is added to what is
 * measured once, and removed once, however many windows hold it.
 *
 * @param near the entries that the windows may hold, by time, then by event and rule
 * @param dropped the matches that the group does not keep: an order counts them at any time at which they may have been.
 * @default none
 * @returns whether the condition holds of the window that ends with an entry, one of `near`
 */
export function askOfWindows(
  correlation: Correlation,
  near: readonly Entry[],
  dropped: readonly DroppedMatches[] = [],
): (end: Entry) => boolean {
  const { type, condition, rules, milliseconds } = correlation;
  const meter = createMeter(correlation);
  let [start, after] = [0, 0];
  /** Moves on to the window that ends with an entry: that time included, the start excluded. */
  const moveTo = ({ at }: Entry) => {
    for (let entry = near[after]; entry !== undefined && entry.at <= at; entry = near[after]) {
      meter.add(entry);
      after += 1;
    }
    for (let entry = near[start]; entry !== undefined && entry.at <= at - milliseconds; entry = near[start]) {
      meter.remove(entry);
      start += 1;
    }
  };
  return (end) => {
    moveTo(end);
    if (type === "temporal_ordered") {
      const window = near.slice(start, after);
      const ordered = inOrderOfRules(window, dropped);
      return rulesAt(end.at, [end], dropped).some((last) =>
        condition.kind === "expression"
          ? holdsInOrder(condition.expression, window, ordered, last)
          : // With fewer rules than are listed, any of them in the order of the list.
            meetsCriteria(longestOrder(ordered, last, rules.length), condition.criteria),
      );
    }
    if (condition.kind === "expression") {
      const seen = seenIn(near.slice(start, after));
      return holdsOfRules(condition.expression, seen, seen);
    }
    const measured = meter.measure();
    return measured !== null && meetsCriteria(measured, condition.criteria);
  };
}

/** Measures what a correlation compares, of a window that moves. */
interface Meter {
  /** Takes the next entry in, by time, then by event and rule. */
  readonly add: (entry: Entry) => void;
  /** Leaves the first entry out. */
  readonly remove: (entry: Entry) => void;
  /** The number of events, values or rules, the sum, the average, or the percentile; null for the last two of no numbers. */
  readonly measure: () => number | null;
}

function createMeter({ type, percentile }: Correlation): Meter {
  switch (type) {
    case "event_count":
    case "value_count":
      return countDistinct(({ values }) => values);
    case "temporal":
    case "temporal_ordered":
      return countDistinct(({ rule }) => [String(rule)]);
    case "value_sum":
      return calculate(sumOf);
    case "value_avg":
      return calculate((numbers) => (numbers.length === 0 ? null : sumOf(numbers) / numbers.length));
    case "value_percentile":
      return calculate((numbers) => percentileOf(numbers, percentile ?? 0));
  }
}

function countDistinct(namesOf: (entry: Entry) => readonly string[]): Meter {
  const counts = new Map<string, number>();
  const change = (entry: Entry, by: number) => {
    for (const name of namesOf(entry)) {
      const count = (counts.get(name) ?? 0) + by;
      if (count === 0) counts.delete(name);
      else counts.set(name, count);
    }
  };
  return { add: (entry) => change(entry, 1), remove: (entry) => change(entry, -1), measure: () => counts.size };
}

/** Calculates with the numbers of a window. An event that several rules match counts once, by the last of them. */
function calculate(result: (numbers: readonly number[]) => number | null): Meter {
  /** Of each event how many numbers it has. The entries of one event follow each other. */
  const events: { readonly event: string; count: number }[] = [];
  const numbers: number[] = [];
  let left = 0;
  return {
    add({ event, values }) {
      const last = events.at(-1);
      if (last?.event === event) numbers.length -= last.count;
      numbers.push(...values.map(Number));
      if (last?.event === event) last.count = values.length;
      else events.push({ event, count: values.length });
    },
    remove({ event }) {
      const [first] = events;
      if (first?.event !== event) return;
      events.shift();
      left += first.count;
    },
    measure: () => result(numbers.slice(left)),
  };
}

function sumOf(numbers: readonly number[]): number {
  let sum = 0;
  for (const each of numbers) sum += each;
  return sum;
}

/** The nearest-rank percentile: the least value that is not exceeded by so many percent of all values. */
function percentileOf(numbers: readonly number[], percentile: number): number | null {
  return Float64Array.from(numbers).sort()[Math.ceil((percentile / 100) * numbers.length) - 1] ?? null;
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

/** The rules of the matches of a window, by time. Matches of the same millisecond are in any order: in that of the list. */
function inOrderOfRules(window: readonly Entry[], dropped: readonly DroppedMatches[]): readonly number[] {
  const byTime = Map.groupBy(window, ({ at }) => at);
  return [...byTime].sort(([one], [other]) => one - other).flatMap(([at, entries]) => rulesAt(at, entries, dropped));
}

/** The rules that match at a time, or may have matched right before or after it, in the order of the list. */
function rulesAt(at: number, entries: readonly Entry[], dropped: readonly DroppedMatches[]): readonly number[] {
  const possible = dropped.filter(({ after, before }) => after <= at && at <= before);
  return [...new Set([...entries, ...possible].map(({ rule }) => rule))].sort((one, other) => one - other);
}
