import { readFile } from "node:fs/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import { sdkDynamodb } from "../../../lambda/adapters/aws/dynamodb/sdk.ts";
import { createUserStates } from "../../../lambda/adapters/tables/user-states.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import type { Exception } from "../../../lambda/core/exceptions/exception.ts";
import { fingerprintOf } from "../../../lambda/core/grouping/fingerprint.ts";
import { type DueAlert, suppress } from "../../../lambda/core/grouping/suppress.ts";
import { newWindow } from "../../../lambda/core/grouping/window.ts";
import {
  networkAndCountry,
  rememberedSessionOf,
  type UserState,
  unknownUser,
} from "../../../lambda/core/history/history.ts";
import { remember } from "../../../lambda/core/history/remember.ts";
import type { Suppressed, SuppressionWindow } from "../../../lambda/core/history/suppression-window.ts";
import type { UserKey } from "../../../lambda/core/history/user-key.ts";
import type { LogEvent } from "../../../lambda/core/okta/log-event.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import type { Work } from "../../../lambda/core/pipeline/work.ts";
import { answering, startBudget, waiting } from "../../../lambda/core/time/budget.ts";
import { names } from "../../../local/resources.ts";
import { useEmulators } from "../../fixtures/emulators.ts";
import type { Json } from "../../fixtures/events.ts";
import { renderSubject } from "../../fixtures/rendered.ts";
import { proxied, rule, ruleSet } from "../../fixtures/rules.ts";
import { eachStep, unhurried } from "../../fixtures/timing.ts";
import { risky, stateKey, world } from "../history/world.ts";

const emulators = await useEmulators();

