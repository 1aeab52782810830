import { expect, test } from "vitest";
import { type DeadLetter, maximumDeadLetterBytes, toDeadLetter } from "../../lambda/dead-letters/dead-letter.ts";

const fault = { path: "data.events.0.uuid", message: "expected the event's uuid" };
const delivery = { id: "delivery-1", org: "example.okta.com", eventHookId: "who1" };

function letter(event: unknown): DeadLetter {
  const body = toDeadLetter({ event, faults: [fault] }, delivery, new Date("2026-11-24T09:30:03Z"));
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(maximumDeadLetterBytes);
  return JSON.parse(body) as DeadLetter;
}

test("a dead letter holds the event as received, what is wrong with it and where", () => {
  expect(letter({ eventType: "x" })).toEqual({
    schemaVersion: "1.0",
    kind: "malformed",
    reason: "The event is malformed: data.events.0.uuid: expected the event's uuid",
    faults: [fault],
    deliveryId: "delivery-1",
    eventHookId: "who1",
    org: "example.okta.com",
    receivedAt: "2026-11-24T09:30:03.000Z",
    event: { eventType: "x" },
    eventCut: false,
  });
});

test("an event over the queue's limit is kept as text, cut off, within the limit", () => {
  const { event, eventCut } = letter({ pad: "\u0001".repeat(1_000_000) });
  expect(eventCut).toBe(true);
  expect(event).toMatch(/^\{"pad":"/);
});

test("an event nested too deeply to be written is parked all the same", () => {
  const deep: unknown = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
  expect(letter(deep)).toMatchObject({ event: "nested too deeply to be written", eventCut: true });
});
