import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeGroup, encodeGroup, UnreadableGroupError } from "../../../lambda/adapters/tables/group-codec.ts";
import type { Entry, GroupState } from "../../../lambda/core/correlation/group-state.ts";
import type { GroupPart } from "../../../lambda/core/correlation/group-store.ts";

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

const partKey = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 12 });
const until = fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => 1_000 * seconds);
const parts: fc.Arbitrary<ReadonlyMap<string, GroupPart>> = fc
  .uniqueArray(fc.tuple(partKey, fc.record({ state, until })), { maxLength: 4, selector: ([key]) => key })
  .map((all) => new Map(all));

/** A group of one correlation. */
const only = (each: GroupState): ReadonlyMap<string, GroupPart> => new Map([["a part", { state: each, until: 0 }]]);
/** The state of a group of one correlation. */
const read = (bytes: Uint8Array) => decodeGroup(bytes).get("a part")?.state;

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

describe("the bytes of a group", () => {
  test("give the parts back", () => {
    fc.assert(
      fc.property(parts, (each) => {
        expect(decodeGroup(encodeGroup(each))).toEqual(each);
      }),
      { numRuns: 500 },
    );
  });

  test("take 25 or fewer for an event that is counted", () => {
    expect(encodeGroup(only(flood(400))).length / 400).toBeLessThan(25);
  });

  test("take the uuid and the note of an event once, however many parts keep it", () => {
    const note = {
      eventType: "user.session.start",
      person: "ada@example.com",
      deed: "started an Okta session",
      succeeded: true,
      from: "Toronto, Canada, 203.0.113.7",
      through: "VPN NORD_VPN",
      client: "FIREFOX on Windows 10",
      userId: "00u1",
    };
    const noted = flood(1).slots.map((slot) => ({ ...slot, entries: slot.entries.map((each) => ({ ...each, note })) }));
    const part = { state: { tooLate: null, slots: noted }, until: 1_764_000_000_000 };
    const of = (count: number) =>
      new Map(Array.from({ length: count }, (_, index) => [`a part of ${index}`, part] as const));
    const added = encodeGroup(of(9)).length - encodeGroup(of(8)).length;
    expect(added).toBeLessThan(50);
    expect(encodeGroup(of(1)).length).toBeGreaterThan(150);
  });

  test("stay below the limit, as the oldest events are dropped first", () => {
    const whole = flood(1_000);
    const bytes = encodeGroup(only(whole), 5_000);
    const kept = read(bytes)?.slots[0]?.entries ?? [];
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
    const kept = read(encodeGroup(only({ slots, tooLate: null }), 700));
    expect(kept?.slots.map(({ number }) => number)).toEqual([3]);
    expect(kept?.tooLate).toBe(2);
  });

  test("over the limit shorten the parts that flood, and leave all others whole", () => {
    fc.assert(
      fc.property(parts, fc.integer({ min: 300, max: 900 }), (others, events) => {
        // A larger part than what is left of a flood would be the one to be shortened.
        fc.pre([...others].every((each) => encodeGroup(new Map([each])).length < 2_000));
        const room = encodeGroup(others).length;
        const floods = [`a flood of ${events}`, "another flood"].map((key) => [
          key,
          { state: flood(events), until: 0 },
        ]);
        const bytes = encodeGroup(new Map([...others, ...(floods as [string, GroupPart][])]), room + 6_000);
        expect(bytes.length).toBeLessThanOrEqual(room + 6_000);
        const kept = decodeGroup(bytes);
        for (const [key, part] of others) expect(kept.get(key)).toEqual(part);
        for (const [key = ""] of floods as [string, GroupPart][]) {
          expect(kept.get(key)?.state.slots[0]?.entries.length).toBeGreaterThan(30);
        }
      }),
      { numRuns: 100 },
    );
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
    expect(decodeGroup(encodeGroup(new Map()))).toEqual(new Map());
    // The state of an earlier release, of a group of one correlation.
    expect(() => decodeGroup(Uint8Array.from([1, 0, 0, 0, 0]))).toThrow(UnreadableGroupError);
  });

  test("with numbers or times that no event has are refused", () => {
    const late = flood(1).slots.map((slot) => ({
      ...slot,
      entries: slot.entries.map((each) => ({ ...each, at: 9e15 })),
    }));
    expect(() => decodeGroup(encodeGroup(only({ slots: late, tooLate: null })))).toThrow(UnreadableGroupError);
    // The format, no ids, one text of one character, one part of that name, and a time of two hundred bytes.
    const endless = Uint8Array.from([2, 0, 1, 1, 97, 1, 1, ...new Array<number>(200).fill(255), 0, 0]);
    expect(() => decodeGroup(endless)).toThrow(UnreadableGroupError);
  });
});
