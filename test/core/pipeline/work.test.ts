import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { delayReasons } from "../../../lambda/core/pipeline/delay-reason.ts";
import { readWork, UnreadableWorkError, type Work, writeWork } from "../../../lambda/core/pipeline/work.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";

const since = new Date("2026-11-24T09:30:03.000Z");

function work(event: Json = {}, overrides: Partial<Work> = {}): Work {
  return {
    event: logEvent({ uuid: "event-1", ...event }),
    delivery: { id: "d", org: "example.okta.com", eventHookId: null },
    rules: ["rule-1"],
    followUp: true,
    waiting: { reason: delayReasons.notPublished, since },
    matched: [],
    eventCut: null,
    unconfirmed: 0,
    again: false,
    ...overrides,
  };
}

const match = {
  ruleId: "rule-1",
  matched: [{ selection: "selection", fields: [{ field: "securityContext.isProxy", values: [true] }] }],
};

describe("work on the queue", () => {
  test("is read back as it was written", () => {
    const written = work();
    const read = readWork(writeWork(written, new Date(0)));
    expect({ ...read, event: read.event.received }).toEqual({ ...written, event: written.event.received });
  });

  test("escapes the characters that SQS refuses, which a login may hold", () => {
    const message = writeWork(work({ displayMessage: "a\uFFFE\uFFFFb" }), since);
    expect(message).not.toMatch(/[\uFFFE\uFFFF]/);
    expect(readWork(message).event.received.displayMessage).toBe("a\uFFFE\uFFFFb");
  });

  test("of an earlier release, which knew of neither, has no kept matches and no publish without an answer", () => {
    const { matched: _, unconfirmed: __, again: ___, ...earlier } = JSON.parse(writeWork(work(), since)) as Json;
    expect(readWork(JSON.stringify(earlier))).toMatchObject({ matched: [], unconfirmed: 0, again: false });
  });

  test("waits for a reason of ours: what an earlier release wrote of an error reaches no alert", () => {
    const raw = "User: arn:aws:sts::123456789012:assumed-role/Role is not authorized to perform: SNS:Publish";
    expect(readWork(writeWork(work(), since, raw)).waiting?.reason).toBe(delayReasons.other);
  });

  test("whose event is cut keeps what rules matched by, short, and says what was cut, each time anew", () => {
    const large = "x".repeat(800_000);
    const securityContext = { junk: large, isProxy: true, asNumber: 64500 };
    const first = writeWork(
      work({ securityContext, other: large }, { matched: [match], eventCut: ["earlier"] }),
      since,
    );
    const read = readWork(first);
    expect(read.event.received.securityContext).toEqual({ junk: "x".repeat(1_000), isProxy: true, asNumber: 64500 });
    expect(read.eventCut).toEqual(["earlier", "securityContext"]);
    expect(read.matched).toEqual([match]);
  });

  test("with explanations that are larger than what explains is worth keeps which rules matched", () => {
    const fields = Array.from({ length: 200 }, (_, index) => ({ field: `field${index}`, values: ["x".repeat(2_000)] }));
    const matched = [{ ruleId: "rule-1", matched: [{ selection: "selection", fields }] }];
    expect(readWork(writeWork(work({}, { matched }), since)).matched).toEqual([{ ruleId: "rule-1", matched: [] }]);
  });

  test("loses what its rules do not ask for first, where one field is enough", () => {
    const matched = [
      { ruleId: "rule-1", matched: [{ selection: "selection", fields: [{ field: "zone.name", values: ["x"] }] }] },
    ];
    const read = readWork(
      writeWork(
        work({ zone: { name: "x", junk: "x".repeat(700_000) }, other: "x".repeat(400_000) }, { matched }),
        since,
      ),
    );
    expect(read.event.received.zone).toEqual({ name: "x", junk: "x".repeat(1_000) });
    expect(read.eventCut).toEqual(["zone"]);
  });

  test("leaves room for what an operator's command adds", () => {
    const bytes = (pad: number) => writeWork(work({ pad: "x".repeat(pad) }), since).length;
    const longest = 1_048_576 - 256 - bytes(0);
    expect(readWork(writeWork(work({ pad: "x".repeat(longest) }), since)).eventCut).toBeNull();
    expect(readWork(writeWork(work({ pad: "x".repeat(longest + 1) }), since)).eventCut).toEqual(["pad"]);
  });

  test("says where its event came from, and a thousand characters of why it lies there", () => {
    const reconciled = work({}, { delivery: { id: null, org: null, eventHookId: null, source: "reconciled" } });
    const message = writeWork(reconciled, since, "x".repeat(2_000));
    expect(readWork(message).delivery.source).toBe("reconciled");
    expect(JSON.parse(message)).toMatchObject({ reason: "x".repeat(1_000) });
    expect(JSON.parse(writeWork(work(), since)).delivery).not.toHaveProperty("source");
  });

  test("that waits for the first time waits since now", () => {
    const message = writeWork(work({}, { waiting: null, rules: null }), since);
    expect(JSON.parse(message)).toMatchObject({ reason: "" });
    const read = readWork(message);
    expect(read.waiting).toEqual({ reason: delayReasons.other, since });
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
  ["a time that is none", writeWork(work(), since).replace(since.toISOString(), "lately"), /since: expected a time/],
  [
    "text of a person in another's place",
    writeWork(work(), since).replace('"followUp":true', '"followUp":"ana@example.com"'),
    /followUp: expected boolean$/,
  ],
  ["no event", writeWork(work(), since).replace('"uuid":"event-1"', '"uuid":5'), /holds no event: event\.uuid/],
])("%s is no work", (_, body, message) => {
  expect(() => readWork(body)).toThrow(UnreadableWorkError);
  expect(() => readWork(body)).toThrow(message);
});
