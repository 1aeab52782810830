import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryGroups } from "../../../cli/backtest/memory.ts";
import { type ArrivingEvent, advanceGroups, BusyGroupError } from "../../../lambda/core/correlation/advance-groups.ts";
import { correlate, type Firing, partKey, planCorrelations } from "../../../lambda/core/correlation/correlate.ts";
import type { EventNote, GroupState } from "../../../lambda/core/correlation/group-state.ts";
import { type GroupStore, missingGroup } from "../../../lambda/core/correlation/group-store.ts";
import { reopenGroups } from "../../../lambda/core/correlation/reopen-groups.ts";
import type { Correlation } from "../../../lambda/core/sigma/correlation.ts";
import { runs } from "../../fixtures/runs.ts";
import { anyCorrelation, beside, correlationOf, criteria, events } from "./random-correlations.ts";
import type { TestEvent } from "./reference.ts";

const signal = AbortSignal.timeout(100_000);

const aNote: EventNote = {
  eventType: "user.session.start",
  person: null,
  deed: "started an Okta session",
  succeeded: true,
  from: null,
  through: null,
  client: null,
  userId: null,
};

/** An event of the tests, which is kept as a step of a chain that has not started. */
const arriving = ({ uuid, at, rules, fields }: TestEvent): ArrivingEvent => ({
  uuid,
  at,
  rules,
  isKept: true,
  valuesOf: (field) => fields[field] ?? [],
  note: () => aNote,
});

/** A store that counts what is asked of it. */
function world() {
  const groups = memoryGroups();
  const read: string[] = [];
  const written: string[] = [];
  const store: GroupStore = {
    read: (keys, ended) => {
      read.push(...keys);
      return groups.read(read.slice(-[...keys].length), ended);
    },
    write: (key, change, ended) => {
      written.push(key);
      return groups.write(key, change, ended);
    },
  };
  const take = async (correlations: readonly Correlation[], ...some: readonly TestEvent[]) => {
    const decided = await advanceGroups(planCorrelations(correlations), some.map(arriving), new Map(), store, signal);
    return [...decided.values()];
  };
  return { groups, store, read, written, take };
}

const rule = (id: string, isCorrelation = false) => ({ id, title: id, isCorrelation });
const counting = (overrides: Partial<Correlation> = {}) =>
  correlationOf({ type: "event_count", condition: criteria({ operator: "gte", limit: 2 }), ...overrides });
const event = (uuid: string, overrides: Partial<TestEvent> = {}): TestEvent => ({
  uuid,
  at: 1_000,
  rules: ["a"],
  fields: { who: ["ann"], where: ["here"] },
  ...overrides,
});
const namesOf = (firings: readonly Firing[]) =>
  firings.map(({ correlation, group, slot }) => `${correlation.id} ${JSON.stringify(group)} ${slot}`).sort();

