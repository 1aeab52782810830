import { readFile } from "node:fs/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createUserStates } from "../../../lambda/adapters/tables/user-states.ts";
import { candidateOf, suppress } from "../../../lambda/core/grouping/suppression.ts";
import { sightingOf, unknownUser } from "../../../lambda/core/history/history.ts";
import { remember } from "../../../lambda/core/history/remember.ts";
import type { HeldBack, SuppressionWindow } from "../../../lambda/core/history/suppression-window.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import type { Work } from "../../../lambda/core/pipeline/work.ts";
import { answering } from "../../../lambda/core/time/budget.ts";
import { type Emulators, startEmulators } from "../../../local/emulators.ts";
import { names } from "../../../local/resources.ts";
import type { Json } from "../../fixtures/events.ts";
import { proxied, rule, ruleSet } from "../../fixtures/rules.ts";
import { eachStep, unhurried } from "../../fixtures/timing.ts";
import { stateKey, world } from "../history/world.ts";

let emulators: Emulators;
beforeAll(async () => {
  emulators = await startEmulators();
  Object.assign(process.env, emulators.environment);
});
afterEach(() => emulators.faults.dynamodb.set(null));
afterAll(() => emulators.stop());

const context = (overrides: Json = {}): Json => ({
  securityContext: { isProxy: true, asNumber: 64500, asOrg: "Example Hosting", ...overrides },
});
const service = (type: string) => ({
  ipDetails: { ipServiceCategories: [{ type, operator: null, isAnonymous: true }] },
});
const failure = { outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" } };

/** A window whose alert is not out. */
function unpublished(id: string, now: Date, told: HeldBack): SuppressionWindow {
  const openedAt = now.getTime();
  return {
    id,
    openedAt,
    until: openedAt + 3_600_000,
    published: false,
    detections: [proxied.id],
    kind: null,
    gotIn: true,
    heldBack: 0,
    told,
  };
}

describe("within the window", () => {
  test("the same user, ASN and country is one alert; the next one after it tells how many were held back", async () => {
    const { deliver, pass, published, kinds } = world();
    await deliver({});
    pass(1);
    expect(await deliver({}, {})).toMatchObject({ published: 0, grouped: 2, parked: 0, failed: 0 });
    pass(58.9);
    expect(await deliver({})).toMatchObject({ grouped: 1 });
    pass(0.2);
    expect(await deliver({})).toMatchObject({ published: 1, grouped: 0 });
    expect(published.map(({ heldBack }) => heldBack)).toEqual([
      { count: 0, since: null },
      { count: 3, since: "2026-11-24T09:30:03.000Z" },
    ]);
    expect(kinds().filter((kind) => kind === "suppressed")).toHaveLength(3);
  });

  test("what was told is not told again", async () => {
    const { deliver, pass, published } = world();
    await deliver({});
    await deliver({});
    pass(61);
    await deliver({});
    pass(61);
    await deliver({});
    expect(published.map(({ heldBack }) => heldBack?.count)).toEqual([0, 1, 0]);
  });

  test.each<[string, Json, Json]>([
    ["another ASN", {}, context({ asNumber: 64501 })],
    ["another country", {}, { client: { ipAddress: "203.0.113.9", geographicalContext: { country: "Japan" } } }],
    ["a detection not alerted on yet", {}, context({ risk: { level: "HIGH", reasons: [] } })],
    ["a worse kind of proxy", context(service("VPN")), context(service("Tor"))],
    ["success after failures", failure, {}],
  ])("%s breaks through at once", async (_, before, after) => {
    const { deliver, published } = world();
    await deliver(before);
    expect(await deliver(after)).toMatchObject({ published: 1, grouped: 0 });
    expect(published).toHaveLength(2);
    expect(await deliver(after)).toMatchObject({ published: 0, grouped: 1 });
    // What was alerted on before it broke through is still held back.
    expect(await deliver(before)).toMatchObject({ published: 0, grouped: 1 });
  });

  test.each<[string, Json, Json]>([
    ["a failure after success", {}, failure],
    ["a lesser kind of proxy", context(service("Tor")), context(service("VPN"))],
  ])("%s is held back", async (_, before, after) => {
    const { deliver } = world();
    await deliver(before);
    expect(await deliver(after)).toMatchObject({ grouped: 1 });
  });

  test("another user is alerted on, and so is nobody in particular, every time", async () => {
    const { deliver, published } = world();
    await deliver({});
    await deliver({ actor: { id: `00u${crypto.randomUUID()}`, type: "User" } });
    const unknown = { actor: { id: "unknown", type: "User", alternateId: "unknown" } };
    expect(await deliver(unknown, unknown)).toMatchObject({ published: 2 });
    expect(published).toHaveLength(4);
    expect(published[2]).toMatchObject({ history: null, heldBack: null });
  });

  test("what is done after a sign-in is alerted on every time", async () => {
    const { deliver } = world({
      rules: ruleSet([rule("high", crypto.randomUUID(), { eventType: "user.account.privilege.grant" })]),
    });
    const grant = { eventType: "user.account.privilege.grant" };
    expect(await deliver(grant, grant)).toMatchObject({ published: 2, grouped: 0 });
  });

  test("a test is alerted on every time, and leaves nothing behind", async () => {
    const { deliver, published, ports, user } = world();
    await deliver({ oktaProxyWatch: { test: true } }, { oktaProxyWatch: { test: true } });
    expect(published.map((alert) => alert.test)).toEqual([true, true]);
    const state = await ports.userStates.read(user, AbortSignal.timeout(100_000));
    expect([...state.networks, ...state.sessions, ...state.windows]).toEqual([]);
  });
});

test("0 minutes hold nothing back", async () => {
  const { deliver } = world({ suppressMinutes: 0 });
  expect(await deliver({}, {}, {})).toMatchObject({ published: 3, grouped: 0 });
});

test("of 200 that come to the table at once, one is alerted on, and 199 are counted, to the last", async () => {
  // A client that waits: two hundred connections at once take a busy machine longer than a request may.
  const client = new DynamoDBClient({ requestHandler: { connectionTimeout: 20_000, requestTimeout: 20_000 } });
  const { ports, user, signIn } = world({
    userStates: createUserStates(names.stateTable, stateKey, async () => client),
  });
  const signal = AbortSignal.timeout(100_000);
  const network = "AS64500|CA";
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const event = signIn({ uuid: crypto.randomUUID() });
      const candidate = candidateOf(event, event.uuid, [proxied.id]);
      const sighting = sightingOf(event, ports.now());
      const source = { user, network, candidate, state: unknownUser, sighting, suppressMinutes: 60, now: ports.now() };
      let outcome = await suppress(ports.userStates, source, signal);
      while (outcome.kind === "waiting") outcome = await suppress(ports.userStates, source, signal);
      if (outcome.kind === "alert") {
        const change = remember(unknownUser, network, sighting, ports.now());
        await ports.userStates.record(user, network, { ...outcome.opened, published: true }, change, signal);
      }
      return outcome;
    }),
  );
  expect(outcomes.filter(({ kind }) => kind === "alert")).toHaveLength(1);
  const { sessions, windows } = await ports.userStates.read(user, signal);
  expect(windows.get(network)?.heldBack).toBe(199);
  expect([...sessions]).toEqual([["2026-11-24", 200]]);
  client.destroy();
});