const context = (overrides: Json = {}): Json => ({
  securityContext: { isProxy: true, asNumber: 64500, asOrg: "Example Hosting", ...overrides },
});
const service = (type: string, operator: string | null = null) => ({
  ipDetails: { ipServiceCategories: [{ type, operator, isAnonymous: true }] },
});
const place = (state: string): Json => ({
  client: { ipAddress: "203.0.113.9", geographicalContext: { country: "Canada", state } },
});
const browser = (name: string): Json => ({
  client: { ipAddress: "203.0.113.9", geographicalContext: { country: "Canada" }, userAgent: { browser: name } },
});
const failure = { outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" } };

/** The window that an alert about an event opens. */
function windowOf(
  event: LogEvent,
  id: string,
  now: Date,
  detections: readonly string[] = [proxied.id],
): SuppressionWindow {
  const fingerprint = fingerprintOf(event, detections);
  if (fingerprint === null) throw new Error("the network is not known");
  return newWindow(fingerprint, id, now, 60);
}

/** A session start that an alert is due about. */
function dueAlert(event: LogEvent, user: UserKey, now: Date, state: UserState = unknownUser): DueAlert {
  const window = windowOf(event, event.uuid, now);
  return { user, window, state, network: networkAndCountry(event), session: rememberedSessionOf(event, now), now };
}

describe("within the window", () => {
  test("the same user, ASN and country is one alert; the next one after it says how many were suppressed", async () => {
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

  test("what was reported is not reported again", async () => {
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
    ["another region of the country", place("Ontario"), place("British Columbia")],
    ["another detection", {}, context({ risk: { level: "HIGH", reasons: [] } })],
    ["another risk level", context({ risk: { level: "LOW" } }), context({ risk: { level: "MEDIUM" } })],
    ["a worse kind of network", context(service("VPN")), context(service("Tor"))],
    ["a lesser kind of network", context(service("Tor")), context(service("VPN"))],
    ["another operator", context(service("VPN", "NORD_VPN")), context(service("VPN", "MULLVAD_VPN"))],
    ["a network that is not named any more", context(service("VPN", "NORD_VPN")), {}],
    ["another device", { device: { id: "guo1" } }, { device: { id: "guo2" } }],
    ["a device that Okta does not know", { device: { id: "guo1" } }, { device: null }],
    ["another browser", browser("CHROME"), browser("FIREFOX")],
    ["success after failures", failure, {}],
    ["a failure after success", {}, failure],
  ])("%s alerts at once, and each is suppressed by its own alert alone", async (_, before, after) => {
    const { deliver, published } = world();
    await deliver(before);
    expect(await deliver(after)).toMatchObject({ published: 1, grouped: 0 });
    expect(published).toHaveLength(2);
    expect(await deliver(after)).toMatchObject({ published: 0, grouped: 1 });
    expect(await deliver(before)).toMatchObject({ published: 0, grouped: 1 });
  });

  test("a failed attempt with an attacker's device lends nothing: the attacker's success with it alerts", async () => {
    const newDevice = rule("medium", "00000000-0000-4000-8000-000000000009", {
      "securityContext.userBehaviors.result": "POSITIVE",
    });
    const { deliver, published } = world({ rules: ruleSet([proxied, newDevice]) });
    const attacker = (more: Json): Json => ({
      ...context({ userBehaviors: [{ name: "New Device", result: "POSITIVE" }] }),
      device: { id: "guoAttacker" },
      client: { ipAddress: "203.0.113.66", geographicalContext: { country: "Canada" } },
      ...more,
    });
    await deliver(attacker(failure));
    await deliver({ device: { id: "guoOwn" } });
    await deliver(attacker({ authenticationContext: { rootSessionId: "attacker" } }));
    expect(published.map((alert) => alert.detections.map(({ id }) => id).sort())).toEqual([
      [proxied.id, newDevice.id],
      [proxied.id],
      [proxied.id, newDevice.id],
    ]);
  });

  test("another user is alerted on, and so is an event about no person, every time", async () => {
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

test("0 minutes suppress nothing", async () => {
  const { deliver } = world({ suppressMinutes: 0 });
  expect(await deliver({}, {}, {})).toMatchObject({ published: 3, grouped: 0 });
});

test("of 200 that come to the table at once, one is alerted on, and 199 are counted, to the last", async () => {
  // A client that waits: so many connections at once take a busy machine longer than a request may.
  const client = new DynamoDBClient({ requestHandler: { connectionTimeout: 20_000, requestTimeout: 20_000 } });
  const { ports, user, signIn } = world({
    userStates: createUserStates(names.stateTable, stateKey, async () => sdkDynamodb(client)),
  });
  const signal = AbortSignal.timeout(100_000);
  const due = () => dueAlert(signIn({ uuid: crypto.randomUUID() }), user, ports.now());
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const each = due();
      let outcome = await suppress(ports.userStates, each, signal);
      while (outcome.kind === "waiting") outcome = await suppress(ports.userStates, each, signal);
      if (outcome.kind === "alert") {
        const change = remember(unknownUser, each.network, each.session, ports.now());
        await ports.userStates.record(user, { ...outcome.opened, published: true }, change, signal);
      }
      return outcome;
    }),
  );
  expect(outcomes.filter(({ kind }) => kind === "alert")).toHaveLength(1);
  const { sessions, windows } = await ports.userStates.read(user, signal);
  expect(windows.get(due().window.fingerprint)?.suppressed).toBe(199);
  expect([...sessions]).toEqual([["2026-11-24", 200]]);
  client.destroy();
});

test.each([0, 30, 90, 250])(
  "a session waits for another's alert as long as its step has time, though the table takes %d ms for each answer",
  async (milliseconds) => {
    const { ports, user, signIn } = world();
    const event = signIn({ uuid: crypto.randomUUID() });
    const opened = windowOf(event, "other", ports.now());
    const asked: number[] = [];
    const states = {
      ...ports.userStates,
      read: async () => {
        asked.push(milliseconds);
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
        return { ...unknownUser, windows: new Map([[opened.fingerprint, opened]]) };
      },
    };
    const due = dueAlert(event, user, ports.now(), await states.read());
    const outcome = await suppress(states, due, AbortSignal.timeout(answering.steps.suppress));
    expect(outcome).toEqual({ kind: "waiting" });
    expect(asked.length).toBeGreaterThan(1);
  },
);

test("a session that waits for another's alert is suppressed when that is published", async () => {
  const { ports, user, signIn } = world();
  const event = signIn({ uuid: crypto.randomUUID() });
  const opened = windowOf(event, "other", ports.now());
  const signal = AbortSignal.timeout(100_000);
  await ports.userStates.open(user, null, opened, signal);
  const due = dueAlert(event, user, ports.now(), await ports.userStates.read(user, signal));
  const outcome = suppress(ports.userStates, due, signal);
  const change = remember(unknownUser, due.network, null, ports.now());
  await ports.userStates.record(user, { ...opened, published: true }, change, signal);
  expect(await outcome).toMatchObject({ kind: "suppressed", window: { suppressed: 1 } });
});

describe("what a window suppressed", () => {
  const budget = () => startBudget({ work: 20_000, parking: 25_000, steps: waiting.steps });
  const counts = (published: readonly Alert[]) => published.map(({ heldBack }) => heldBack?.count);

  test("is reported when the window ends, once, by a message that says so", async () => {
    const { deliver, pass, published, parked, ports, kinds } = world();
    await deliver({});
    await deliver({}, {});
    expect(parked).toHaveLength(1);
    const [report] = parked.splice(0) as [Work];
    pass(30);
    await retryWork(report, ports, budget());
    expect(parked).toHaveLength(1);
    expect(published).toHaveLength(1);
    pass(31);
    await retryWork(report, ports, budget());
    await retryWork(report, ports, budget());
    expect(counts(published)).toEqual([0, 2]);
    expect(published[1]).toMatchObject({
      severity: "informational",
      followUp: true,
      heldBack: { count: 2, since: "2026-11-24T09:30:03.000Z" },
      summary: expect.stringMatching(
        / started 2 more Okta sessions .*They were suppressed, and no alert has reported them/,
      ),
    });
    expect(renderSubject(published[1] as Alert)).toMatch(/^\[informational\] suppressed: 2 more sign-ins: /);
    expect(published[1]?.alertId).not.toBe(published[0]?.alertId);
    expect(kinds().filter((kind) => kind === "suppressedReported")).toHaveLength(1);
  });

  test("is reported without what a stranger typed, by the domains of the org's logins", async () => {
    const { deliver, pass, published, parked, ports } = world({ loginDomains: ["corp.example"] });
    const typed = `secret-${crypto.randomUUID()}@elsewhere.example`;
    const stranger = { ...failure, actor: { id: "unknown", type: "User", alternateId: typed } };
    await deliver(stranger);
    await deliver(stranger);
    const [report] = parked.splice(0) as [Work];
    pass(61);
    await retryWork(report, ports, budget());
    expect(counts(published)).toEqual([0, 1]);
    expect(JSON.stringify(published)).not.toContain(typed);
  });

  test("is reported by the detections that no exception covers", async () => {
    const exception: Exception = {
      id: "e1",
      scope: { asNumber: 64500, detections: [risky.id] },
      by: "ada",
      reason: "known",
      createdAt: "2026-11-24T00:00:00.000Z",
      until: "2026-12-24T00:00:00.000Z",
      noticedAt: null,
    };
    const { deliver, pass, published, parked, ports } = world();
    const { lookUp } = ports;
    Object.assign(ports, {
      lookUp: async (...asked: Parameters<typeof lookUp>) => ({ ...(await lookUp(...asked)), exceptions: [exception] }),
    });
    const both = context({ risk: { level: "HIGH" } });
    await deliver(both);
    await deliver(both);
    const [report] = parked.splice(0) as [Work];
    pass(61);
    await retryWork(report, ports, budget());
    expect(published.map((alert) => alert.detections.map(({ id }) => id))).toEqual([[proxied.id], [proxied.id]]);
  });

  test("is reported by the next alert instead, where one comes first", async () => {
    const { deliver, pass, published, parked, ports } = world();
    await deliver({});
    await deliver({});
    const [report] = parked.splice(0) as [Work];
    pass(61);
    await deliver({});
    await retryWork(report, ports, budget());
    expect(counts(published)).toEqual([0, 1]);
  });

  test("is reported once, though the next alert and the report come at the same time", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { deliver, pass, published, parked, ports } = world();
      await deliver({});
      await deliver({});
      const [report] = parked.splice(0) as [Work];
      pass(61);
      const tryReport = () => retryWork(report, ports, budget()).catch(() => "changed");
      await Promise.all([deliver({}), tryReport()]);
      pass(2);
      for (const work of parked.splice(0)) await retryWork(work, ports, budget());
      await tryReport();
      expect(counts(published).reduce((sum: number, count) => sum + (count ?? 0), 0)).toBe(1);
    }
  });

  test("is reported at the next try, where the report could not be published", async () => {
    let failing = false;
    const { deliver, pass, published, parked, ports } = world({
      publish: async (alert) => {
        if (failing) throw new Error("down");
        published.push(alert);
      },
    });
    await deliver({});
    await deliver({});
    const [report] = parked.splice(0) as [Work];
    pass(61);
    failing = true;
    await expect(retryWork(report, ports, budget())).rejects.toThrow("down");
    failing = false;
    await retryWork(report, ports, budget());
    expect(counts(published)).toEqual([0, 1]);
  });
});

describe("an alert that cannot be published", () => {
  test("ends its window: the next session is alerted on, and reports what was suppressed", async () => {
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

  test("of a function that was stopped suppresses nothing: others wait for it on the queue, for as long as any function works on one alert", async () => {
    const { ports, deliver, pass, user, published, parked, kinds, signIn, hurry } = world();
    hurry({ suppress: 300 });
    const reported: Suppressed = { count: 2, since: "2026-11-24T08:00:00.000Z" };
    const opened = { ...windowOf(signIn(), "stopped", ports.now()), reported };
    expect(await ports.userStates.open(user, null, opened, AbortSignal.timeout(100_000))).toBe(true);
    pass(0.3);
    expect(await deliver({})).toMatchObject({ grouped: 0, published: 0, parked: 1 });
    expect(parked[0]?.waiting?.reason).toMatch(/^an alert about the same user and network is in progress/);
    pass(0.5);
    await retryWork(parked[0] as Work, ports, unhurried());
    expect(published[0]?.heldBack).toEqual({ count: 2, since: "2026-11-24T08:00:00.000Z" });
    expect(kinds()).toContain("workParked");
  });

  test("is published by its own retry, which its window does not suppress", async () => {
    const { ports, published, user, signIn } = world();
    const event = signIn({ uuid: crypto.randomUUID() });
    const opened = windowOf(event, event.uuid, ports.now());
    await ports.userStates.open(user, null, opened, AbortSignal.timeout(100_000));
    const delivery = { id: null, org: null, eventHookId: null };
    const work: Work = { event, delivery, rules: null, followUp: false, waiting: null };
    await retryWork(work, ports, unhurried());
    expect(published).toHaveLength(1);
  });
});

test.each(["refuse", "hang"] as const)("a state table that fails by %s suppresses nothing", async (kind) => {
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

test("the sample of the embedded run is one that can be suppressed", async () => {
  const file = new URL("../../../local/samples/proxied-sign-in.json", import.meta.url);
  const sample = JSON.parse(await readFile(file, "utf8")) as { data: { events: Json[] } };
  const { deliver } = world();
  const { actor, uuid, published, ...event } = sample.data.events[0] as Json;
  expect([actor, uuid, published].every(Boolean)).toBe(true);
  expect(await deliver(event, event)).toMatchObject({ published: 1, grouped: 1 });
});
