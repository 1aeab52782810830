import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readWork, UnreadableWorkError, type Work, writeWork } from "../../lambda/retries/work.ts";
import { type Json, logEvent } from "../fixtures/events.ts";

const since = new Date("2026-11-24T09:30:03.000Z");

function work(event: Json = {}, overrides: Partial<Work> = {}): Work {
  return {
    event: logEvent({ uuid: "event-1", ...event }),
    delivery: { id: "d", org: "example.okta.com", eventHookId: null },
    rules: ["rule-1"],
    followUp: true,
    waiting: { reason: "SNS was down", since },
    ...overrides,
  };
}

describe("work on the queue", () => {
  test("is read back as it was written", () => {
    const written = work();
    const read = readWork(writeWork(written, new Date(0)));
    expect({ ...read, event: read.event.received }).toEqual({ ...written, event: written.event.received });
  });

  test("that waits for the first time waits since now", () => {
    const read = readWork(writeWork(work({}, { waiting: null, rules: null }), since));
    expect(read.waiting).toEqual({ reason: "", since });
    expect(read.rules).toBeNull();
  });

  test("keeps within SQS's limit, and keeps what identifies the event", () => {
    const large = fc.integer({ min: 0, max: 1_200_000 }).map((length) => "é\u0001".repeat(length / 3));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), large, { maxKeys: 3 }), (fields) => {
        const body = writeWork(work({ ...fields, uuid: "event-1" }), since);
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(1_048_576);
        expect(readWork(body).event).toMatchObject({ uuid: "event-1", eventType: "user.session.start" });
      }),
      { numRuns: 20 },
    );
  });
});

test.each([
  ["no JSON", "hello", /no JSON/],
  ["a malformed event", JSON.stringify({ kind: "malformed" }), /is no work: schemaVersion/],
  ["no event", writeWork(work(), since).replace('"uuid":"event-1"', '"uuid":5'), /holds no event: event\.uuid/],
])("%s is no work", (_, body, message) => {
  expect(() => readWork(body)).toThrow(UnreadableWorkError);
  expect(() => readWork(body)).toThrow(message);
});