test.each([0, 30, 90, 250])(
  "a session waits for another's alert as long as its step has time, though the table takes %d ms for each answer",
  async (milliseconds) => {
    const { ports, user, signIn } = world();
    const opened = unpublished("other", ports.now(), { count: 0, since: null });
    const asked: number[] = [];
    const states = {
      ...ports.userStates,
      read: async () => {
        asked.push(milliseconds);
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
        return { ...unknownUser, windows: new Map([["AS64500|CA", opened]]) };
      },
    };
    const event = signIn({ uuid: crypto.randomUUID() });
    const state = await states.read();
    const candidate = candidateOf(event, event.uuid, [proxied.id]);
    const source = {
      user,
      network: "AS64500|CA",
      candidate,
      state,
      sighting: null,
      suppressMinutes: 60,
      now: ports.now(),
    };
    const outcome = await suppress(states, source, AbortSignal.timeout(answering.steps.suppress));
    expect(outcome).toEqual({ kind: "waiting" });
    expect(asked.length).toBeGreaterThan(1);
  },
);

test("a session that waits for another's alert is told when that is out", async () => {
  const { ports, user, signIn } = world();
  const opened = unpublished("other", ports.now(), { count: 0, since: null });
  const signal = AbortSignal.timeout(100_000);
  await ports.userStates.open(user, "AS64500|CA", null, opened, signal);
  const event = signIn({ uuid: crypto.randomUUID() });
  const state = await ports.userStates.read(user, signal);
  const candidate = candidateOf(event, event.uuid, [proxied.id]);
  const source = {
    user,
    network: "AS64500|CA",
    candidate,
    state,
    sighting: null,
    suppressMinutes: 60,
    now: ports.now(),
  };
  const outcome = suppress(ports.userStates, source, signal);
  const change = remember(unknownUser, "AS64500|CA", null, ports.now());
  await ports.userStates.record(user, "AS64500|CA", { ...opened, published: true }, change, signal);
  expect(await outcome).toEqual({ kind: "held" });
});

