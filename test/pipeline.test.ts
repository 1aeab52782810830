import { describe, expect, test } from "vitest";
import type { Alert } from "../lambda/alerts/alert.ts";
import type { MalformedEvent } from "../lambda/okta/event-hook.ts";
import { type Observation, type PipelinePorts, processDelivery } from "../lambda/pipeline.ts";
import { type Json, logEvent } from "./fixtures/events.ts";
import { rule, ruleSet } from "./fixtures/rules.ts";

const proxied = rule("high", "00000000-0000-4000-8000-000000000001", { "securityContext.isProxy": true });
const far = rule("medium", "00000000-0000-4000-8000-000000000002", {
  "securityContext.isProxy": true,
  "enrichment.geo.mismatch": true,
});
const lisbon = {
  label: "home",
  countryCode: "PT",
  state: null,
  city: null,
  postalCode: null,
  latitude: 38.7,
  longitude: -9.1,
};
const down = new Error("down");

function world(overrides: Partial<PipelinePorts> = {}) {
  const published: Alert[] = [];
  const asked: string[][] = [];
  const parked: MalformedEvent[] = [];
  const observed: Observation[] = [];
  const ports: PipelinePorts = {
    rules: ruleSet([proxied, far]),
    profiles: {
      findLocations: async (keys) => {
        asked.push([...keys]);
        return new Map([["00u1lisbon", [lisbon]]]);
      },
    },
    publish: async (alert) => void published.push(alert),
    parkMalformed: async (events) => void parked.push(...events),
    mismatchDistanceKm: 500,
    now: () => new Date("2026-11-24T09:30:03Z"),
    observe: (observation) => observed.push(observation),
    ...overrides,
  };
  const deliver = (events: readonly Json[], malformed: readonly MalformedEvent[] = []) =>
    processDelivery(
      { id: "d", org: null, eventHookId: null, events: events.map((event) => logEvent(event)), malformed },
      ports,
    );
  return { deliver, published, asked, parked, observed };
}

const direct: Json = { securityContext: { isProxy: false } };
const broken: MalformedEvent = { event: 5, faults: [{ path: "data.events.0", message: "expected an object" }] };

describe("the profile store", () => {
  test("is not asked for events that no rule can match", async () => {
    const { deliver, asked } = world();
    expect(await deliver([direct, direct])).toEqual({ received: 2, alerted: 0, failed: 0 });
    expect(asked).toEqual([]);
  });

  test("is asked once for all candidates of a delivery, by id and by lower-case login", async () => {
    const { deliver, asked } = world();
    await deliver([
      { actor: { id: "00u1", alternateId: "A@x" } },
      direct,
      { actor: { id: "00u2", alternateId: "b@x" } },
    ]);
    expect(asked).toEqual([["00u1", "a@x", "00u2", "b@x"]]);
  });

  test("is not asked when no candidate has a user", async () => {
    const { deliver, asked, published } = world();
    await deliver([{ actor: null }]);
    expect(asked).toEqual([]);
    expect(published[0]?.geo.verdict).toBe("unknown");
  });

  const storeDown = { profiles: { findLocations: () => Promise.reject(down) } };

  test("that is down holds no alert back: the location is unknown, and the reason says why", async () => {
    const { deliver, published, observed } = world(storeDown);
    expect(await deliver([{}])).toEqual({ received: 1, alerted: 1, failed: 0 });
    expect(published[0]?.detections.map(({ id }) => id)).toEqual([proxied.id]);
    expect(published[0]?.geo).toMatchObject({
      verdict: "unknown",
      reason: "The profile store could not be asked where this user is expected.",
    });
    expect(observed.map(({ kind }) => kind)).toEqual(["profilesUnavailable", "alertPublished"]);
  });

  test("that is down fails an event that it alone could decide", async () => {
    const { deliver, published, observed } = world({ ...storeDown, rules: ruleSet([far]) });
    expect(await deliver([{}])).toEqual({ received: 1, alerted: 0, failed: 1 });
    expect(published).toEqual([]);
    expect(observed.map(({ kind }) => kind)).toEqual(["profilesUnavailable", "eventFailed"]);
  });
});

test("one alert is published for an event, whatever the number of rules", async () => {
  const { deliver, published } = world();
  await deliver([{ uuid: "e" }]);
  expect(published.map(({ detections }) => detections.map(({ id }) => id))).toEqual([[proxied.id, far.id]]);
  expect(published[0]?.detections[1]?.matched).toEqual([
    {
      selection: "selection",
      fields: [
        { field: "eventType", values: ["user.session.start"] },
        { field: "securityContext.isProxy", values: [true] },
        { field: "enrichment.geo.mismatch", values: [true] },
      ],
    },
  ]);
});

test("an undecided rule that the location decides against raises nothing", async () => {
  const { deliver, published } = world({
    rules: ruleSet([far]),
    profiles: { findLocations: async () => new Map() },
  });
  expect(await deliver([{}])).toEqual({ received: 1, alerted: 0, failed: 0 });
  expect(published).toEqual([]);
});

test("an alert that cannot be published is failed, and the others go out", async () => {
  const { deliver, observed } = world({
    publish: async ({ okta }) => {
      if (okta.eventUuid === "b") throw down;
    },
  });
  expect(await deliver([{ uuid: "a" }, { uuid: "b" }, { uuid: "c" }])).toEqual({ received: 3, alerted: 2, failed: 1 });
  expect(observed.filter(({ kind }) => kind === "eventFailed")).toMatchObject([{ event: { uuid: "b" }, error: down }]);
});

describe("malformed events", () => {
  test("are parked beside the good ones", async () => {
    const { deliver, parked, published, observed } = world();
    expect(await deliver([{}], [broken])).toEqual({ received: 2, alerted: 1, failed: 0 });
    expect(parked).toEqual([broken]);
    expect(published).toHaveLength(1);
    expect(observed).toContainEqual({ kind: "malformedParked", count: 1 });
  });

  test("that cannot be parked are failed, and the good ones are alerted on all the same", async () => {
    const { deliver, published, observed } = world({ parkMalformed: () => Promise.reject(down) });
    expect(await deliver([{}], [broken, broken])).toEqual({ received: 3, alerted: 1, failed: 2 });
    expect(published).toHaveLength(1);
    expect(observed).toContainEqual({ kind: "malformedFailed", count: 2, error: down });
  });
});
