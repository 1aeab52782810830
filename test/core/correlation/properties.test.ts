import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { correlate, type Firing, planCorrelations } from "../../../lambda/core/correlation/correlate.ts";
import { type GroupState, keptSlots } from "../../../lambda/core/correlation/group-state.ts";
import { type Correlation, isMonotone } from "../../../lambda/core/sigma/correlation.ts";
import { anyCorrelation, chain, correlationOf, criteria, events, monotoneCorrelation } from "./random-correlations.ts";
import { evaluateAll, type TestEvent } from "./reference.ts";

interface Run {
  readonly firings: readonly Firing[];
  readonly states: ReadonlyMap<string, GroupState>;
}

function run(correlations: readonly Correlation[], stream: readonly TestEvent[]): Run {
  const plan = planCorrelations(correlations);
  const states = new Map<string, GroupState>();
  const firings = stream.flatMap(
    ({ uuid, at, rules, fields }) =>
      correlate(plan, { uuid, at, rules, valuesOf: (field) => fields[field] ?? [] }, states).firings,
  );
  return { firings, states };
}

const keyOf = ({ correlation, group, slot }: Firing) => `${correlation.id} ${JSON.stringify(group)} ${slot}`;
const keysOf = (firings: readonly Firing[]) => [...new Set(firings.map(keyOf))].sort();
const inOrder = (all: readonly TestEvent[]) => all.toSorted((a, b) => a.at - b.at);
/** Every event once or more, in any order. */
const shuffled = (all: readonly TestEvent[]) =>
  fc.array(fc.nat(), { minLength: all.length, maxLength: 2 * all.length }).map((order) => {
    const repeated = [...all, ...order.slice(all.length).map((each) => all[each % Math.max(1, all.length)])];
    return repeated
      .flatMap((event, index) => (event === undefined ? [] : [{ event, key: order[index] ?? 0 }]))
      .sort((a, b) => a.key - b.key)
      .map(({ event }) => event);
  });
const withOrder = (all: fc.Arbitrary<readonly TestEvent[]>) =>
  all.chain((stream) => shuffled(stream).map((order) => ({ stream, order })));

describe("correlations", () => {
  test("fire as the straightforward evaluation does, event for event, in the order of time", () => {
    fc.assert(
      fc.property(anyCorrelation, events({ together: false }), (correlation, stream) => {
        const { firings } = run([correlation], inOrder(stream));
        expect(firings.map((firing) => [keyOf(firing), firing.event]).sort()).toEqual(
          evaluateAll([correlation], stream)
            .map(({ key, event }) => [key, event])
            .sort(),
        );
      }),
      { numRuns: 600 },
    );
  });

  test("whose condition is monotone fire the same for shuffled and doubled events", () => {
    fc.assert(
      fc.property(monotoneCorrelation, withOrder(events({ together: true })), (correlation, { stream, order }) => {
        expect(isMonotone(correlation)).toBe(true);
        const expected = evaluateAll([correlation], stream).map(({ key }) => key);
        expect(keysOf(run([correlation], order).firings)).toEqual(expected.sort());
      }),
      { numRuns: 600 },
    );
  });

  test("of a chain fire the same for shuffled and doubled events", () => {
    fc.assert(
      fc.property(chain, withOrder(events({ together: true })), (correlations, { stream, order }) => {
        const expected = evaluateAll(correlations, stream).map(({ key }) => key);
        expect(keysOf(run(correlations, order).firings)).toEqual(expected.sort());
      }),
      { numRuns: 600 },
    );
  });

  test("give, when an event comes again, the firings that it gave at first, and change no state", () => {
    fc.assert(
      fc.property(anyCorrelation, withOrder(events({ together: true })), (correlation, { order }) => {
        const plan = planCorrelations([correlation]);
        const states = new Map<string, GroupState>();
        for (const { uuid, at, rules, fields } of order) {
          const event = { uuid, at, rules, valuesOf: (field: string) => fields[field] ?? [] };
          const first = correlate(plan, event, states);
          const written: string[] = [];
          const again = correlate(plan, event, { get: (key) => states.get(key), set: (key) => void written.push(key) });
          expect(written).toEqual([]);
          expect(keysOf(again.firings)).toEqual(expect.arrayContaining(keysOf(first.firings)));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("keep a bounded state of a flood, and fire once in each slot of it", () => {
    const limit = 5;
    const flooded = correlationOf({ type: "event_count", condition: criteria({ operator: "gte", limit }) });
    const flood = Array.from(
      { length: 20_000 },
      (_, number): TestEvent => ({
        uuid: `event ${number}`,
        at: 1_000 + Math.floor(number / 200),
        rules: ["a", "b"],
        fields: { who: ["ann"] },
      }),
    );
    const { firings, states } = run([flooded], flood);
    expect(firings).toHaveLength(10);
    const kept = [...states.values()].flatMap(({ slots }) => slots.flatMap(({ entries }) => entries));
    expect(kept.length).toBeLessThanOrEqual(keptSlots * 2 * 2 * (limit + 1));
  });

  test.each([
    ["temporal", "temporal"],
    ["temporal_ordered", "temporal_ordered"],
  ] as const)("of type %s keep a bounded state of a flood", (_, type) => {
    const flooded = correlationOf({ type, condition: criteria({ operator: "gte", limit: 3 }) });
    const flood = Array.from(
      { length: 3_000 },
      (_, number): TestEvent => ({
        uuid: `event ${number}`,
        at: 1_000 + Math.floor(number / 60),
        rules: number < 2_999 ? ["a", "b"] : ["c"],
        fields: { who: ["ann"] },
      }),
    );
    const { firings, states } = run([flooded], flood);
    expect(firings.map(({ event }) => event)).toEqual(["event 2999"]);
    const kept = [...states.values()].flatMap(({ slots }) => slots.flatMap(({ entries }) => entries));
    expect(kept.length).toBeLessThanOrEqual(keptSlots * 3 * 16);
  });
});
