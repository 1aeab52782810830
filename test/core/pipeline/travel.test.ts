import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryTrails } from "../../../cli/backtest/memory.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { partInCorrelations } from "../../../lambda/core/pipeline/correlations.ts";
import { findCandidate } from "../../../lambda/core/pipeline/match.ts";
import type { Observation } from "../../../lambda/core/pipeline/observation.ts";
import type { Asked, ParkedWork, PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { readWork, writeWork } from "../../../lambda/core/pipeline/work.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../../fixtures/memory.ts";
import { proxied, rule, ruleSet } from "../../fixtures/rules.ts";
import { unhurried } from "../../fixtures/timing.ts";
import { places } from "../travel/stops.ts";

const impossible = rule("high", "00000000-0000-4000-8000-000000000002", {
  "enrichment.travel.impossible": true,
  "enrichment.travel.firstToday": true,
});
const slow = rule("low", "00000000-0000-4000-8000-000000000003", { "enrichment.travel.speedKmh|gt": 100 });

const start = Date.parse("2026-11-24T08:00:00Z");
const countries = { PT: "Portugal", FR: "France", CA: "Canada", AU: "Australia" } as const;

/** A session start at a place, so many minutes after eight, from a network of its place. */
function startAt(place: keyof typeof places, minutes: number, overrides: Json = {}): Json {
  const { latitude, longitude, city, country } = places[place];
  return {
    uuid: `${place}-${minutes}`,
    published: new Date(start + minutes * 60_000).toISOString(),
    client: {
      ipAddress: "203.0.113.7",
      geographicalContext: {
        city,
        country: countries[country],
        geolocation: { lat: latitude, lon: longitude },
      },
    },
    securityContext: { isProxy: false, asNumber: 64_500 + Object.keys(places).indexOf(place) },
    ...overrides,
  };
}

/** A pipeline whose stores are in memory. */
function world(overrides: Partial<PipelinePorts> = {}) {
  const trails = memoryTrails();
  const asked: Asked[] = [];
  const writes: string[] = [];
  const queue: string[] = [];
  const published: Alert[] = [];
  const observed: Observation[] = [];
  const ports = memoryPorts({
    rules: ruleSet([impossible]),
    claims: memoryClaims(),
    trails: {
      write(traveller, ...rest) {
        writes.push(traveller);
        return trails.write(traveller, ...rest);
      },
    },
    lookUp: async (each) => {
      asked.push(each);
      return { ...findings(new Map()), trails: trails.find(each.trails ?? []) };
    },
    publish: async (alert) => void published.push(alert),
    parkWork: async (work: readonly ParkedWork[]) =>
      void queue.push(...work.map((each) => writeWork(each.work, new Date(start)))),
    now: () => new Date(start),
    observe: (observation) => void observed.push(observation),
    ...overrides,
  });
  const deliver = (events: readonly Json[], changed: Partial<PipelinePorts> = {}) =>
    processDelivery(
      { id: "d", org: null, eventHookId: null, events: events.map((each) => logEvent(each)), malformed: [] },
      { ...ports, ...changed },
      unhurried(),
    );
  const redrive = async () => {
    for (const body of queue.splice(0)) await retryWork(readWork(body), ports, unhurried());
  };
  const told = () => published.map(({ okta, detections }) => [okta.eventUuid, ...detections.map(({ id }) => id)]);
  return { deliver, redrive, told, asked, writes, queue, published, observed, ports, trails };
}

describe("a rule that asks for the travel", () => {
  test("matches the session start that no airliner could have reached", async () => {
    const { deliver, told } = world();
    await deliver([startAt("lisbon", 0)]);
    await deliver([startAt("toronto", 20)]);
    await deliver([startAt("toronto", 40)]);
    expect(told()).toEqual([["toronto-20", impossible.id]]);
  });

  test("finds both in one delivery", async () => {
    const { deliver, told, writes } = world();
    await deliver([startAt("toronto", 20), startAt("lisbon", 0)]);
    expect(told()).toEqual([["toronto-20", impossible.id]]);
    expect(writes).toHaveLength(1);
  });

  test("compares no two persons", async () => {
    const { deliver, told } = world();
    const bea = { actor: { id: "00u2", type: "User", alternateId: "bea@example.com" } };
    await deliver([startAt("lisbon", 0), startAt("toronto", 20, bea)]);
    expect(told()).toEqual([]);
  });

  test("reads and writes the trail alone while the travel is possible, and looks the user up once it is not", async () => {
    const { deliver, asked, writes } = world();
    await deliver([startAt("lisbon", 0)]);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ keys: new Set(), users: new Set(), incidents: new Set() });
    expect(asked[0]?.trails).toEqual(new Set(["id#00u1lisbon"]));
    expect(writes).toEqual(["id#00u1lisbon"]);
    await deliver([startAt("toronto", 20)]);
    expect(asked).toHaveLength(3);
    expect(asked[2]?.keys).toEqual(new Set(["00u1lisbon", "ada@example.com"]));
  });

  test("costs nothing where none runs, and nothing for an event that it cannot match", async () => {
    const without = world({ rules: ruleSet([proxied]) });
    await without.deliver([startAt("lisbon", 0), startAt("toronto", 20)]);
    expect([without.asked, without.writes]).toEqual([[], []]);
    const other = world();
    await other.deliver([startAt("lisbon", 0, { eventType: "user.session.end" })]);
    expect([other.asked, other.writes]).toEqual([[], []]);
    const beside = world({ rules: ruleSet([proxied]) });
    await beside.deliver([startAt("toronto", 20, { securityContext: { isProxy: true } })]);
    expect(beside.asked.map(({ trails }) => trails)).toEqual([new Set()]);
    expect(beside.writes).toEqual([]);
  });

  test("knows the speed of a possible travel, too", async () => {
    const { deliver, told } = world({ rules: ruleSet([slow]) });
    await deliver([startAt("lisbon", 0)]);
    await deliver([startAt("porto", 60)]);
    await deliver([startAt("porto", 90)]);
    expect(told()).toEqual([["porto-60", slow.id]]);
  });

  test("alerts once on an event that is delivered again, also after what came between", async () => {
    const { deliver, told } = world();
    const home = startAt("lisbon", 0);
    const away = startAt("toronto", 20);
    await deliver([home]);
    await deliver([away]);
    await deliver([away]);
    await deliver([home]);
    expect(told()).toEqual([["toronto-20", impossible.id]]);
  });
});

