import { describe, expect, test } from "vitest";
import type { RefusedDelivery } from "../../../lambda/core/hook-endpoint/endpoint.ts";
import { parseDelivery } from "../../../lambda/core/okta/event-hook.ts";
import {
  type DeadLetter,
  type MalformedEventsLetter,
  type RefusedLetter,
  toDeadLetter,
  toDeadLetters,
  toRefusedLetter,
} from "../../../lambda/core/pipeline/dead-letter.ts";
import { queueMessageBytes } from "../../../lambda/core/text/message-limits.ts";

const fault = { path: "data.events.0.uuid", message: "expected the event's uuid" };
const delivery = { id: "delivery-1", org: "example.okta.com", eventHookId: "who1" };
const receivedAt = new Date("2026-11-24T09:30:03Z");

/** The letter that a message holds, which keeps within the queue's limit. */
function read<Letter>(body: string): Letter {
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(queueMessageBytes);
  return JSON.parse(body) as Letter;
}

describe("an event", () => {
  const letter = (event: unknown) => read<DeadLetter>(toDeadLetter({ event, faults: [fault] }, delivery, receivedAt));

  test("is kept as received, with what is wrong with it and where", () => {
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

  test("over the queue's limit is kept as text, cut off, within the limit", () => {
    const { event, eventCut } = letter({ pad: "\u0001".repeat(1_000_000) });
    expect(eventCut).toBe(true);
    expect(event).toMatch(/^\{"pad":"/);
  });

  test("that makes a letter as long as the queue takes is kept whole, and one byte more is cut off", () => {
    const bytes = (pad: number) =>
      toDeadLetter({ event: "x".repeat(pad), faults: [fault] }, delivery, receivedAt).length;
    const longest = queueMessageBytes - bytes(0);
    expect(letter("x".repeat(longest))).toMatchObject({ event: "x".repeat(longest), eventCut: false });
    expect(letter("x".repeat(longest + 1)).eventCut).toBe(true);
  });

  test("nested too deeply to be written is parked all the same", () => {
    const deep: unknown = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
    expect(letter(deep)).toMatchObject({ event: "nested too deeply to be written", eventCut: true });
  });

  test("with characters that SQS refuses has them escaped", () => {
    const body = toDeadLetter({ event: { name: "a\uFFFEb\uFFFF\uD800" }, faults: [fault] }, delivery, receivedAt);
    expect(body).not.toMatch(/[\uFFFE\uFFFF\uD800-\uDFFF]/);
    expect(read<DeadLetter>(body).event).toEqual({ name: "a\uFFFEb\uFFFF\uD800" });
  });
});

describe("many events of one delivery", () => {
  const lettersOf = (events: readonly unknown[]) => {
    const parsed = parseDelivery({ data: { events } });
    if (!parsed.ok) throw new Error("it is a delivery");
    return toDeadLetters(parsed.delivery.malformed, delivery, receivedAt).map((body) =>
      read<DeadLetter | MalformedEventsLetter>(body),
    );
  };
  const eventsOf = (letter: DeadLetter | MalformedEventsLetter) =>
    letter.kind === "malformed" ? [letter.event] : letter.events;

  test("have a letter each up to a hundred", () => {
    expect(lettersOf(new Array(100).fill({})).map(({ kind }) => kind)).toEqual(new Array(100).fill("malformed"));
  });

  test("are in few letters beyond that: those of a body of 6 MB of empty ones in a hundred and eight", () => {
    const letters = lettersOf(new Array(2_000_000).fill({}));
    expect(letters).toHaveLength(108);
    expect(letters[100]).toMatchObject({
      schemaVersion: "1.0",
      kind: "malformedEvents",
      deliveryId: "delivery-1",
      reason: expect.stringMatching(/^\d+ events are malformed, of a delivery with more than 100 such$/),
    });
    expect(letters.reduce((count, letter) => count + eventsOf(letter).length, 0)).toBe(2_000_000);
  });

  test("are all kept, in their order, one among them nested too deeply to be written", () => {
    const deep: unknown = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
    const events = Array.from({ length: 1_000 }, (_, index) => (index === 500 ? deep : { index }));
    const kept = lettersOf(events).flatMap(eventsOf);
    expect(kept).toEqual(events.with(500, "nested too deeply to be written"));
  });
});

describe("a refused delivery", () => {
  const refused: RefusedDelivery = {
    status: 400,
    reason: "the body is no JSON in UTF-8",
    detail: "Unexpected token 'o'",
    contentType: "application/json",
    body: "{nope",
  };
  const letter = (overrides: Partial<RefusedDelivery> = {}) =>
    read<RefusedLetter>(toRefusedLetter({ ...refused, ...overrides }, receivedAt));

  test("is kept with its body, its answer and the reason", () => {
    expect(letter()).toEqual({
      schemaVersion: "1.0",
      kind: "refused",
      reason: "The delivery was refused with 400: the body is no JSON in UTF-8: Unexpected token 'o'",
      receivedAt: "2026-11-24T09:30:03.000Z",
      status: 400,
      contentType: "application/json",
      body: "{nope",
      bodyEncoding: "utf-8",
      bodyBytes: 5,
      bodyCut: false,
    });
  });

  test.each<[string, string | Uint8Array]>([
    ["text", "x".repeat(6_291_457)],
    ["characters that take six bytes each", "\u0001".repeat(2_000_000)],
    ["characters outside the basic plane", "\u{1f4a5}".repeat(1_000_000)],
    ["bytes that are no UTF-8", Buffer.alloc(4_000_000, 0xff)],
  ])("over the queue's limit is cut to fit: %s", (_, body) => {
    const { bodyCut, bodyBytes, body: part } = letter({ body });
    expect(bodyCut).toBe(true);
    expect(bodyBytes).toBe(Buffer.byteLength(body));
    expect(part.length).toBeGreaterThan(queueMessageBytes / 13);
  });

  test("says no more where there is no detail, and names no content type where there was none", () => {
    expect(letter({ detail: null, contentType: null })).toMatchObject({
      reason: "The delivery was refused with 400: the body is no JSON in UTF-8",
      contentType: null,
    });
  });

  test("says a thousand characters of a detail and of a content type, whatever their length", () => {
    const long = "x".repeat(100_000);
    const { reason, contentType } = letter({ detail: long, contentType: long });
    expect(reason).toBe(`The delivery was refused with 400: the body is no JSON in UTF-8: ${"x".repeat(1_000)}`);
    expect(contentType).toBe("x".repeat(1_000));
  });

  test("that is no UTF-8 is kept in base64", () => {
    const body = Buffer.from([0x7b, 0xff]);
    expect(letter({ body })).toMatchObject({ body: body.toString("base64"), bodyEncoding: "base64", bodyCut: false });
  });
});
