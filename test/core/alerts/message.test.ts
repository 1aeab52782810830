import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAlert } from "../../../lambda/core/alerts/alert.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { toMessage } from "../../../lambda/core/alerts/message.ts";
import { judgeLocation } from "../../../lambda/core/profiles/judge-location.ts";
import { topicMessageBytes } from "../../../lambda/core/text/message-limits.ts";
import { cases } from "../../fixtures/cases.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { rule } from "../../fixtures/rules.ts";

function alert(event: Json = {}): Alert {
  return createAlert({
    event: logEvent(event),
    delivery: { id: null, org: null, eventHookId: null },
    detections: [{ rule: rule("high", "00000000-0000-4000-8000-000000000001"), matched: [] }],
    judgement: judgeLocation(null, [], 500),
    thresholdKm: 500,
    detectedAt: new Date(0),
  });
}

function bodies(message: string): { default: Alert; email: string } {
  const parsed = JSON.parse(message) as { default: string; email: string };
  return { default: JSON.parse(parsed.default) as Alert, email: parsed.email };
}

test("the message holds the whole alert as default, and its text as email", () => {
  const whole = alert();
  const { default: body, email } = bodies(toMessage(whole).message);
  expect(body).toEqual(JSON.parse(JSON.stringify(whole)));
  expect(email).toContain(whole.alertId);
});

test("attributes are never empty, which SNS refuses", () => {
  const { attributes } = toMessage(alert({ outcome: null, eventType: "user.session.start" }));
  expect(attributes).toEqual({
    severity: { type: "String", value: "high" },
    eventType: { type: "String", value: "user.session.start" },
    geoVerdict: { type: "String", value: "unknown" },
    outcome: { type: "String", value: "UNKNOWN" },
    test: { type: "String", value: "false" },
    detections: { type: "String.Array", value: '["00000000-0000-4000-8000-000000000001"]' },
  });
});

describe("over SNS's limit", () => {
  test("the largest fields of the event go first, and the alert names them", () => {
    const { default: body } = bodies(
      toMessage(alert({ large: "x".repeat(262_144), small: "y".repeat(1_000) })).message,
    );
    expect(body.eventCut).toEqual(["large"]);
    expect(body.event).not.toHaveProperty("large");
    expect(body.event).toHaveProperty("small");
  });

  test("a storm names fewer logins, and counts the attempts of the others", () => {
    const users = Array.from({ length: 300 }, (_, index) => ({
      login: `${index}${"\u0001".repeat(500)}@example.com`,
      outcome: index === 299 ? "SUCCESS" : "FAILURE",
      count: 2,
    }));
    const storm = { ...cases["storm-update"]?.().storm, users, more: 5 } as NonNullable<Alert["storm"]>;
    const { message } = toMessage({ ...alert(), storm });
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(topicMessageBytes);
    const named = bodies(message).default.storm;
    expect(named?.users.length).toBeGreaterThan(20);
    expect(named?.users[0]).toMatchObject({ outcome: "SUCCESS" });
    expect(named?.more).toBe(5 + 2 * (300 - (named?.users.length ?? 0)));
  });

  test("correlations name fewer events, the first and the last of each, and count the others", () => {
    const chain = cases["attack-chain-of-sixty"]?.() ?? alert();
    const [detection] = chain.detections;
    const { correlation } = detection ?? {};
    if (detection === undefined || correlation == null) throw new Error("the case has no correlation");
    const hostile = "\u0001é".repeat(100);
    const events = correlation.events.map((each) => ({ ...each, deed: hostile, person: hostile, summary: hostile }));
    const long = { ...detection, correlation: { ...correlation, events } };
    const many = { ...chain, detections: Array.from({ length: 30 }, (_, index) => ({ ...long, id: `rule ${index}` })) };
    const { message } = toMessage(many);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(topicMessageBytes);
    for (const { correlation: written } of bodies(message).default.detections) {
      const named = written?.events ?? [];
      expect(named.length).toBeGreaterThanOrEqual(2);
      expect(named.length).toBeLessThan(40);
      expect(named[0]?.eventUuid).toBe(events[0]?.eventUuid);
      expect(named.at(-1)?.eventUuid).toBe(events.at(-1)?.eventUuid);
      expect(named.length + (written?.more ?? 0)).toBe(60);
    }
  });

  test("no event makes a message that SNS refuses, and each has uuid and type all the same", () => {
    const large = fc.integer({ min: 0, max: 300_000 }).map((length) => '"\u0001é'.repeat(length / 3));
    const many = fc
      .integer({ min: 0, max: 20_000 })
      .map((count) => Array.from({ length: count }, (_, index) => String(index)));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(large, many), { maxKeys: 8 }), (fields) => {
        const whole = alert({ ...fields, uuid: "event-1" });
        const { subject, message, attributes } = toMessage(whole);
        const bytes = Buffer.byteLength(subject + message + JSON.stringify(attributes));
        expect(bytes).toBeLessThanOrEqual(topicMessageBytes);
        const { default: body } = bodies(message);
        expect(body.okta).toMatchObject({ eventUuid: "event-1", eventType: "user.session.start" });
        expect(body.eventCut === null).toBe(Object.keys(body.event).length === Object.keys(whole.event).length);
      }),
      { numRuns: 50 },
    );
  });
});