describe("groups of the same values", () => {
  const seven = Array.from({ length: 7 }, (_, index) => counting({ id: `correlation ${index}` }));

  test("are read once and written once, whatever the number of correlations", async () => {
    const { take, read, written } = world();
    await take(seven, event("one"));
    expect([read, written]).toEqual([['["ann"]'], ['["ann"]']]);
    const [decided] = await take(seven, event("two"));
    expect(namesOf(decided?.firings ?? [])).toHaveLength(7);
    expect(written).toHaveLength(2);
  });

  test("are those of the same values, whatever the fields are called and however they are listed", async () => {
    const fields = [counting(), counting({ id: "reversed" }), counting({ id: "renamed" })] as const;
    const by = (...names: readonly (readonly [string, string])[]) => ({
      groupBy: names.map(([name, field]) => ({ name, fields: [field, field, field] })),
    });
    const { take, written } = world();
    await take(
      [
        { ...fields[0], ...by(["where", "where"], ["who", "who"]) },
        { ...fields[1], ...by(["who", "who"], ["where", "where"]) },
        { ...fields[2], ...by(["site", "where"], ["user", "who"]) },
      ],
      event("one"),
    );
    expect(written).toEqual(['["here","ann"]']);
  });

  test("of correlations without group-by are one for each, as many functions change them at once", async () => {
    const { take, written } = world();
    await take([counting({ id: "one", groupBy: [] }), counting({ id: "other", groupBy: [] })], event("one"));
    expect(written.sort()).toEqual(["one", "other"]);
  });

  test("of a chain are written once, and once more where the outer correlation goes by other values", async () => {
    const inner = counting({ id: "inner", rules: [rule("a")] });
    const outer = (field: string) =>
      counting({
        id: "outer",
        rules: [rule("inner", true), rule("b")],
        groupBy: [{ name: "of", fields: [field, field] }],
        condition: criteria({ operator: "gte", limit: 1 }),
      });
    const events = [event("one"), event("two", { at: 1_001 })];
    const same = world();
    const decided = await same.take([inner, outer("who")], ...events);
    expect(namesOf(decided.flatMap(({ firings }) => firings))).toEqual(['inner ["ann"] 100', 'outer ["ann"] 100']);
    expect(same.written).toEqual(['["ann"]']);
    const other = world();
    await other.take([inner, outer("where")], ...events);
    expect(other.written).toEqual(['["ann"]', '["here"]']);
  });

  test("keep the part of each correlation when another one changes, or is taken away", async () => {
    const { take, groups } = world();
    const [one, other] = [counting({ id: "one" }), counting({ id: "other" })];
    await take([one, other], event("one"));
    const changed = { ...one, condition: criteria({ operator: "gte", limit: 3 }) };
    const [decided] = await take([changed, other], event("two"));
    expect(namesOf(decided?.firings ?? [])).toEqual(['other ["ann"] 100']);
    await take([one], event("three"));
    const parts = groups.find(['["ann"]']).get('["ann"]')?.parts ?? new Map();
    expect([...parts.keys()].sort()).toEqual([one, other, changed].map(partKey).sort());
  });

  test("are all taken again where another function was first", async () => {
    const { take, groups } = world();
    const correlations = seven.slice(0, 2);
    let writes = 0;
    const store: GroupStore = {
      ...groups,
      write: async (key, change, ended) => {
        writes += 1;
        if (writes === 1) await take(correlations, event("meanwhile"));
        return await groups.write(key, change, ended);
      },
    };
    const mine = [arriving(event("mine"))];
    const decided = await advanceGroups(planCorrelations(correlations), mine, new Map(), store, signal);
    expect(writes).toBe(2);
    expect(decided.get("mine")?.firings).toHaveLength(2);
  });

  test("leave all their correlations undecided where others change them again and again, or the store is down", async () => {
    const correlations = seven.slice(0, 3);
    const mine = [arriving(event("mine"))];
    const busy: GroupStore = { ...memoryGroups(), write: async () => ({ ...missingGroup, version: 1 }) };
    const decided = await advanceGroups(planCorrelations(correlations), mine, new Map(), busy, signal);
    const { undecided = new Map() } = decided.get("mine") ?? {};
    expect([...undecided.keys()]).toEqual(correlations);
    for (const error of undecided.values()) expect(error).toBeInstanceOf(BusyGroupError);
    const down: GroupStore = { ...memoryGroups(), read: () => Promise.reject(new Error("down")) };
    const unread = await advanceGroups(planCorrelations(correlations), mine, new Map(), down, signal);
    expect([...(unread.get("mine")?.undecided.keys() ?? [])]).toEqual(correlations);
  });

  test("fire again by the next event where a firing is taken back, of that correlation alone", async () => {
    const { take, groups, written } = world();
    const correlations = seven.slice(0, 2);
    const [first] = await take(correlations, event("one"), event("two"));
    const firings = first?.firings.filter(({ correlation }) => correlation === correlations[0]) ?? [];
    const [second] = await take(correlations, event("two"));
    const all = [...firings, ...(second?.firings ?? [])].filter(({ correlation }) => correlation === correlations[0]);
    await reopenGroups(all, groups, signal);
    expect(written).toHaveLength(1);
    const [third] = await take(correlations, event("three"));
    expect(third?.firings.map(({ correlation }) => correlation.id)).toEqual(["correlation 0"]);
  });

  test("keep a firing of another span, and one that is of another event by now; a write that another one beats is made again", async () => {
    const [correlation] = [counting()];
    const { take, groups, store } = world();
    // The second event completes the window of its own span, and the late one those of two.
    await take([correlation], event("one", { at: 1_009 }), event("two", { at: 1_011 }));
    const fired = (await take([correlation], event("late", { at: 1_008 })))[0]?.firings ?? [];
    const stateOf = async () =>
      [...(await groups.read(['["ann"]'], signal)).values()].flatMap(({ parts }) =>
        [...parts.values()].flatMap(({ state }) => state.slots.map((slot) => [slot.number, slot.fired?.by ?? null])),
      );
    expect(await stateOf()).toEqual([
      [100, "late"],
      [101, "two"],
    ]);
    const [ofLate] = fired;
    if (ofLate === undefined) throw new Error("it does not fire");
    await reopenGroups(
      [
        { ...ofLate, slot: 101 },
        { ...ofLate, by: "another" },
      ],
      store,
      signal,
    );
    expect(await stateOf()).toEqual([
      [100, "late"],
      [101, "two"],
    ]);
    let lost = 0;
    const beaten: GroupStore = {
      ...store,
      write: async (key, change, ended) => {
        lost += 1;
        if (lost > 1) return store.write(key, change, ended);
        await take([correlation], event("meanwhile", { at: 1_012 }));
        return store.write(key, change, ended);
      },
    };
    await reopenGroups([ofLate], beaten, signal);
    expect(await stateOf()).toEqual([
      [100, null],
      [101, "two"],
    ]);
  });

  test("fire as the same correlations do in memory, each with groups of its own", async () => {
    const several = fc.oneof(
      beside,
      fc
        .array(anyCorrelation, { minLength: 2, maxLength: 4 })
        .map((all) => all.map((each, index) => ({ ...each, id: `correlation-${index}` }))),
    );
    await fc.assert(
      fc.asyncProperty(several, events({ together: true }), async (correlations, stream) => {
        const plan = planCorrelations(correlations);
        const states = new Map<string, GroupState>();
        const { take } = world();
        for (const each of stream) {
          const alone = correlate(plan, arriving(each), states);
          const [together] = await take(correlations, each);
          expect(namesOf(together?.firings ?? [])).toEqual(namesOf(alone.firings));
          expect([...(together?.tooLate ?? [])].map(({ id }) => id).sort()).toEqual(
            alone.tooLate.map(({ id }) => id).sort(),
          );
        }
      }),
      { numRuns: runs(200) },
    );
  });
});