describe("an alert that cannot be published", () => {
  test("ends its window: the next session is alerted on, and tells what was held back", async () => {
    let failing = true;
    const { deliver, published, parked, ports, signIn } = world({
      publish: async (alert) => {
        if (failing) throw new Error("down");
        published.push(alert);
      },
    });
    await deliver({ uuid: "first" });
    failing = false;
    expect(await deliver({})).toMatchObject({ published: 1 });
    await deliver({});
    // The first one's retry finds that its user was alerted on meanwhile.
    await retryWork(parked[0] as Work, ports, unhurried());
    expect(published).toHaveLength(1);
    expect(published[0]?.okta.eventUuid).not.toBe("first");
    expect(signIn().uuid).not.toBe("first");
  });

  test("by whoever was stopped holds nothing back: others wait for it on the queue, for as long as any function works on one alert", async () => {
    const { ports, deliver, pass, hurry, user, published, parked, kinds } = world();
    hurry({ suppress: 300 });
    const opened = unpublished("stopped", ports.now(), { count: 2, since: "2026-11-24T08:00:00.000Z" });
    expect(await ports.userStates.open(user, "AS64500|CA", null, opened, AbortSignal.timeout(100_000))).toBe(true);
    pass(0.3);
    expect(await deliver({})).toMatchObject({ grouped: 0, published: 0, parked: 1 });
    expect(parked[0]?.waiting?.reason).toMatch(/^an alert about the same user and network is under way/);
    pass(0.5);
    await retryWork(parked[0] as Work, ports, unhurried());
    expect(published[0]?.heldBack).toEqual({ count: 2, since: "2026-11-24T08:00:00.000Z" });
    expect(kinds()).toContain("workParked");
  });

  test("is published by its own retry, which its window does not hold back", async () => {
    const { ports, published, user, signIn } = world();
    const event = signIn({ uuid: crypto.randomUUID() });
    const opened = unpublished(event.uuid, ports.now(), { count: 0, since: null });
    await ports.userStates.open(user, "AS64500|CA", null, opened, AbortSignal.timeout(100_000));
    const delivery = { id: null, org: null, eventHookId: null };
    const work: Work = { event, delivery, rules: null, followUp: false, waiting: null };
    await retryWork(work, ports, unhurried());
    expect(published).toHaveLength(1);
  });
});

test.each(["refuse", "hang"] as const)("a state table that fails by %s holds nothing back", async (kind) => {
  const { deliver, published, hurry } = world();
  await deliver({});
  emulators.faults.dynamodb.set({ kind });
  hurry(eachStep(300));
  expect(await deliver({})).toMatchObject({ published: 1, grouped: 0 });
  expect(published[1]).toMatchObject({ history: null, heldBack: null });
});

test("a state that cannot be written lets the alert out, and says so", async () => {
  const { ports, deliver, published, kinds } = world();
  const broken = world({
    userStates: { ...ports.userStates, open: () => Promise.reject(new Error("down")) },
    publish: ports.publish,
  });
  await deliver({});
  expect(await broken.deliver({}, {})).toMatchObject({ published: 2, grouped: 0 });
  expect(broken.kinds()).toContain("historyUnavailable");
  expect(kinds()).not.toContain("historyUnavailable");
  expect(published).toHaveLength(3);
});

test("the sample of the embedded run is one that can be held back", async () => {
  const file = new URL("../../../local/samples/proxied-sign-in.json", import.meta.url);
  const sample = JSON.parse(await readFile(file, "utf8")) as { data: { events: Json[] } };
  const { deliver } = world();
  const { actor, uuid, published, ...event } = sample.data.events[0] as Json;
  expect([actor, uuid, published].every(Boolean)).toBe(true);
  expect(await deliver(event, event)).toMatchObject({ published: 1, grouped: 1 });
});