describe("a store that does not answer", () => {
  const down = new Error("down");

  test("lets the alerts of other rules out, and the travel is decided by a follow-up", async () => {
    const { deliver, redrive, told, ports, queue, published } = world({ rules: ruleSet([impossible, proxied]) });
    await deliver([startAt("lisbon", 0)]);
    const away = startAt("toronto", 20, { securityContext: { isProxy: true, asNumber: 64_510 } });
    await deliver([away], { trails: { write: () => Promise.reject(down) } });
    expect(told()).toEqual([["toronto-20", proxied.id]]);
    expect(queue).toHaveLength(1);
    await redrive();
    expect(told()).toEqual([
      ["toronto-20", proxied.id],
      ["toronto-20", impossible.id],
    ]);
    expect(published[1]?.followUp).toBe(true);
    expect(ports.rules.rules).toHaveLength(2);
  });

  test("parks an event of which nothing is decided, and its stop is compared once it is redriven", async () => {
    const { deliver, redrive, told, observed } = world();
    await deliver([startAt("lisbon", 0)], { lookUp: () => Promise.reject(down) });
    await deliver([startAt("toronto", 20)]);
    expect(told()).toEqual([]);
    expect(observed.map(({ kind }) => kind)).toContain("profilesUnavailable");
    await redrive();
    expect(told()).toEqual([["lisbon-0", impossible.id]]);
  });

  test("is said where a trail cannot be written", async () => {
    const { deliver, observed, queue } = world();
    await deliver([startAt("lisbon", 0)], { trails: { write: () => Promise.reject(down) } });
    expect(observed).toContainEqual(expect.objectContaining({ kind: "travelUnknown", error: down }));
    expect(queue).toHaveLength(1);
  });

  test("that others change again and again leaves the travel undecided", async () => {
    const { deliver, queue, trails } = world();
    let version = 1;
    const stored = () => ({ trail: { stops: [], forgottenUntil: null }, version: version++ });
    await deliver([startAt("lisbon", 0)], { trails: { ...trails, write: async () => stored() } });
    expect(version).toBe(9);
    expect(queue).toHaveLength(1);
  });
});

test("reconciliation takes a session start that waits for the travel alone through without asking for its claim", () => {
  const ports = memoryPorts({ rules: ruleSet([impossible, proxied]) });
  const partOf = (event: Json) => {
    const candidate = findCandidate(logEvent(event), ports.rules);
    return candidate && partInCorrelations(candidate, ports);
  };
  expect(partOf(startAt("lisbon", 0))).toBe("only");
  expect(partOf(startAt("lisbon", 0, { securityContext: { isProxy: true } }))).toBe("beside");
});

const journey: fc.Arbitrary<Json[]> = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom(...(Object.keys(places) as (keyof typeof places)[])), fc.integer({ min: 0, max: 900 }))
    .map(([place, minutes]) => startAt(place, minutes)),
  { maxLength: 8, selector: ({ uuid }) => uuid },
);

/** Each impossible way of the alerts: the fastest of its event. */
const alertsOf = async (deliveries: readonly (readonly Json[])[], atOnce: boolean) => {
  const { deliver, told } = world({ rules: ruleSet([impossible]) });
  if (atOnce) await Promise.all(deliveries.map((each) => deliver(each)));
  else for (const each of deliveries) await deliver(each);
  return told();
};

describe("session starts in any order", () => {
  test("alert if and only if the same in order of time do, doubled and split over deliveries and instances", async () => {
    await fc.assert(
      fc.asyncProperty(
        journey.chain(
          (events): fc.Arbitrary<[Json[], Json[]]> =>
            fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
        ),
        fc.array(fc.nat({ max: 7 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async ([events, shuffled], again, size, atOnce) => {
          const inOrder = events.toSorted((one, other) => (String(one.published) < String(other.published) ? -1 : 1));
          const repeated: readonly Json[] = [
            ...shuffled,
            ...again.flatMap((each): Json[] => shuffled.slice(each, each + 1)),
          ];
          const deliveries = Array.from({ length: Math.ceil(repeated.length / size) }, (_, index) =>
            repeated.slice(index * size, (index + 1) * size),
          );
          const expected = await alertsOf(
            inOrder.map((each) => [each]),
            false,
          );
          const found = await alertsOf(deliveries, atOnce);
          expect(found.length > 0).toBe(expected.length > 0);
          expect(new Set(found.map(([uuid]) => uuid)).size).toBe(found.length);
        },
      ),
      { numRuns: 100 },
    );
  });
});
