import fc from "fast-check";
import { expect, test } from "vitest";
import { holdEvents } from "../../../cli/backtest/held-events.ts";
import { logEvent } from "../../fixtures/events.ts";

const uuids = (events: Iterable<{ readonly uuid: string }>) => [...events].map(({ uuid }) => uuid);

test("events come out by the time when they were published, those of one time as they came, whatever their number", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 200 }), (minutes) => {
      const held = holdEvents();
      const events = minutes.map((minute, index) =>
        logEvent({ uuid: `${index}`, published: new Date(Date.UTC(2026, 10, 24, 9, minute)).toISOString() }),
      );
      for (const event of events) held.add(event);
      expect(held.count()).toBe(events.length);
      expect(uuids(held.inOrder())).toEqual(
        uuids(events.toSorted((a, b) => (a.published < b.published ? -1 : a.published > b.published ? 1 : 0))),
      );
    }),
    { numRuns: 30 },
  );
});

test("an event comes out as it was received", () => {
  const held = holdEvents();
  const event = logEvent({ uuid: "ü\u2028", target: [{ id: "x", detailEntry: { a: [1, null, "\ud800"] } }] });
  held.add(event);
  expect([...held.inOrder()].map(({ received }) => received)).toEqual([event.received]);
});

test("times that exports write differently are compared as times", () => {
  const held = holdEvents();
  held.add(logEvent({ uuid: "second", published: "2026-11-24 09:30:00.5" }));
  held.add(logEvent({ uuid: "first", published: "2026-11-24T10:30:00+01:00" }));
  expect(uuids(held.inOrder())).toEqual(["first", "second"]);
});

test("an event whose time cannot be read has no place in the order, and is counted", () => {
  const held = holdEvents();
  held.add(logEvent({ published: "unknown" }));
  held.add(logEvent({ uuid: "timed" }));
  expect(held.untimed()).toBe(1);
  expect(uuids(held.inOrder())).toEqual(["timed"]);
});

test("events of more than one block, and one larger than a block, come out in order as they were received, each time", () => {
  const held = holdEvents();
  const events = Array.from({ length: 400 }, (_, index) =>
    logEvent({
      uuid: `${index}`,
      published: new Date(Date.UTC(2026, 10, 24, 9, (index * 37) % 400)).toISOString(),
      displayMessage: index === 200 ? "ü".repeat(300_000) : `ü${"x".repeat(2_000)}`,
    }),
  );
  for (const event of events) held.add(event);
  const sorted = events.toSorted((a, b) => (a.published < b.published ? -1 : 1)).map(({ received }) => received);
  for (let pass = 0; pass < 2; pass += 1) {
    expect([...held.inOrder()].map(({ received }) => received)).toEqual(sorted);
  }
});
