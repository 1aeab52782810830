import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { correlate, planCorrelations } from "../../../lambda/core/correlation/correlate.ts";
import { type GroupState, keptSlots } from "../../../lambda/core/correlation/group-state.ts";
import type { Correlation } from "../../../lambda/core/sigma/correlation.ts";
import { correlationOf, criteria } from "./random-correlations.ts";
import { evaluateAll, type TestEvent } from "./reference.ts";

/* An attacker floods a group with matches of one step, to hide the order of the steps. */

function run(correlation: Correlation, stream: readonly TestEvent[]) {
  const plan = planCorrelations([correlation]);
  const states = new Map<string, GroupState>();
  const firings = stream.flatMap(
    ({ uuid, at, rules, fields }) =>
      correlate(plan, { uuid, at, rules, valuesOf: (field) => fields[field] ?? [] }, states).firings,
  );
  const keys = firings.map(({ slot, group }) => `${correlation.id} ${JSON.stringify(group)} ${slot}`);
  return { keys: [...new Set(keys)].sort(), firings, states };
}

const fields = { who: ["ann"] };
const step = (rule: string, at: number, uuid = `${rule} at ${at}`): TestEvent => ({ uuid, at, rules: [rule], fields });
/** So many matches of a rule, a millisecond apart. */
const flood = (rule: string, from: number, count: number) =>
  Array.from({ length: count }, (_, index) => step(rule, from + index));

/** Three steps in order, within 1,000 milliseconds. */
const inOrder = correlationOf({
  type: "temporal_ordered",
  condition: criteria({ operator: "gte", limit: 3 }),
  timespan: "1s",
  milliseconds: 1_000,
});

describe("a flood hides no order", () => {
  test("of its first step, of which the group drops the one before the second step", () => {
    // All within a span, but the last step: its window holds neither the start of the flood nor, kept, a start before `b`.
    const early = flood("a", 1_000, 20);
    const amid = [step("a", 1_500), step("b", 1_501)];
    const late = flood("a", 1_600, 20);
    const { firings } = run(inOrder, [...early, ...amid, ...late, step("c", 2_300)]);
    expect(firings.map(({ event }) => event)).toEqual(["c at 2300"]);
  });

  test("of a step amid it, where the first step is delivered last", () => {
    const before = flood("b", 1_000, 20);
    const order = [step("b", 1_501), step("c", 1_502)];
    const after = flood("b", 1_600, 20);
    const { firings } = run(inOrder, [...before, ...order, ...after, step("a", 1_500)]);
    expect(firings.map(({ event }) => event)).toEqual(["c at 1502"]);
  });

  test("of its last step, where the step before it is delivered last", () => {
    const start = step("a", 1_900);
    const early = flood("c", 2_000, 20);
    const late = flood("c", 2_920, 20);
    const { firings } = run(inOrder, [start, ...early, step("c", 2_500), ...late, step("b", 2_400)]);
    expect(firings.map(({ by }) => by)).toEqual(["b at 2400"]);
  });

  test("of any step, in whatever order the events come", () => {
    const matches = (rule: string, minLength: number, maxLength: number) =>
      fc.array(fc.record({ rule: fc.constant(rule), at: fc.integer({ min: 0, max: 29 }) }), { minLength, maxLength });
    const stream = fc
      .constantFrom("a", "b", "c")
      .chain((flooded) =>
        fc.tuple(...["a", "b", "c"].map((rule) => (rule === flooded ? matches(rule, 100, 140) : matches(rule, 1, 3)))),
      )
      .map((all) => all.flat().map(({ rule, at }, index) => step(rule, at, `event ${index}`)));
    const ordered = correlationOf({ type: "temporal_ordered", condition: criteria({ operator: "gte", limit: 3 }) });
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { minLength: 150, maxLength: 150 }), (events, keys) => {
        const shuffled = events.toSorted((one, other) => order(one) - order(other));
        const expected = evaluateAll([ordered], events).map(({ key }) => key);
        expect(run(ordered, shuffled).keys).toEqual(expect.arrayContaining(expected));

        function order({ uuid }: TestEvent): number {
          return keys[Number(uuid.slice(6))] ?? 0;
        }
      }),
      { numRuns: 120 },
    );
  });

  test("and invents none of two steps", () => {
    const stream = fc
      .array(fc.record({ rule: fc.constantFrom("a", "b"), at: fc.integer({ min: 0, max: 39 }) }), {
        minLength: 40,
        maxLength: 160,
      })
      .map((all) => all.map(({ rule, at }, index) => step(rule, at, `event ${index}`)));
    const pair = correlationOf({
      type: "temporal_ordered",
      condition: criteria({ operator: "gte", limit: 2 }),
      rules: ["a", "b"].map((id) => ({ id, title: id, isCorrelation: false })),
    });
    fc.assert(
      fc.property(stream, (events) => {
        const expected = evaluateAll([pair], events).map(({ key }) => key);
        expect(run(pair, events).keys).toEqual([...new Set(expected)].sort());
      }),
      { numRuns: 300 },
    );
  });

  test("and its state stays bounded", () => {
    const all = ["a", "b", "c"].flatMap((rule) => flood(rule, 1_000, 300));
    const { states } = run(inOrder, all);
    const kept = [...states.values()].flatMap(({ slots }) => slots.flatMap(({ entries }) => entries));
    expect(kept.length).toBeLessThanOrEqual(keptSlots * 3 * 16);
  });
});
