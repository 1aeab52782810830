import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gatheringAfter, gatheringAt, isUsualHour, secondsUntilDue } from "../../../lambda/core/storms/gathering.ts";
import {
  dueReport,
  isOver,
  isRaging,
  isUnwatched,
  readCount,
  type Storm,
  secondsToNextLook,
  stepBelow,
  stormIdOf,
  stormMilliseconds,
  withSession,
} from "../../../lambda/core/storms/storm.ts";

const since = Date.parse("2026-11-24T09:30:00Z");
const at = (milliseconds: number) => new Date(since + milliseconds);

function storm(given: Partial<Storm> = {}): Storm {
  const [users, succeeded, reasons] = [new Map(), new Map(), new Map()];
  const counted = { since, last: since, attempts: 6, users, more: 0, succeeded, reasons };
  return { ...counted, watcher: null, watchBy: null, reported: 0, ended: false, ...given };
}

describe("the reports on a storm", () => {
  test("come at the start, at 10, 30, 100, 300, 1,000... attempts, and at the end", () => {
    expect([6, 9, 10, 29, 30, 99, 100, 299, 300, 999, 1_000, 10_000].map(stepBelow)).toEqual([
      0, 0, 10, 10, 30, 30, 100, 100, 300, 300, 1_000, 10_000,
    ]);
    expect(dueReport(storm(), at(0))).toEqual({ kind: "start", step: "start" });
    expect(dueReport(storm({ attempts: 29, reported: 12 }), at(0))).toBeNull();
    expect(dueReport(storm({ attempts: 350, reported: 12 }), at(0))).toEqual({ kind: "update", step: "300" });
    expect(dueReport(storm({ attempts: 29, reported: 12 }), at(stormMilliseconds))).toEqual({
      kind: "end",
      step: "end 29",
    });
  });

  test("come every four hours, where a storm is kept up by few attempts: it hides none for days", () => {
    const hours = (count: number) => count * 3_600_000;
    // A watcher is overdue three minutes after its look.
    const watched = (look: number, given: Partial<Storm>) =>
      storm({ last: since + look, watchBy: since + look + 180_000, reported: 100, ...given });
    expect(dueReport(watched(hours(3), { attempts: 120 }), at(hours(3) + 60_000))).toBeNull();
    expect(dueReport(watched(hours(4) - 60_000, { attempts: 120 }), at(hours(4)))).toEqual({
      kind: "update",
      step: "100 after 1",
    });
    expect(dueReport(watched(hours(4) - 60_000, { attempts: 100 }), at(hours(4)))).toBeNull();
    expect(dueReport(watched(hours(4), { attempts: 120 }), at(hours(4) + 60_000))).toBeNull();
  });

  test("are few, however many attempts come: three and a half for each tenfold", () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 1_000_000 }), (attempts) => {
        const steps = new Set<string>();
        for (let counted = 6, reported = 0; counted <= attempts; counted = Math.ceil(counted * 1.05)) {
          const due = dueReport(storm({ attempts: counted, reported }), at(0));
          if (due === null) continue;
          expect(steps).not.toContain(due.step);
          steps.add(due.step);
          reported = counted;
        }
        expect(steps.size).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log10(attempts)));
      }),
    );
  });

  test("are looked for once a minute, and at the storm's end", () => {
    expect(secondsToNextLook(storm(), at(0))).toBe(60);
    expect(secondsToNextLook(storm(), at(stormMilliseconds - 20_000))).toBe(20);
    expect(secondsToNextLook(storm(), at(2 * stormMilliseconds))).toBe(1);
  });
});

test("a storm is over once its end is reported; without a watcher, when ten minutes are", () => {
  const time = since + stormMilliseconds;
  expect(isOver(storm({ ended: true, watcher: "w" }), 5, since)).toBe(true);
  expect(isOver(storm({ watcher: "w" }), 5, time)).toBe(false);
  expect(isOver(storm({ attempts: 5 }), 5, time - 1)).toBe(false);
  expect(isOver(storm({ attempts: 5, last: time - 1 }), 5, time)).toBe(true);
  expect(isOver(storm({ attempts: 6, last: time - 1 }), 5, time)).toBe(false);
  expect(isOver(storm({ attempts: 6 }), 5, time)).toBe(true);
});

test("a storm rages until ten minutes after its last attempt, and never where storms are off", () => {
  expect(isRaging(storm(), 5, at(stormMilliseconds - 1))).toBe(true);
  expect(isRaging(storm(), 5, at(stormMilliseconds))).toBe(false);
  expect(isRaging(storm({ attempts: 5 }), 5, at(0))).toBe(false);
  expect(isRaging(storm(), 0, at(0))).toBe(false);
  expect(isRaging(storm({ ended: true }), 5, at(0))).toBe(false);
  expect(isRaging(storm({ attempts: 5, watcher: "w" }), 5, at(0))).toBe(true);
});

test("a storm is unwatched until a watcher is named, and once that is overdue", () => {
  expect(isUnwatched(storm(), at(0))).toBe(true);
  expect(isUnwatched(storm({ watcher: "w", watchBy: since }), at(0))).toBe(false);
  expect(isUnwatched(storm({ watcher: "w", watchBy: since }), at(1))).toBe(true);
});

test("a storm counts a session that starts in it once by its login", () => {
  const once = withSession(storm(), "ada@example.com");
  expect([...once.succeeded]).toEqual([["ada@example.com", 1]]);
  expect(withSession(once, "ada@example.com")).toEqual(once);
  const twice = storm({ succeeded: new Map([["ada@example.com", 2]]) });
  expect(withSession(twice, "ada@example.com")).toEqual(twice);
});

test("the id of a storm is that of its source and start", () => {
  expect(stormIdOf("network#AS1#", since)).toBe(stormIdOf("network#AS1#", since));
  expect(stormIdOf("network#AS1#", since)).not.toBe(stormIdOf("network#AS2#", since));
  expect(stormIdOf("network#AS1#", since)).not.toBe(stormIdOf("network#AS1#", since + 1));
});

test("a number of a setting is whole, and within its bound", () => {
  expect(["0", "5", "100", "101", "-1", "1.5", "", "x"].map((text) => readCount(text, 100))).toEqual([
    0,
    5,
    100,
    ...Array.from({ length: 5 }, () => null),
  ]);
});

describe("a gathering", () => {
  test("is of five minutes by the clock, and due some seconds after", () => {
    const key = gatheringAt("source", at(61_000));
    expect(key).toEqual({ source: "source", start: since });
    expect(gatheringAfter(key)).toEqual({ source: "source", start: since + 300_000 });
    expect(secondsUntilDue(key, at(61_000))).toBe(244);
    expect(secondsUntilDue(key, at(305_000))).toBe(0);
  });

  test("tells a usual hour by the time of the day, also around midnight", () => {
    const midnight = Date.parse("2026-11-24T00:10:00Z");
    expect(isUsualHour(["2026-11-20T23:30:00Z"], midnight)).toBe(true);
    expect(isUsualHour(["2026-11-20T23:10:00Z"], midnight)).toBe(true);
    expect(isUsualHour(["2026-11-20T22:30:00Z"], midnight)).toBe(false);
    expect(isUsualHour(["2026-12-20T01:00:00Z", "2026-11-20T12:00:00Z"], midnight)).toBe(true);
    expect(isUsualHour([], midnight)).toBeNull();
    expect(isUsualHour(["2026-11-20T22:30:00Z"], Number.NaN)).toBeNull();
  });
});
