import { describe, expect, test } from "vitest";
import { parseDelivery } from "../../lambda/okta/event-hook.ts";
import { delivery, type Json, sessionStart } from "../fixtures/events.ts";

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
    ["without a source", delivery([], { source: undefined }), "source"],
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

  test("tells the delivery's id in both spellings", () => {
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

  test("one that stands twice is taken once, in its first place", () => {
    const [once, twice] = [sessionStart(), sessionStart({ version: "first" })];
    const { events } = parsed(delivery([twice, once, { ...twice, version: "second" }]));
    expect(events.map(({ received }) => received)).toEqual([twice, once]);
  });
});
