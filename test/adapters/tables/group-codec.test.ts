import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeGroup, encodeGroup, UnreadableGroupError } from "../../../lambda/adapters/tables/group-codec.ts";
import { type Entry, emptyGroup, type GroupState } from "../../../lambda/core/correlation/group-state.ts";

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const event = fc.oneof(fc.uuid(), fc.uuid(), text);
const at = fc.integer({ min: -1_000, max: 4_102_444_800_000 });
const textOrNull = fc.option(text, { nil: null });
const note = fc.record({
  eventType: text,
  person: textOrNull,
  deed: text,
  succeeded: fc.boolean(),
  from: textOrNull,
  through: textOrNull,
  client: textOrNull,
  userId: textOrNull,
});
const entry: fc.Arbitrary<Entry> = fc
  .record(
    {
      at,
      event,
      rule: fc.nat({ max: 15 }),
      values: fc.array(fc.oneof(event, text), { maxLength: 3 }),
      carried: fc.dictionary(text, fc.array(text, { maxLength: 3 }), { maxKeys: 3, noNullPrototype: true }),
      note,
      holds: fc.boolean(),
    },
    { requiredKeys: ["at", "event", "rule", "values", "holds"] },
  )
  .chain((each) => fc.constantFrom(each, { ...each, values: [each.event] }));
const state: fc.Arbitrary<GroupState> = fc.record({
  tooLate: fc.option(fc.integer({ min: -10, max: 10_000_000 }), { nil: null }),
  slots: fc.array(
    fc.record({
      number: fc.integer({ min: -10, max: 10_000_000 }),
      fired: fc.option(fc.record({ event, at, by: event }), { nil: null }),
      entries: fc.array(entry, { minLength: 1, maxLength: 6 }),
    }),
    { maxLength: 4 },
  ),
});

/** A state of one slot with so many plain events. */
const flood = (events: number): GroupState => ({
  tooLate: null,
  slots: [
    {
      number: 20_000,
      fired: null,
      entries: Array.from({ length: events }, (_, index): Entry => {
        const uuid = `${String(index).padStart(8, "0")}-0000-4000-8000-000000000000`;
        return { at: 1_764_000_000_000 + 900 * index, event: uuid, rule: 0, values: [uuid], holds: false };
      }),
    },
  ],
});

describe("the bytes of a group's state", () => {
  test("give the state back", () => {
    fc.assert(
      fc.property(state, (each) => {
        expect(decodeGroup(encodeGroup(each))).toEqual(each);
      }),
      { numRuns: 500 },
    );
  });

  test("take 25 or fewer for an event that is counted", () => {
    expect(encodeGroup(flood(400)).length / 400).toBeLessThan(25);
  });

  test("stay below the limit, as the oldest events are dropped first", () => {
    const whole = flood(1_000);
    const bytes = encodeGroup(whole, 5_000);
    const kept = decodeGroup(bytes).slots[0]?.entries ?? [];
    expect(bytes.length).toBeLessThanOrEqual(5_000);
    expect(kept.length).toBeGreaterThan(50);
    expect(kept).toEqual(whole.slots[0]?.entries.slice(-kept.length));
  });

  test("of several slots lose the oldest, whose events come too late from then on", () => {
    const entries = flood(60).slots[0]?.entries ?? [];
    const slots = [1, 2, 3].map((number) => ({
      number,
      fired: null,
      entries: entries.slice(20 * (number - 1), 20 * number),
    }));
    const kept = decodeGroup(encodeGroup({ slots, tooLate: null }, 700));
    expect(kept.slots.map(({ number }) => number)).toEqual([3]);
    expect(kept.tooLate).toBe(2);
  });

  test("of any other kind are refused, and never hang", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeGroup(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableGroupError);
        }
      }),
      { numRuns: 500 },
    );
    expect(decodeGroup(encodeGroup(emptyGroup))).toEqual(emptyGroup);
  });

  test("with numbers or times that no event has are refused", () => {
    const late = flood(1).slots.map((slot) => ({
      ...slot,
      entries: slot.entries.map((each) => ({ ...each, at: 9e15 })),
    }));
    expect(() => decodeGroup(encodeGroup({ slots: late, tooLate: null }))).toThrow(UnreadableGroupError);
    // One byte of the format, no ids, no texts, and the latest slot that comes too late, of two hundred bytes.
    const endless = Uint8Array.from([1, 0, 0, 1, ...new Array<number>(200).fill(255), 0, 0]);
    expect(() => decodeGroup(endless)).toThrow(UnreadableGroupError);
  });
});
