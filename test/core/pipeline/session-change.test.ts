import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memorySessionStarts } from "../../../cli/backtest/memory.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { chooseCorrelated } from "../../../lambda/core/detections/choose-correlated.ts";
import { sessionStartRecorder, withSessionStarts } from "../../../lambda/core/detections/session-start-recorder.ts";
import { partInCorrelations } from "../../../lambda/core/pipeline/correlations.ts";
import { findCandidate } from "../../../lambda/core/pipeline/match.ts";
import type { Observation } from "../../../lambda/core/pipeline/observation.ts";
import type { Asked, PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { readWork, writeWork } from "../../../lambda/core/pipeline/work.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../../fixtures/memory.ts";
import { parseTestRule, proxied, ruleSet } from "../../fixtures/rules.ts";
import { unhurried } from "../../fixtures/timing.ts";
import { startOf, useOf } from "../session-start/uses.ts";

const sso = (id: string, selection: Json) =>
  parseTestRule({ selection: { eventType: "user.authentication.sso", ...selection }, condition: "selection" }, { id });
const changed = sso("00000000-0000-4000-8000-000000000002", { "enrichment.session.changed|all": ["client", "asn"] });
const unchanged = sso("00000000-0000-4000-8000-000000000003", { "enrichment.session.changed": null });
const admin = sso("00000000-0000-4000-8000-000000000004", { "target.displayName": "Admin Console" });

const now = new Date("2026-11-24T12:00:00Z");

/** A pipeline whose stores are in memory. */
function world(overrides: Partial<PipelinePorts> = {}) {
  const starts = memorySessionStarts();
  const asked: Asked[] = [];
  const writes: string[] = [];
  const queue: string[] = [];
  const published: Alert[] = [];
  const observed: Observation[] = [];
  const ports = memoryPorts({
    rules: ruleSet(withSessionStarts([changed])),
    claims: memoryClaims(),
    sessionStarts: {
      keep(session, ...rest) {
        writes.push(session);
        return starts.keep(session, ...rest);
      },
    },
    lookUp: async (each) => {
      asked.push(each);
      return { ...findings(new Map()), sessionStarts: starts.find(each.sessions ?? []) };
    },
    publish: async (alert) => void published.push(alert),
    parkWork: async (work) => void queue.push(...work.map((each) => writeWork(each.work, now))),
    now: () => now,
    observe: (observation) => void observed.push(observation),
    ...overrides,
  });
  const deliver = (events: readonly Json[], replaced: Partial<PipelinePorts> = {}) =>
    processDelivery(
      { id: "d", org: null, eventHookId: null, events: events.map((each) => logEvent(each)), malformed: [] },
      { ...ports, ...replaced },
      unhurried(),
    );
  const redrive = async () => {
    for (const body of queue.splice(0)) await retryWork(readWork(body), ports, unhurried());
  };
  const reported = () => published.map(({ okta, detections }) => [okta.eventUuid, ...detections.map(({ id }) => id)]);
  return { deliver, redrive, reported, asked, writes, queue, published, observed, ports };
}

describe("a rule that asks for what changed in a session", () => {
  test("matches the app that another client opens from another network than the session started with", async () => {
    const { deliver, reported, published } = world();
    await deliver([startOf("s", "home", 0)]);
    await deliver([useOf("s", "home", 5)]);
    await deliver([useOf("s", "away", 10)]);
    await deliver([useOf("s", "home", 15), startOf("t", "away", 16), useOf("t", "away", 17)]);
    expect(reported()).toEqual([["s-away-10", changed.id]]);
    expect(published[0]?.sessionChanged).toEqual(expect.arrayContaining(["asn", "client"]));
    expect(published[0]?.summary).toContain("Since the session started, the network (autonomous system)");
  });

  test("finds both in one delivery, whatever their order in it", async () => {
    const { deliver, reported, writes } = world();
    await deliver([useOf("s", "away", 10), startOf("s", "home", 0)]);
    expect(reported()).toEqual([["s-away-10", changed.id]]);
    expect(writes).toEqual(["s"]);
  });

  test("compares with the first event that is seen where the start is not, and with the start once it is", async () => {
    const { deliver, reported } = world();
    await deliver([useOf("s", "away", 10)]);
    await deliver([useOf("s", "home", 20)]);
    expect(reported()).toEqual([["s-home-20", changed.id]]);
    await deliver([startOf("s", "home", 0)]);
    await deliver([useOf("s", "home", 30), useOf("s", "away", 40)]);
    expect(reported().slice(1)).toEqual([["s-away-40", changed.id]]);
  });

  test("does not match the answer of Okta Verify on the phone, and reports an event without a session as unknown", async () => {
    const { deliver, reported } = world({ rules: ruleSet(withSessionStarts([changed, unchanged])) });
    const answer = { eventType: "user.authentication.auth_via_mfa" };
    const withoutSession = { authenticationContext: { rootSessionId: null, externalSessionId: "unknown" } };
    await deliver([startOf("s", "home", 0), useOf("s", "phone", 1, answer), useOf("s", "home", 2, withoutSession)]);
    expect(reported()).toEqual([["s-home-2", unchanged.id]]);
  });

  test("reads the start alone for each event, writes it once, and looks the user up once something changed", async () => {
    const { deliver, asked, writes } = world();
    await deliver([startOf("s", "home", 0)]);
    await deliver([useOf("s", "home", 5)]);
    expect(asked).toHaveLength(2);
    for (const each of asked) {
      expect(each).toMatchObject({ keys: new Set(), users: new Set(), incidents: new Set(), trails: new Set() });
      expect(each.sessions).toEqual(new Set(["s"]));
    }
    expect(writes).toEqual(["s"]);
    await deliver([useOf("s", "away", 10)]);
    expect(asked).toHaveLength(4);
    expect(asked[3]?.keys).toEqual(new Set(["00u1lisbon", "ada@example.com"]));
    expect(writes).toEqual(["s"]);
  });

  test("costs nothing where none runs, and nothing for an event that the rule's other conditions exclude", async () => {
    const without = world({ rules: ruleSet(withSessionStarts([proxied, admin])) });
    const console_ = { target: [{ id: "0oa1", type: "AppInstance", displayName: "Admin Console" }] };
    await without.deliver([startOf("s", "home", 0), useOf("s", "away", 10), useOf("s", "away", 11, console_)]);
    expect(without.asked.map(({ sessions }) => sessions)).toEqual([new Set()]);
    expect(without.writes).toEqual([]);
    const other = world();
    await other.deliver([useOf("s", "away", 10, { eventType: "user.session.end" })]);
    expect([other.asked, other.writes]).toEqual([[], []]);
  });

  test("runs with what keeps the starts of sessions, which runs for no other rule", () => {
    const chosen = (rules: readonly (typeof changed)[]) =>
      chooseCorrelated({ rules, correlations: [] }, { experimental: true });
    expect(chosen([changed]).evaluated).toEqual([changed, sessionStartRecorder]);
    expect(chosen([changed]).own).toEqual([changed]);
    expect(chosen([admin]).evaluated).toEqual([admin]);
  });
});

describe("a store that does not answer", () => {
  const down = new Error("down");

  test("lets the alerts of other rules out, and what changed is decided by a follow-up", async () => {
    const all = ruleSet(withSessionStarts([changed, admin]));
    const { deliver, redrive, reported, published } = world({ rules: all });
    await deliver([startOf("s", "home", 0)]);
    const away = useOf("s", "away", 10, {
      target: [{ id: "0oa1", type: "AppInstance", displayName: "Admin Console" }],
    });
    const unread = async () => ({ ...findings(new Map()), sessionStarts: null });
    await deliver([away], { lookUp: unread });
    expect(reported()).toEqual([["s-away-10", admin.id]]);
    await redrive();
    expect(reported().slice(1)).toEqual([["s-away-10", changed.id]]);
    expect(published[1]?.followUp).toBe(true);
  });

  test("parks the start of a session, which is kept once it is redriven", async () => {
    const { deliver, redrive, reported, observed, queue } = world();
    await deliver([startOf("s", "home", 0)], { sessionStarts: { keep: () => Promise.reject(down) } });
    expect(observed).toContainEqual(expect.objectContaining({ kind: "sessionChangeUnknown", error: down }));
    expect(queue).toHaveLength(1);
    await redrive();
    expect(queue).toEqual([]);
    await deliver([useOf("s", "away", 10)]);
    expect(reported()).toEqual([["s-away-10", changed.id]]);
  });

  test("parks the start of a session where nothing could be read", async () => {
    const { deliver, redrive, reported } = world();
    await deliver([startOf("s", "home", 0)], { lookUp: () => Promise.reject(down) });
    await redrive();
    await deliver([useOf("s", "away", 10)]);
    expect(reported()).toEqual([["s-away-10", changed.id]]);
  });
});

test("reconciliation takes events through that wait for the session alone, without asking for their claims", () => {
  const ports = memoryPorts({ rules: ruleSet(withSessionStarts([changed, proxied])) });
  const partOf = (event: Json) => {
    const candidate = findCandidate(logEvent(event), ports.rules);
    return candidate && partInCorrelations(candidate, ports);
  };
  expect(partOf(useOf("s", "home", 1))).toBe("only");
  expect(partOf(startOf("s", "home", 0, { securityContext: { isProxy: false } }))).toBe("only");
  expect(partOf(startOf("s", "home", 0, { securityContext: { isProxy: true } }))).toBe("beside");
});

test("reconciliation finds what changed before the start of the session had arrived", async () => {
  const { deliver, reported } = world();
  await deliver([useOf("s", "away", 10)]);
  await deliver([startOf("s", "home", 0)]);
  expect(reported()).toEqual([]);
  await deliver([startOf("s", "home", 0), useOf("s", "away", 10)]);
  expect(reported()).toEqual([["s-away-10", changed.id]]);
});

const uses: fc.Arbitrary<Json[]> = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom("s", "t"), fc.constantFrom("home", "away", "phone"), fc.integer({ min: 1, max: 600 }))
    .map(([session, from, minutes]) => useOf(session, from, minutes)),
  { maxLength: 8, selector: ({ uuid }) => uuid },
);

