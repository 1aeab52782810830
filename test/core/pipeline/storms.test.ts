import { describe, expect, test } from "vitest";
import { memorySources, memoryStates } from "../../../cli/backtest/memory.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { fingerprintOf } from "../../../lambda/core/grouping/fingerprint.ts";
import { type LogEvent, testMark, threatDetected } from "../../../lambda/core/okta/log-event.ts";
import type { PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { UnconfirmedPublishError } from "../../../lambda/core/pipeline/unconfirmed.ts";
import { BusySourceError } from "../../../lambda/core/storms/sources.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { findings } from "../../fixtures/memory.ts";
import { lisbon } from "../../fixtures/places.ts";
import { renderEmail } from "../../fixtures/rendered.ts";
import { proxied, rule, ruleSet } from "../../fixtures/rules.ts";
import { failedSignIn, signIn, torExit } from "../../fixtures/storms.ts";
import { unhurried } from "../../fixtures/timing.ts";
import { attempts, world } from "./storm-world.ts";

describe("a spray of three hundred logins through one Tor exit", () => {
  test("is five alerts, one that grows, and its end", async () => {
    const { deliver, pass, singles, reports, published, waiting } = world();
    for (let index = 0; index < 300; index += 1) {
      await deliver(failedSignIn(index));
      await pass(1);
    }
    await pass(700);
    expect(singles().map(({ user }) => user.login)).toEqual([0, 1, 2, 3, 4].map((each) => `user${each}@example.com`));
    expect(reports().map(({ report, attempts }) => [report, attempts])).toEqual([
      ["start", 6],
      ["update", 65],
      ["update", 125],
      ["update", 300],
      ["end", 300],
    ]);
    expect(reports().at(-1)).toMatchObject({
      succeeded: 0,
      more: 0,
      reasons: [{ reason: "INVALID_CREDENTIALS", count: 300 }],
    });
    expect(
      reports()
        .at(-1)
        ?.users.map(({ login }) => login)
        .toSorted(),
    ).toEqual(
      attempts(300)
        .map((_, index) => `user${index}@example.com`)
        .toSorted(),
    );
    expect(published.every(({ storm, user }) => storm === null || user.login === null)).toBe(true);
    expect(new Set(reports().map(({ id }) => id)).size).toBe(1);
    expect(new Set(published.map(({ alertId }) => alertId)).size).toBe(published.length);
    expect(waiting()).toEqual([]);
  });

  test("at once is five alerts too, and one watcher", async () => {
    const { deliver, pass, singles, reports, waiting } = world();
    const report = await deliver(...attempts(50));
    expect(report).toMatchObject({ published: 5, inStorm: 45, parked: 0, failed: 0 });
    expect(waiting()).toHaveLength(1);
    await pass(1);
    expect(singles()).toHaveLength(5);
    expect(reports()).toMatchObject([{ report: "start", attempts: 50 }]);
  });
});

test("an alert that may be out is sent again by its id, though a storm began meanwhile", async () => {
  const sent: Alert[] = [];
  const incidents: string[] = [];
  const { deliver, pass, ports } = world({
    publish: async (alert) => {
      sent.push(alert);
      if (alert.storm === null && sent.filter(({ alertId }) => alertId === alert.alertId).length === 1)
        throw new UnconfirmedPublishError("no answer");
    },
  });
  const record = ports.incidents.record.bind(ports.incidents);
  ports.incidents.record = (published, signal) => {
    incidents.push(published.alert.alertId);
    return record(published, signal);
  };
  expect(await deliver(...attempts(4))).toMatchObject({ parked: 4, inStorm: 0 });
  expect(await deliver(...attempts(6, 4))).toMatchObject({ parked: 1, inStorm: 5 });
  await pass(700);
  const singles = sent.filter(({ storm }) => storm?.report == null).map(({ alertId }) => alertId);
  const ids = new Set(singles);
  expect([ids.size, singles.length]).toEqual([5, 10]);
  expect(incidents.filter((id) => ids.has(id)).toSorted()).toEqual([...ids].toSorted());
});

test("a storm that is kept up on purpose tells of every attempt within some four hours", async () => {
  const { deliver, pass, reports } = world();
  await deliver(...attempts(110));
  await pass(120);
  for (let index = 110; index < 110 + 7 * 12; index += 1) {
    await deliver(failedSignIn(index));
    await pass(500);
  }
  expect(reports().map(({ report, attempts }) => [report, attempts])).toEqual([
    ["start", 110],
    ["update", 139],
    ["update", 168],
  ]);
});

describe("a success in a storm", () => {
  test("comes at once and singly, one level up, and says so", async () => {
    const { deliver, pass, published, reports } = world();
    await deliver(...attempts(8));
    await pass(5);
    expect(await deliver(signIn("success", "user3@example.com"))).toMatchObject({ published: 1 });
    const alert = published.at(-1);
    expect(alert).toMatchObject({
      severity: "critical",
      severityAdjustments: [{ title: "Success in a storm of failed attempts", from: "high", to: "critical" }],
      user: { login: "user3@example.com" },
      storm: { report: null, attempts: 8, succeeded: 1, source: { asNumber: 64_500 } },
    });
    expect(alert?.summary).toContain("It stands in a storm of 8 failed attempts for 8 logins");
    expect(alert?.triage[0]).toContain("Clear the user's sessions now: it succeeded in a storm of failed sign-ins");
    await pass(700);
    const end = published.at(-1);
    expect(end).toMatchObject({ severity: "high" });
    expect(end?.triage[0]).toContain("See that the sessions of user3@example.com are cleared");
    expect(alert && renderEmail(alert)).toContain(`reported in incident ${end?.incident.id}`);
    expect(reports().at(-1)).toMatchObject({
      report: "end",
      succeeded: 1,
      users: expect.arrayContaining([{ login: "user3@example.com", outcome: "SUCCESS", count: 1 }]),
    });
  });

  test("through iCloud Private Relay is no less severe for that", async () => {
    const { deliver, published } = world();
    const relay = {
      securityContext: {
        isProxy: true,
        asNumber: 64_511,
        ipDetails: { ipServiceCategories: [{ type: "Proxy", operator: "APPLE_ICLOUD_RELAY_PROXY" }] },
      },
    };
    await deliver(...Array.from({ length: 8 }, (_, index) => failedSignIn(index, relay)));
    expect(published[0]?.severity).toBe("informational");
    await deliver(signIn("success", "user3@example.com", relay));
    expect(published.at(-1)).toMatchObject({ severity: "critical", storm: { attempts: 8 } });
  });

  test("names the sessions that started before it, and its own", async () => {
    const { deliver, published } = world();
    await deliver(...attempts(8));
    await deliver(signIn("first", "user3@example.com"));
    await deliver(signIn("second", "user4@example.com"));
    const alert = published.at(-1);
    expect(alert?.storm).toMatchObject({ succeeded: 2 });
    expect(alert?.summary).toContain("; 2 sessions started: user3@example.com, user4@example.com.");
  });

  test("comes though the same sign-in was alerted on before the storm; the same again in the storm is suppressed", async () => {
    const { deliver, published } = world();
    await deliver(signIn("before", "ada@example.com"));
    await deliver(...attempts(8));
    expect(await deliver(signIn("in", "ada@example.com"))).toMatchObject({ published: 1 });
    expect(published.at(-1)?.storm?.attempts).toBe(8);
    expect(await deliver(signIn("again", "ada@example.com"))).toMatchObject({ published: 0, grouped: 1 });
  });

  test("that is suppressed is reported with the verdict on the alert that it repeats", async () => {
    const states = memoryStates();
    const event = signIn("in", "ada@example.com");
    const verdict = { verdict: "benign", note: "asked her", by: "grace", at: "2026-11-24T09:00:00.000Z" } as const;
    const verdicts = new Map([[fingerprintOf(event, [proxied.id]) ?? "", verdict]]);
    const read: typeof states.read = async (...asked) => ({ ...(await states.read(...asked)), verdicts });
    const { deliver, pass, published } = world({ userStates: { ...states, read } });
    await deliver(...attempts(8));
    await deliver(event);
    expect(await deliver(signIn("again", "ada@example.com"))).toMatchObject({ grouped: 1 });
    await pass(3_700);
    const report = published.find(({ heldBack }) => heldBack?.count === 1);
    expect(report).toMatchObject({ followUp: true, incident: { verdict } });
  });

  test("from another source, or once the storm is over, is no part of it", async () => {
    const { deliver, pass, published } = world();
    await deliver(...attempts(8));
    const elsewhere = { securityContext: { isProxy: true, asNumber: 64_501 } };
    await deliver(signIn("elsewhere", "ada@example.com", elsewhere));
    expect(published.at(-1)).toMatchObject({ storm: null, severity: "high" });
    await pass(700);
    await deliver(signIn("after", "ada@example.com"));
    expect(published.at(-1)).toMatchObject({ storm: null, severity: "high" });
  });
});

describe("what ThreatInsight says of requests from a source", () => {
  const threats = rule("low", "00000000-0000-4000-8000-000000000078", { eventType: threatDetected });
  const threat = (uuid: string, reason: string | null, overrides: Json = {}) =>
    logEvent({
      uuid,
      ...torExit,
      eventType: threatDetected,
      actor: null,
      outcome: { result: "DENY", reason },
      ...overrides,
    });

  test("is told by the alerts about its storm, and by none of its own", async () => {
    const { deliver, pass, published, reports } = world({ rules: ruleSet([proxied, threats]) });
    await deliver(...attempts(8));
    await pass(5);
    const many = Array.from({ length: 20 }, (_, index) => threat(`t${index}`, "Password Spray, Login failures"));
    expect(await deliver(...many, threat("unnamed", null))).toMatchObject({ published: 0, inStorm: 21 });
    // However often it is delivered.
    expect(await deliver(...many)).toMatchObject({ published: 0, duplicate: 20 });
    await pass(700);
    expect(reports().at(-1)).toMatchObject({ report: "end", attempts: 8 });
    expect(reports().at(-1)?.reasons).toEqual([
      { reason: "ThreatInsight: Password Spray", count: 20 },
      { reason: "ThreatInsight: Login failures", count: 20 },
      { reason: "INVALID_CREDENTIALS", count: 8 },
      { reason: "ThreatInsight", count: 1 },
    ]);
    expect(published.filter(({ okta }) => okta.eventType === threatDetected)).toEqual([]);
  });

  test("is alerted on where no storm from there is reported: before it, after it, and from another source", async () => {
    const { deliver, pass } = world({ rules: ruleSet([proxied, threats]) });
    await deliver(...attempts(3));
    expect(await deliver(threat("before", "Password Spray"))).toMatchObject({ published: 1 });
    await deliver(...attempts(8, 3));
    await pass(5);
    const elsewhere = { securityContext: { isProxy: true, asNumber: 64_501 } };
    expect(await deliver(threat("elsewhere", "Password Spray", elsewhere))).toMatchObject({ published: 1 });
    await pass(700);
    expect(await deliver(threat("after", "Password Spray"))).toMatchObject({ published: 1 });
  });

  test("is alerted on where storms are off, their store is down, or nothing watches the storm", async () => {
    const rules = ruleSet([proxied, threats]);
    const off = world({ rules, stormAfter: 0 });
    await off.deliver(...attempts(8));
    expect(await off.deliver(threat("off", null))).toMatchObject({ published: 1 });
    const sources = memorySources();
    const down = world({ rules, sources: { ...sources, read: () => Promise.reject(new Error("down")) } });
    await down.deliver(...attempts(8));
    expect(await down.deliver(threat("down", null))).toMatchObject({ published: 1 });
    expect(down.observed.map(({ kind }) => kind)).toContain("sourceUnavailable");
    const lost = world({ rules, parkWork: async () => {} });
    await lost.deliver(...attempts(8));
    await lost.pass(200);
    expect(await lost.deliver(threat("lost", null))).toMatchObject({ published: 1 });
  });
});

describe("what is no news makes no storm", () => {
  test("the same attempt of one person again and again is suppressed in its window", async () => {
    const { deliver, pass, published } = world();
    const again = (index: number) => failedSignIn(0, { uuid: `again-${index}` });
    for (let index = 0; index < 20; index += 1) await deliver(again(index));
    expect(published).toHaveLength(1);
    await pass(3_700);
    expect(published.map(({ storm, heldBack }) => [storm, heldBack?.count])).toEqual([
      [null, 0],
      [null, 19],
    ]);
  });

  test("an event that is delivered again is counted once", async () => {
    const { deliver, pass, published } = world();
    for (let round = 0; round < 4; round += 1) await deliver(...attempts(4));
    await pass(60);
    expect(published).toHaveLength(4);
    expect(await deliver(...attempts(2, 4))).toMatchObject({ published: 1, inStorm: 1 });
  });

  test("attempts that an exception covers are taken back", async () => {
    const [createdAt, until] = ["2026-11-01T00:00:00.000Z", "2026-12-24T00:00:00.000Z"];
    const known = {
      id: "known",
      scope: { asNumber: 64_500, kinds: ["tor" as const] },
      by: "grace",
      reason: "known",
      createdAt,
      until,
      noticedAt: null,
    };
    const { deliver, pass, published } = world({}, [known]);
    for (let index = 0; index < 20; index += 1)
      expect(await deliver(failedSignIn(index))).toMatchObject({ excepted: 1 });
    await pass(60);
    expect(published).toEqual([]);
  });

  test("with the setting 0, each attempt is an alert", async () => {
    const { deliver } = world({ stormAfter: 0 });
    expect(await deliver(...attempts(12))).toMatchObject({ published: 12, inStorm: 0 });
  });

  test("tests are counted nowhere", async () => {
    const { deliver } = world();
    const events = attempts(12).map(({ received }) => logEvent({ ...received, ...testMark }));
    expect(await deliver(...events)).toMatchObject({ published: 12, inStorm: 0 });
  });
});

describe("nothing of a storm is lost", () => {
  test("an attempt whose watcher cannot be parked is alerted on singly; the next parks it", async () => {
    let isDown = true;
    const { deliver, pass, reports, ports } = world();
    const { parkWork } = ports;
    const broken: PipelinePorts = {
      ...ports,
      parkWork: (work, signal) => (isDown ? Promise.reject(new Error("the queue is down")) : parkWork(work, signal)),
    };
    const send = (event: LogEvent) =>
      processDelivery({ id: null, org: null, eventHookId: null, events: [event], malformed: [] }, broken, unhurried());
    await deliver(...attempts(5));
    expect(await send(failedSignIn(5))).toMatchObject({ published: 1, inStorm: 0 });
    isDown = false;
    expect(await send(failedSignIn(6))).toMatchObject({ published: 0, inStorm: 1 });
    await pass(1);
    expect(reports()).toMatchObject([{ report: "start", attempts: 7 }]);
  });

  test("where the store of sources does not answer, each attempt is alerted on", async () => {
    const down = () => Promise.reject(new Error("down"));
    const { deliver, observed } = world({ sources: { ...memorySources(), count: down } });
    expect(await deliver(...attempts(12))).toMatchObject({ published: 12 });
    expect(observed.filter(({ kind }) => kind === "sourceUnavailable")).toHaveLength(12);
  });

  test("where a flood is faster than its source is counted, failed attempts wait, and successes do not", async () => {
    const sources = memorySources();
    let isBusy = true;
    const count: typeof sources.count = (...parameters) =>
      isBusy ? Promise.reject(new BusySourceError("busy")) : sources.count(...parameters);
    const { deliver, pass, published, reports } = world({ sources: { ...sources, count } });
    expect(await deliver(...attempts(12), signIn("success", "ada@example.com"))).toMatchObject({
      parked: 12,
      published: 1,
    });
    isBusy = false;
    await pass(60);
    expect(published.filter(({ storm, session }) => storm === null && session.outcome === "FAILURE")).toHaveLength(5);
    await pass(700);
    expect(reports().at(-1)).toMatchObject({ report: "end", attempts: 12 });
  });

  test("attempts of a storm that is watched park no further watcher", async () => {
    const { deliver, waiting } = world();
    for (const event of attempts(9)) await deliver(event);
    expect(waiting()).toHaveLength(1);
  });

  test("a later attempt replaces a watcher that was lost", async () => {
    let isLost = true;
    const { deliver, pass, reports, ports } = world();
    const losing: PipelinePorts = {
      ...ports,
      parkWork: async (...parked) => (isLost ? undefined : ports.parkWork(...parked)),
    };
    const send = (event: LogEvent) =>
      processDelivery({ id: null, org: null, eventHookId: null, events: [event], malformed: [] }, losing, unhurried());
    for (const event of attempts(8)) await send(event);
    isLost = false;
    await pass(200);
    expect(reports()).toEqual([]);
    await send(failedSignIn(8));
    await pass(700);
    expect(reports().map(({ report, attempts }) => [report, attempts])).toEqual([
      ["start", 9],
      ["end", 9],
    ]);
    expect(await deliver(failedSignIn(9))).toMatchObject({ published: 1 });
  });

  test("two watchers publish each report once", async () => {
    const { deliver, pass, reports, waiting, ports } = world();
    await deliver(...attempts(8));
    const [watcher] = waiting();
    if (watcher === undefined) throw new Error("no watcher waits");
    await ports.parkWork(
      [
        { work: watcher, delaySeconds: 0 },
        { work: watcher, delaySeconds: 1 },
      ],
      AbortSignal.timeout(1_000),
    );
    await pass(700);
    expect(reports().map(({ report }) => report)).toEqual(["start", "end"]);
  });

  test("a report that the topic refuses is tried again; one without an answer, three times", async () => {
    const errors = [new Error("refused"), new Error("refused"), new UnconfirmedPublishError("no answer")];
    const published: Alert[] = [];
    const { deliver, pass, observed } = world({
      publish: async (alert) => {
        const error = alert.storm === null ? undefined : errors.shift();
        if (error !== undefined) throw error;
        published.push(alert);
      },
    });
    await deliver(...attempts(8));
    await pass(60);
    expect(published.flatMap(({ storm }) => storm?.report ?? [])).toEqual(["start"]);
    errors.push(...Array.from({ length: 10 }, () => new UnconfirmedPublishError("no answer")));
    await pass(700);
    expect(errors).toHaveLength(7);
    expect(observed.filter(({ kind }) => kind === "stormReported")).toHaveLength(1);
  });
});

test("a storm goes on while attempts come, and a new one begins after its end", async () => {
  const { deliver, pass, reports } = world();
  for (let index = 0; index < 12; index += 1) {
    await deliver(failedSignIn(index));
    if (index >= 6) await pass(400);
  }
  await pass(700);
  await deliver(...attempts(7, 100));
  await pass(60);
  expect(reports().map(({ report, attempts }) => [report, attempts])).toEqual([
    ["start", 7],
    ["update", 10],
    ["end", 12],
    ["start", 7],
  ]);
  expect(new Set(reports().map(({ id }) => id)).size).toBe(2);
});

test("an attempt whose alert failed is reported by the storm that came meanwhile", async () => {
  let isDown = true;
  const published: Alert[] = [];
  const { deliver, pass } = world({
    publish: async (alert) => {
      if (isDown) throw new Error("the topic is down");
      published.push(alert);
    },
  });
  await deliver(...attempts(8));
  isDown = false;
  await pass(120);
  expect(published.map(({ storm }) => storm?.report)).toEqual(["start"]);
  expect(new Set(published[0]?.storm?.users.map(({ login }) => login))).toEqual(
    new Set(attempts(8).map((_, index) => `user${index}@example.com`)),
  );
});

test("sources are told apart by operator and kinds, else by network and kinds", async () => {
  const { deliver } = world();
  const services = (operator: string) => ({
    ...torExit,
    securityContext: {
      isProxy: true,
      asNumber: 64_500,
      ipDetails: { ipServiceCategories: [{ type: "VPN", operator }] },
    },
  });
  await deliver(...attempts(5));
  const nord = await deliver(
    ...Array.from({ length: 6 }, (_, index) => failedSignIn(50 + index, services("NORD_VPN"))),
  );
  expect(nord).toMatchObject({ published: 5, inStorm: 1 });
  const surf = await deliver(failedSignIn(60, services("SURFSHARK_VPN")));
  expect(surf).toMatchObject({ published: 1 });
});

describe("sign-ins of many persons from one source", () => {
  const gateway = {
    securityContext: {
      isProxy: true,
      asNumber: 64_510,
      asOrg: "Example Gateway",
      ipDetails: { ipServiceCategories: [{ type: "VPN", operator: "EXAMPLE_VPN", isAnonymous: true }] },
    },
    debugContext: { debugData: { behaviors: "{New Device=NEGATIVE}" } },
  };
  const arrive = (number: number, overrides: Json = {}) =>
    signIn(`arrival-${number}`, `user${number}@example.com`, { ...gateway, ...overrides });
  const many = (options: Partial<PipelinePorts> = {}) => world({ sourceAlertsPerHour: 20, ...options });

  test("are alerted on singly up to the limit, then gathered and named every five minutes", async () => {
    const { deliver, pass, singles, reports, published, waiting } = many();
    for (let index = 0; index < 200; index += 1) {
      await deliver(arrive(index));
      await pass(2);
    }
    await pass(400);
    expect(singles()).toHaveLength(20);
    const gathered = reports();
    expect(gathered.every(({ report }) => report === "gathered")).toBe(true);
    expect(gathered.length).toBeLessThanOrEqual(3);
    const named = gathered.flatMap(({ users }) => users.map(({ login }) => login));
    expect(named.toSorted()).toEqual(
      Array.from({ length: 180 }, (_, index) => `user${index + 20}@example.com`).toSorted(),
    );
    expect(gathered[0]?.reasons).toContainEqual({ reason: "known device", count: gathered[0]?.users.length });
    expect(new Set(gathered.map(({ id }) => id)).size).toBe(1);
    expect(published.at(-1)?.triage[1]).toBe(
      'If it is, except it: npx okta-proxy-watch exceptions add --operator EXAMPLE_VPN --reason "..."',
    );
    expect(waiting().filter(({ gathering }) => gathering)).toEqual([]);
  });

  test("are reported by one message, whichever deliveries they come in; one that comes as it closes by the next", async () => {
    const { deliver, waiting, ports } = many({ sourceAlertsPerHour: 1 });
    const gatherings = () => waiting().flatMap(({ gathering }) => gathering ?? []);
    await deliver(arrive(0));
    expect(await deliver(arrive(1), arrive(2))).toMatchObject({ gathered: 2 });
    expect(await deliver(arrive(3))).toMatchObject({ gathered: 1 });
    const [first = { source: "", start: 0 }, ...others] = gatherings();
    expect(others).toEqual([]);
    await ports.sources.close(first, AbortSignal.timeout(100_000));
    expect(await deliver(arrive(4))).toMatchObject({ published: 0, gathered: 1 });
    expect(gatherings()).toEqual([first, { ...first, start: first.start + 300_000 }]);
  });

  test.each(["managed", "registered"])("count as on a known device where Okta calls it %s", async (word) => {
    const { deliver, pass, reports } = many({ sourceAlertsPerHour: 1 });
    await deliver(arrive(0), arrive(1, { device: { id: "guo1", [word]: true }, debugContext: {} }));
    await pass(400);
    expect(reports()[0]?.reasons).toContainEqual({ reason: "known device", count: 1 });
  });

  test("that are repeated, suppressed or without storms leave the places of the first persons as they are", async () => {
    const { deliver, published } = many({ sourceAlertsPerHour: 1, stormAfter: 0 });
    await deliver(arrive(0));
    expect(await deliver(arrive(0))).toMatchObject({ duplicate: 1 });
    expect(await deliver(arrive(1))).toMatchObject({ published: 0, gathered: 1 });
    expect(published).toHaveLength(1);
    const off = many({ sourceAlertsPerHour: 1, stormAfter: 0 });
    expect(await off.deliver(...attempts(12))).toMatchObject({ published: 12, inStorm: 0 });
  });

  test("count as at a usual hour by the last two sessions of each network, and as from a usual place by the profile", async () => {
    const states = memoryStates();
    const lookUp: PipelinePorts["lookUp"] = async ({ users }) =>
      findings(
        new Map([["00uuser1", [{ ...lisbon, countryCode: "CA", latitude: 43.7, longitude: -79.4 }]]]),
        [],
        new Map([...users].map((user) => [user, states.get(user)])),
      );
    const { deliver, pass, reports } = many({ sourceAlertsPerHour: 1, userStates: states, lookUp });
    const at = (published: string, session: string) => ({
      published,
      authenticationContext: { rootSessionId: session, externalSessionId: session },
    });
    const person = (uuid: string, published: string) =>
      signIn(uuid, "user1@example.com", { ...gateway, ...at(published, uuid) });
    await deliver(person("two days before", "2026-11-22T09:10:00.000Z"));
    await pass(7_200);
    await deliver(person("in the evening", "2026-11-23T20:00:00.000Z"));
    await pass(7_200);
    await deliver(arrive(0), person("now", "2026-11-24T09:30:00.000Z"));
    await pass(400);
    expect(reports().at(-1)?.reasons).toEqual([
      { reason: "known device", count: 1 },
      { reason: "usual hour", count: 1 },
      { reason: "usual place", count: 1 },
    ]);
  });

  test("are reported once their five minutes are over, also where the message comes before", async () => {
    const { deliver, work, reports, waiting, pass } = many({ sourceAlertsPerHour: 1 });
    await deliver(arrive(0), arrive(1));
    const [message] = waiting().filter(({ gathering }) => gathering);
    if (message === undefined) throw new Error("no message waits");
    await work(message);
    expect(reports()).toEqual([]);
    expect(await deliver(arrive(2))).toMatchObject({ gathered: 1 });
    await pass(400);
    expect(reports()).toMatchObject([{ report: "gathered", attempts: 2 }]);
  });

  test("of the first persons of an hour stay single; the next hour starts anew", async () => {
    const { deliver, pass, singles } = many();
    await deliver(...Array.from({ length: 25 }, (_, index) => arrive(index)));
    expect(singles()).toHaveLength(20);
    const device = { client: { ipAddress: "203.0.113.77", userAgent: { browser: "EDGE", os: "Linux" } } };
    const again = signIn("again", "user3@example.com", { ...gateway, ...device });
    expect(await deliver(again)).toMatchObject({ published: 1, gathered: 0 });
    expect(await deliver(arrive(30))).toMatchObject({ published: 0, gathered: 1 });
    await pass(3_600);
    expect(await deliver(arrive(31))).toMatchObject({ published: 1, gathered: 0 });
  });

  test("have the severity that their own alerts would have", async () => {
    const { deliver, pass, published } = many({ sourceAlertsPerHour: 1 });
    const relay = {
      securityContext: {
        isProxy: true,
        asNumber: 64_511,
        ipDetails: { ipServiceCategories: [{ type: "Proxy", operator: "APPLE_ICLOUD_RELAY_PROXY" }] },
      },
    };
    await deliver(...[0, 1, 2].map((each) => signIn(`relay-${each}`, `user${each}@example.com`, relay)));
    await pass(400);
    expect(published.map(({ severity, storm }) => [severity, storm?.report ?? null])).toEqual([
      ["informational", null],
      ["informational", "gathered"],
    ]);
  });

  test("are counted once, also where an event is delivered again", async () => {
    const { deliver, pass, reports } = many({ sourceAlertsPerHour: 1 });
    await deliver(arrive(0));
    for (let round = 0; round < 3; round += 1) await deliver(arrive(1));
    await deliver(signIn("second", "user1@example.com", gateway));
    await pass(400);
    expect(reports()).toMatchObject([{ attempts: 2, users: [{ login: "user1@example.com", count: 2 }] }]);
  });

  test("come singly where they cannot be gathered, or their report cannot be parked", async () => {
    const down = () => Promise.reject(new Error("down"));
    const store = many({ sourceAlertsPerHour: 1, sources: { ...memorySources(), gather: down } });
    expect(await store.deliver(...[0, 1, 2].map((each) => arrive(each)))).toMatchObject({ published: 3 });
    const queue = many({ sourceAlertsPerHour: 1, parkWork: down });
    expect(await queue.deliver(...[0, 1, 2].map((each) => arrive(each)))).toMatchObject({ published: 3 });
  });

  test("that an exception covers take no place among the first", async () => {
    const [createdAt, until] = ["2026-11-01T00:00:00.000Z", "2026-12-24T00:00:00.000Z"];
    const scope = { operator: "EXAMPLE_VPN", user: "00uuser0" };
    const known = { id: "known", scope, by: "grace", reason: "known", createdAt, until, noticedAt: null };
    const { deliver } = world({ sourceAlertsPerHour: 1 }, [known]);
    expect(await deliver(arrive(0))).toMatchObject({ excepted: 1 });
    expect(await deliver(arrive(1))).toMatchObject({ published: 1, gathered: 0 });
  });

  test.each([{ risk: "{level=HIGH}" }, { threatSuspected: "true" }])(
    "come singly where Okta says %j",
    async (debugData) => {
      const { deliver } = many({ sourceAlertsPerHour: 1 });
      await deliver(arrive(0));
      const event = arrive(1, { debugContext: { debugData } });
      expect(await deliver(event, arrive(2))).toMatchObject({ published: 1, gathered: 1 });
    },
  );

  test("of a person whose sign-ins were suppressed before come singly, and report them", async () => {
    const lookUp: PipelinePorts["lookUp"] = async ({ users }) =>
      findings(new Map(), [], new Map([...users].map((user) => [user, states.get(user)])));
    const states = memoryStates();
    const { deliver, pass, published } = many({
      sourceAlertsPerHour: 1,
      userStates: states,
      lookUp,
      parkWork: async () => {},
    });
    await deliver(arrive(0));
    expect(await deliver(signIn("again", "user0@example.com", gateway))).toMatchObject({ grouped: 1 });
    await pass(3_600);
    // The window is over, and the queue is late with its report.
    await deliver(arrive(1));
    expect(await deliver(signIn("third", "user0@example.com", gateway))).toMatchObject({ published: 1, gathered: 0 });
    expect(published.at(-1)?.heldBack).toMatchObject({ count: 1 });
  });

  test("in a storm come singly", async () => {
    const { deliver } = many({ sourceAlertsPerHour: 1 });
    await deliver(...attempts(8));
    const events = [0, 1, 2].map((each) => signIn(`in-${each}`, `user${each}@example.com`));
    expect(await deliver(...events)).toMatchObject({ published: 3, gathered: 0 });
  });
});
