import { describe, expect, test } from "vitest";
import { maximumDescribed, parseDelivery } from "../../../lambda/core/okta/event-hook.ts";
import { delivery, type Json, sessionStart } from "../../fixtures/events.ts";

function parsed(body: Json) {
  const result = parseDelivery(body);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.delivery;
}

describe("the envelope", () => {
  test.each([
    ["not an object", 5, ""],
    ["null", null, ""],
    ["of another type", delivery([], { eventType: "com.okta.inline_hook" }), "eventType"],
    ["without data", delivery([], { data: null }), "data"],
    ["with events that are no list", delivery([], { data: { events: {} } }), "data.events"],
  ])("%s is refused, with the path", (_, body, path) => {
    expect(parseDelivery(body)).toMatchObject({ ok: false, faults: [{ path }] });
  });

  test("is taken with fields that we do not know, and without those that we can do without", () => {
    const { id, org } = parsed({
      eventType: "com.okta.event_hook",
      source: "https://example.okta.com/api/v1/eventHooks/who1",
      futureField: {},
      data: { events: [], futureField: 1 },
    });
    expect([id, org]).toEqual([null, "example.okta.com"]);
  });

  test.each<[string, Json]>([
    ["an id that is a number", { eventId: 1 }],
    ["an id that is an object", { eventId: {} }],
    ["a time that is an object", { eventTime: {} }],
    ["a time that is a number", { eventTime: 5 }],
    ["a source that is a list", { source: [] }],
    ["no source", { source: undefined }],
    ["a type in other letters", { eventType: "COM.Okta.Event_Hook " }],
    ["no type", { eventType: undefined }],
    ["no id, time, source or type", { eventId: null, eventTime: null, source: null, eventType: null }],
  ])("is taken with %s, as the events do not need it", (_, overrides) => {
    const event = sessionStart();
    expect(parsed(delivery([event], overrides)).events.map(({ uuid }) => uuid)).toEqual([event.uuid]);
  });

  test("reads an id that is a number as text, one of another kind as null, and one without end cut off", () => {
    expect(parsed(delivery([], { eventId: 12 })).id).toBe("12");
    expect(parsed(delivery([], { eventId: {} })).id).toBeNull();
    expect(parsed(delivery([], { eventId: "x".repeat(1_000_000) })).id).toHaveLength(255);
    expect(parsed(delivery([], { source: `https://${"x".repeat(1_000_000)}` })).org).toHaveLength(255);
  });

  test("that is refused has every fault named, those too that alone would not refuse it", () => {
    const result = parseDelivery({ source: 1, data: { events: {} } });
    expect(result).toMatchObject({
      ok: false,
      faults: [{ path: "eventType" }, { path: "source" }, { path: "data.events" }],
    });
  });

  test("reads the delivery's id in both spellings", () => {
    expect(parsed(delivery([], { eventId: "new" })).id).toBe("new");
    expect(parsed(delivery([], { eventId: undefined, eventID: "old" })).id).toBe("old");
  });

  test.each([
    ["https://example.okta.com/api/v1/eventHooks/who7hphp39JoHLni81d7", "example.okta.com", "who7hphp39JoHLni81d7"],
    ["https://login.example.com/api/v1/eventHooks/who1?x=1", "login.example.com", "who1"],
    ["https://example.okta.com/elsewhere", "example.okta.com", null],
    ["no URL", null, null],
  ])("of the source %s: org %s, hook %s", (source, org, eventHookId) => {
    expect(parsed(delivery([], { source }))).toMatchObject({ org, eventHookId });
  });
});

describe("the events", () => {
  test("a bad one never costs the good ones beside it", () => {
    const [first, last] = [sessionStart(), sessionStart()];
    const { events, malformed } = parsed(delivery([first, null, { uuid: 1 }, last]));
    expect(events.map(({ uuid }) => uuid)).toEqual([first.uuid, last.uuid]);
    expect(malformed.map(({ event }) => event)).toEqual([null, { uuid: 1 }]);
    expect(malformed[1]?.faults.map(({ path }) => path)).toContain("data.events.2.uuid");
  });

  test("a hundred thousand empty ones cost no good one, and the faults of the first are described", () => {
    const good = sessionStart();
    const { events, malformed } = parsed(delivery([...new Array(100_000).fill({}), good]));
    expect(events.map(({ uuid }) => uuid)).toEqual([good.uuid]);
    expect(malformed).toHaveLength(100_000);
    expect(malformed[maximumDescribed - 1]?.faults[0]?.path).toBe(`data.events.${maximumDescribed - 1}.uuid`);
    expect(malformed[maximumDescribed]?.faults).toEqual([
      { path: "data.events", message: "one of more than 100 malformed events" },
    ]);
  });

  test("one that stands twice is taken once, in its first place", () => {
    const [once, twice] = [sessionStart(), sessionStart({ version: "first" })];
    const { events } = parsed(delivery([twice, once, { ...twice, version: "second" }]));
    expect(events.map(({ received }) => received)).toEqual([twice, once]);
  });
});