test("events in any order, doubled and split over deliveries and instances, match as in order where the start was seen", async () => {
  const starts = [startOf("s", "home", 0), startOf("t", "away", 0)];
  const matchesOf = async (deliveries: readonly (readonly Json[])[], atOnce: boolean) => {
    const { deliver, reported } = world();
    await deliver(starts);
    if (atOnce) await Promise.all(deliveries.map((each) => deliver(each)));
    else for (const each of deliveries) await deliver(each);
    return reported().toSorted();
  };
  await fc.assert(
    fc.asyncProperty(
      uses.chain((events) =>
        fc.tuple(fc.constant(events), fc.shuffledSubarray([...events, ...starts], { minLength: events.length + 2 })),
      ),
      fc.array(fc.nat({ max: 7 }), { maxLength: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      async ([events, shuffled], again, size, atOnce) => {
        const inOrder = events.toSorted((one, other) => (String(one.published) < String(other.published) ? -1 : 1));
        const all = [...shuffled, ...again.flatMap((each) => shuffled.slice(each, each + 1))];
        const deliveries = Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
          all.slice(index * size, (index + 1) * size),
        );
        const expected = await matchesOf(
          inOrder.map((each) => [each]),
          false,
        );
        expect(await matchesOf(deliveries, atOnce)).toEqual(expected);
      },
    ),
    { numRuns: 100 },
  );
});
