import { describe, expect, test } from "vitest";
import { type MemoryGroups, memoryGroups } from "../../../cli/backtest/memory.ts";
import { loadSeverity } from "../../../lambda/adapters/rule-files/load-severity.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { attributesOf } from "../../../lambda/core/alerts/attributes.ts";
import { planCorrelations } from "../../../lambda/core/correlation/correlate.ts";
import { type GroupStore, missingGroup } from "../../../lambda/core/correlation/group-store.ts";
import type { Exception } from "../../../lambda/core/exceptions/exception.ts";
import { testMark } from "../../../lambda/core/okta/log-event.ts";
import { delayReasons } from "../../../lambda/core/pipeline/delay-reason.ts";
import type { Observation } from "../../../lambda/core/pipeline/observation.ts";
import type { Asked, ParkedWork, PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { readWork, writeWork } from "../../../lambda/core/pipeline/work.ts";
import type { ProfileLocation } from "../../../lambda/core/profiles/profile-location.ts";
import { compileAdjustments } from "../../../lambda/core/severity/compile-adjustments.ts";
import type { Correlation } from "../../../lambda/core/sigma/correlation.ts";
import type { Rule } from "../../../lambda/core/sigma/rule.ts";
import { chainRules, correlationsOf } from "../../fixtures/chains.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../../fixtures/memory.ts";
import { parseTestRule, ruleSet } from "../../fixtures/rules.ts";
import { unhurried } from "../../fixtures/timing.ts";

const [chain, count] = correlationsOf(
  `
title: API Token Created by a Session Through a Proxy
id: 00000000-0000-4000-8000-000000000071
correlation:
  type: temporal_ordered
  rules: [proxied_start, token_created]
  group-by: [authenticationContext.rootSessionId]
  timespan: 24h
level: critical
`,
  `
title: Sign-Ins Failed
id: 00000000-0000-4000-8000-000000000072
correlation:
  type: event_count
  rules: [failed_start]
  group-by: [securityContext.asNumber]
  timespan: 10m
  condition: { gte: 3 }
level: high
`,
) as [Correlation, Correlation];
const names = ["proxied_start", "token_created", "failed_start"];
const parts = names.flatMap((name) => chainRules.filter((each) => each.name === name));
const [proxiedStart, tokenCreated, failedStart] = parts as [Rule, Rule, Rule];
/** A rule of its own about the tokens that the chain is about, too. */
const anyToken = parseTestRule(
  { selection: { eventType: "system.api_token.create" }, condition: "selection" },
  { title: "API Token Created", id: "00000000-0000-4000-8000-000000000073", level: "medium" },
);

const start = Date.parse("2026-11-24T09:00:00Z");
const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
const inSession = (rootSessionId: string) => ({ authenticationContext: { rootSessionId, externalSessionId: "x" } });
/** A session start through a proxy. */
const sessionOf = (uuid: string, minutes: number, session = "s1") =>
  ({ uuid, published: at(minutes), ...inSession(session) }) as Json;
/** An API token that is created in a session. */
const tokenIn = (uuid: string, minutes: number, session = "s1") =>
  ({ ...sessionOf(uuid, minutes, session), eventType: "system.api_token.create" }) as Json;
const failure = (uuid: string, minutes: number) =>
  ({
    uuid,
    published: at(minutes),
    outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" },
    securityContext: { isProxy: false, asNumber: 64_500 },
  }) as Json;

/** A pipeline over stores in memory that counts what it reads and writes. */
function world(
  overrides: Partial<PipelinePorts> = {},
  silent: readonly Rule[] = [proxiedStart, tokenCreated, failedStart],
) {
  const groups = memoryGroups();
  const published: Alert[] = [];
  const observed: Observation[] = [];
  const asked: Asked[] = [];
  const queue: string[] = [];
  const writes: string[] = [];
  const counted: MemoryGroups = {
    ...groups,
    write(key, change, signal) {
      writes.push(key);
      return groups.write(key, change, signal);
    },
  };
  const claims = memoryClaims();
  const ports = memoryPorts({
    rules: ruleSet([...parts, anyToken]),
    correlations: { plan: planCorrelations([chain, count]), silent: new Set(silent.map(({ id }) => id)) },
    groups: counted,
    claims,
    lookUp: async (each) => {
      asked.push(each);
      return { ...findings(new Map()), groups: groups.find(each.groups ?? []) };
    },
    publish: async (alert) => void published.push(alert),
    parkWork: async (work: readonly ParkedWork[]) =>
      void queue.push(...work.map((each) => writeWork(each.work, new Date(start)))),
    now: () => new Date(start),
    observe: (observation) => void observed.push(observation),
    ...overrides,
  });
  const deliver = (...events: readonly Json[]) =>
    processDelivery(
      { id: "d", org: null, eventHookId: null, events: events.map((each) => logEvent(each)), malformed: [] },
      ports,
      unhurried(),
    );
  const redrive = async (changed: Partial<PipelinePorts> = {}) => {
    for (const body of queue.splice(0)) await retryWork(readWork(body), { ...ports, ...changed }, unhurried());
  };
  const told = () => published.map(({ okta, detections }) => [okta.eventUuid, detections.map(({ id }) => id)]);
  return { deliver, redrive, told, groups, published, observed, asked, queue, writes, claims, ports };
}

const userKey = "00u1lisbon";
const lisbon: ProfileLocation = {
  label: "home",
  state: null,
  postalCode: null,
  city: "Lisbon",
  countryCode: "PT",
  latitude: 38.72,
  longitude: -9.14,
};

/** A look-up that answers, as the tables do, no more than it is asked: where a person lives, and what is excepted. */
function answeringKeys(groups: MemoryGroups, exceptions: readonly Exception[] = []): PipelinePorts["lookUp"] {
  return async ({ keys, groups: keysOfGroups = [] }) => {
    const isAsked = keys.has(userKey);
    const locations = new Map(isAsked ? [[userKey, [lisbon]]] : []);
    return { ...findings(locations, isAsked ? exceptions : []), groups: groups.find(keysOfGroups) };
  };
}

const only = (rules: readonly Rule[]) => ({ rules: ruleSet(rules) });

describe("a correlation", () => {
  test("is one more detection of the event that completes it: one act is one alert, of the highest severity", async () => {
    const { deliver, told, published } = world();
    expect(await deliver(sessionOf("start", 0))).toMatchObject({ observed: 1, published: 0 });
    expect(await deliver(tokenIn("token", 5))).toMatchObject({ published: 1 });
    expect(told()).toEqual([["token", [chain.id, anyToken.id]]]);
    expect(published[0]).toMatchObject({
      severity: "critical",
      detections: [
        {
          correlation: {
            groupBy: { "authenticationContext.rootSessionId": "s1" },
            events: [
              { eventUuid: "start", rule: { id: proxiedStart.id } },
              { eventUuid: "token", rule: { id: tokenCreated.id } },
            ],
          },
        },
        { correlation: null },
      ],
    });
  });

  test("that nothing else matches alerts alone, with what is known of the user", async () => {
    const { deliver, told, asked } = world(only(parts));
    await deliver(sessionOf("start", 0));
    await deliver(tokenIn("token", 5));
    expect(told()).toEqual([["token", [chain.id]]]);
    // The user is asked for once there is something to alert on.
    expect(asked.map(({ users }) => users.size > 0)).toEqual([false, false, true]);
  });

  test("that nothing else matches is alerted on with its distance from the user's home, of which the rules need none", async () => {
    const groups = memoryGroups();
    const { deliver, published } = world({ ...only(parts), groups, lookUp: answeringKeys(groups) });
    await deliver(sessionOf("start", 0));
    await deliver(tokenIn("token", 5));
    expect(published.map(({ geo }) => [geo.verdict, geo.nearestProfileLocation])).toEqual([["mismatch", lisbon]]);
    expect(published.map((alert) => attributesOf(alert).geoVerdict?.value)).toEqual(["mismatch"]);
  });

  test("that nothing else matches is alerted on where the profile store is down, and says so", async () => {
    let asked = 0;
    const lookUp: PipelinePorts["lookUp"] = (each, signal) => {
      asked += 1;
      return asked === 3 ? Promise.reject(new Error("down")) : answering(each, signal);
    };
    const groups = memoryGroups();
    const answering = answeringKeys(groups);
    const { deliver, published } = world({ ...only(parts), groups, lookUp });
    await deliver(sessionOf("start", 0));
    await deliver(tokenIn("token", 5));
    expect(published.map(({ geo }) => geo.reason)).toEqual([
      "The profile store could not be asked where this user is expected.",
    ]);
  });

  test("of rules that generate results of their own leaves these as they are", async () => {
    const { deliver, told } = world(only([proxiedStart, tokenCreated]), []);
    await deliver(sessionOf("start", 0));
    await deliver(tokenIn("token", 5));
    expect(told()).toEqual([
      ["start", [proxiedStart.id]],
      ["token", [chain.id, tokenCreated.id]],
    ]);
  });

  test("finds the events before it in the same delivery, in whatever order they come, with one write for a group", async () => {
    const { deliver, told, writes } = world(only(parts));
    await deliver(tokenIn("token", 5), sessionOf("other", 1, "s2"), sessionOf("start", 0));
    expect(told()).toEqual([["token", [chain.id]]]);
    expect(writes).toHaveLength(2);
  });

  test("fires for one group alone", async () => {
    const { deliver, told } = world(only(parts));
    await deliver(sessionOf("start", 0, "s1"));
    await deliver(tokenIn("token", 5, "s2"));
    expect(told()).toEqual([]);
  });

  test("takes no part of a test event", async () => {
    const { ports, writes, asked } = world(only(parts));
    const events = [logEvent({ ...sessionOf("start", 0), ...testMark })];
    await processDelivery({ id: "d", org: null, eventHookId: null, events, malformed: [] }, ports, unhurried());
    expect(asked.map(({ groups }) => groups?.size)).toEqual([0]);
    expect(writes).toEqual([]);
  });
});

describe("an event that only feeds correlations", () => {
  test("reads its groups and nothing else, claims nothing, and is done", async () => {
    const { deliver, asked, claims, queue, observed } = world(only(parts));
    expect(await deliver(sessionOf("start", 0))).toMatchObject({ observed: 1, parked: 0 });
    expect(observed.map(({ kind }) => kind)).toEqual(["observed"]);
    const [{ keys, users, incidents, groups = new Set() } = { keys: null, users: null, incidents: null }] = asked;
    expect([keys, users, incidents].map((each) => each?.size)).toEqual([0, 0, 0]);
    expect(groups.size).toBe(1);
    expect([claims.records.size, queue]).toEqual([0, []]);
  });

  test("that would continue a chain, and is an everyday one, is read, and not written, until the chain has started", async () => {
    const [opened] = correlationsOf(`
title: App Opened by a Session Through a Proxy
id: 00000000-0000-4000-8000-000000000075
correlation:
  type: temporal_ordered
  rules: [proxied_start, app_opened]
  group-by: [authenticationContext.rootSessionId]
  timespan: 24h
level: high
`) as [Correlation];
    const rules = chainRules.filter(({ name }) => name === "proxied_start" || name === "app_opened");
    const silent = new Set(rules.map(({ id }) => id));
    const { deliver, writes, told } = world({
      ...only(rules),
      correlations: { plan: planCorrelations([opened]), silent },
    });
    const app = (uuid: string, minutes: number) =>
      ({ ...sessionOf(uuid, minutes), eventType: "user.authentication.sso" }) as Json;
    await deliver(app("too early", 0));
    expect(writes).toEqual([]);
    await deliver(sessionOf("start", 1));
    await deliver(app("app", 2));
    await deliver(app("a day later", 24 * 60 + 5));
    expect(writes).toHaveLength(2);
    expect(told()).toEqual([["app", [opened.id]]]);
  });

  test.each([
    [
      "before the start of its chain",
      async (first: () => unknown, then: () => unknown) => [await first(), await then()],
    ],
    ["at the same moment as that", (first: () => unknown, then: () => unknown) => Promise.all([first(), then()])],
  ])("that is an act, and comes %s, completes the chain", async (_, inTurn) => {
    const { deliver, told } = world(only(parts));
    await inTurn(
      () => deliver(tokenIn("token", 5)),
      () => deliver(sessionOf("start", 0)),
    );
    expect(told().map(([, ids]) => ids)).toEqual([[chain.id]]);
  });

  test("comes before the start of its chain, and is alerted on by a rule of its own, is found by the start", async () => {
    const { deliver, told, published } = world();
    await deliver(tokenIn("token", 5));
    await deliver(sessionOf("start", 0));
    expect(told()).toEqual([
      ["token", [anyToken.id]],
      ["start", [chain.id]],
    ]);
    const events = published[1]?.detections[0]?.correlation?.events ?? [];
    expect(events.map(({ eventUuid }) => eventUuid)).toEqual(["start", "token"]);
  });

  test("and has no value to be grouped by takes no part, and is counted", async () => {
    const { deliver, observed, writes } = world(only(parts));
    const none = { ...sessionOf("start", 0), authenticationContext: { externalSessionId: "x" } };
    expect(await deliver(none, { ...none, uuid: "second" })).toMatchObject({ observed: 2 });
    expect(observed.filter(({ kind }) => kind === "withoutGroup")).toMatchObject([
      { count: 2, subject: { ruleIds: [chain.id] } },
    ]);
    expect(writes).toEqual([]);
  });
});

test("an event that comes after four later timespans takes no part, and is counted", async () => {
  const { deliver, observed } = world(only(parts));
  for (const minutes of [0, 20, 40, 60, 80]) await deliver(failure(`f${minutes}`, minutes));
  await deliver(failure("late", 1));
  expect(observed.filter(({ kind }) => kind === "tooLateForGroup")).toMatchObject([
    { count: 1, subject: { ruleIds: [count.id], events: [{ uuid: "late" }] } },
  ]);
});

describe("a correlation that a release changes", () => {
  const withChain = (timespan: string, rules: string) =>
    correlationsOf(`
title: API Token Created by a Session Through a Proxy
id: 00000000-0000-4000-8000-000000000071
correlation:
  type: temporal_ordered
  rules: [${rules}]
  group-by: [authenticationContext.rootSessionId]
  timespan: ${timespan}
level: critical
`);
  const running = (correlations: readonly Correlation[]) => ({
    correlations: { plan: planCorrelations(correlations), silent: new Set(parts.map(({ id }) => id)) },
  });

  test("in its timespan finds events, though spans of another length are kept of the group", async () => {
    const before = world({ ...only(parts), ...running(withChain("10m", "proxied_start, token_created")) });
    for (const hours of [0, 1, 2, 3, 4]) await before.deliver(sessionOf(`start ${hours}`, hours * 60));
    const { groups } = before.ports;
    const lookUp: PipelinePorts["lookUp"] = async (each) => ({
      ...findings(new Map()),
      groups: before.groups.find(each.groups ?? []),
    });
    const after = world({
      ...only(parts),
      ...running(withChain("24h", "proxied_start, token_created")),
      groups,
      lookUp,
    });
    await after.deliver(sessionOf("start", 5 * 60), tokenIn("token", 5 * 60 + 1));
    expect(after.told()).toEqual([["token", [chain.id]]]);
  });

  test("in its rules takes no event for a match of another rule", async () => {
    const before = world({ ...only(parts), ...running(withChain("24h", "token_created, failed_start")) });
    await before.deliver(tokenIn("first token", 0));
    const { groups } = before.ports;
    const lookUp: PipelinePorts["lookUp"] = async (each) => ({
      ...findings(new Map()),
      groups: before.groups.find(each.groups ?? []),
    });
    const after = world({
      ...only(parts),
      ...running(withChain("24h", "proxied_start, token_created")),
      groups,
      lookUp,
    });
    await after.deliver(tokenIn("second token", 1));
    expect(after.told()).toEqual([]);
  });
});

describe("an event that comes again", () => {
  test("completes nothing anew, and alerts once", async () => {
    const { deliver, told, writes } = world(only(parts));
    await deliver(sessionOf("start", 0));
    await deliver(tokenIn("token", 5));
    await deliver(sessionOf("start", 0));
    expect(await deliver(tokenIn("token", 5))).toMatchObject({ duplicate: 1, published: 0, parked: 0 });
    expect(told()).toHaveLength(1);
    expect(writes).toHaveLength(2);
  });

  test("after its function was stopped between the group's write and the alert is alerted on", async () => {
    const { deliver, told, ports } = world(only(parts));
    await deliver(sessionOf("start", 0));
    const stopped = {
      ...ports,
      publish: () => new Promise<void>(() => {}),
      claims: { ...ports.claims, complete: async () => {} },
    };
    const events = [logEvent(tokenIn("token", 5))];
    void processDelivery({ id: "d", org: null, eventHookId: null, events, malformed: [] }, stopped, unhurried());
    await new Promise((resolve) => setTimeout(resolve, 20));
    // Its claim expires.
    const claims = memoryClaims();
    await processDelivery(
      { id: "d", org: null, eventHookId: null, events, malformed: [] },
      { ...ports, claims },
      unhurried(),
    );
    expect(told()).toEqual([["token", [chain.id]]]);
  });

  test("and completes a correlation that it did not when it was alerted on leaves that to a follow-up, once", async () => {
    const { deliver, redrive, told, queue, ports } = world();
    // No correlation runs yet.
    const token = { id: "d", org: null, eventHookId: null, events: [logEvent(tokenIn("token", 5))], malformed: [] };
    await processDelivery(token, { ...ports, rules: ruleSet([anyToken]), correlations: null }, unhurried());
    await deliver(sessionOf("start", 0));
    expect(told()).toEqual([["token", [anyToken.id]]]);
    // As reconciliation brings it.
    expect(await deliver(tokenIn("token", 5))).toMatchObject({ duplicate: 1, parked: 1 });
    await redrive();
    await deliver(tokenIn("token", 5));
    await redrive();
    expect(told()).toEqual([
      ["token", [anyToken.id]],
      ["token", [chain.id]],
    ]);
    expect(queue).toEqual([]);
  });
});

describe("where a store does not answer", () => {
  const down = new Error("down");
  const unread: Partial<PipelinePorts> = {
    lookUp: async () => ({ ...findings(new Map()), states: null, groups: null, statesError: down }),
  };
  const unwritten = (groups: GroupStore): Partial<PipelinePorts> => ({
    groups: { ...groups, write: () => Promise.reject(down) },
  });

  test.each(["read", "written"])(
    "so that groups cannot be %s, other detections go out, and a follow-up decides the rest",
    async (what) => {
      const { deliver, redrive, told, ports, queue } = world();
      await deliver(sessionOf("start", 0));
      const broken = what === "read" ? unread : unwritten(ports.groups);
      const events = [logEvent(tokenIn("token", 5))];
      const report = await processDelivery(
        { id: "d", org: null, eventHookId: null, events, malformed: [] },
        { ...ports, ...broken },
        unhurried(),
      );
      expect(report).toMatchObject({ published: 1, parked: 1 });
      expect(told()).toEqual([["token", [anyToken.id]]]);
      expect(queue.map((body) => readWork(body))).toMatchObject([
        { followUp: true, rules: [chain.id], waiting: { reason: delayReasons.correlationUndecided } },
      ]);
      await redrive();
      expect(told().slice(1)).toEqual([["token", [chain.id]]]);
      expect(queue).toEqual([]);
    },
  );

  test("an event that only feeds correlations waits for them", async () => {
    const { deliver, redrive, told, ports, queue } = world(only(parts));
    const events = [logEvent(sessionOf("start", 0))];
    const report = await processDelivery(
      { id: "d", org: null, eventHookId: null, events, malformed: [] },
      { ...ports, ...unread },
      unhurried(),
    );
    expect(report).toMatchObject({ published: 0, parked: 1, observed: 0 });
    expect(queue.map((body) => readWork(body))).toMatchObject([{ followUp: false, rules: [chain.id] }]);
    await redrive();
    await deliver(tokenIn("token", 5));
    expect(told()).toEqual([["token", [chain.id]]]);
  });

  test.each([
    ["in order", (bodies: string[]) => bodies],
    ["with the start last", (bodies: string[]) => bodies.toReversed()],
  ])("a chain of which all waits is found when it is tried again, %s", async (_, order) => {
    const { redrive, told, ports, queue } = world(only(parts));
    for (const each of [sessionOf("start", 0), tokenIn("token", 5)]) {
      const delivery = { id: "d", org: null, eventHookId: null, events: [logEvent(each)], malformed: [] };
      await processDelivery(delivery, { ...ports, ...unread }, unhurried());
    }
    queue.splice(0, 2, ...order([...queue]));
    await redrive();
    expect(told().flatMap(([, ids]) => ids)).toEqual([chain.id]);
  });

  test("an attempt in the storm of its source leaves its correlations to a follow-up, which counts it", async () => {
    const { deliver, redrive, told, ports, queue } = world({ ...only([failedStart]), stormAfter: 1 }, []);
    await deliver(failure("f1", 0));
    await deliver(failure("f2", 1));
    queue.splice(0);
    const events = [logEvent(failure("f3", 2))];
    const blind = { ...ports, ...unwritten(ports.groups) };
    const delivery = { id: "d", org: null, eventHookId: null, events, malformed: [] };
    expect(await processDelivery(delivery, blind, unhurried())).toMatchObject({ inStorm: 1, parked: 1 });
    expect(queue.map((body) => readWork(body)).filter(({ storm }) => !storm)).toMatchObject([
      { followUp: true, rules: [count.id], waiting: { reason: delayReasons.correlationUndecided } },
    ]);
    // A function that was stopped before it parked the follow-up leaves it to the event's next delivery.
    queue.splice(0);
    expect(await deliver(failure("f3", 2))).toMatchObject({ duplicate: 1, parked: 1 });
    await redrive();
    expect(told()).toEqual([
      ["f1", [failedStart.id]],
      ["f3", [count.id]],
    ]);
  });

  test("a group that others change again and again is decided later", async () => {
    const { ports, queue } = world(only(parts));
    const other = { ...missingGroup, version: 1 };
    const busy = { ...ports, groups: { ...ports.groups, write: async () => other } };
    const events = [logEvent(sessionOf("start", 0))];
    await processDelivery({ id: "d", org: null, eventHookId: null, events, malformed: [] }, busy, unhurried());
    expect(queue.map((body) => readWork(body).waiting?.reason)).toEqual([delayReasons.groupBusy]);
  });

  test("an alert that waits keeps what fired, though its group has forgotten it meanwhile", async () => {
    const { deliver, redrive, told, ports, queue, published } = world(only(parts));
    await deliver(sessionOf("start", 0));
    const events = [logEvent(tokenIn("token", 5))];
    const noTopic = { ...ports, publish: () => Promise.reject(down) };
    await processDelivery({ id: "d", org: null, eventHookId: null, events, malformed: [] }, noTopic, unhurried());
    expect(queue).toHaveLength(1);
    const forgotten = memoryGroups();
    await redrive({ groups: forgotten, lookUp: async () => findings(new Map()) });
    expect(told()).toEqual([["token", [chain.id]]]);
    expect(published[0]?.detections[0]?.correlation?.events.map(({ eventUuid }) => eventUuid)).toEqual([
      "start",
      "token",
    ]);
  });
});

describe("what completes a correlation is never suppressed", () => {
  test("by the window of an earlier alert", async () => {
    const [two] = correlationsOf(`
title: Two Sessions
id: 00000000-0000-4000-8000-000000000074
correlation:
  type: event_count
  rules: [proxied_start]
  group-by: [actor.id]
  timespan: 10m
  condition: { gte: 2 }
level: high
`) as [Correlation];
    const { deliver, told } = world(
      {
        ...only([proxiedStart]),
        suppressMinutes: 60,
        correlations: { plan: planCorrelations([two]), silent: new Set() },
      },
      [],
    );
    await deliver(sessionOf("first", 0));
    await deliver(sessionOf("second", 1));
    expect(told()).toEqual([
      ["first", [proxiedStart.id]],
      ["second", [two.id, proxiedStart.id].sort((a) => (a === two.id ? -1 : 1))],
    ]);
    // The next timespan's firing of the same group is news, too; the session beside it is not.
    await deliver(sessionOf("third", 12));
    await deliver(sessionOf("fourth", 13));
    expect(told().slice(2)).toEqual([["fourth", [two.id, proxiedStart.id]]]);
  });

  test("among the sign-ins of many persons", async () => {
    const [three] = correlationsOf(`
title: Three Sessions
id: 00000000-0000-4000-8000-000000000075
correlation:
  type: event_count
  rules: [proxied_start]
  group-by: [eventType]
  timespan: 10m
  condition: { gte: 3 }
level: high
`) as [Correlation];
    const { deliver, told } = world(
      {
        ...only([proxiedStart]),
        sourceAlertsPerHour: 1,
        correlations: { plan: planCorrelations([three]), silent: new Set() },
      },
      [],
    );
    const of = (uuid: string, minutes: number) => ({
      ...sessionOf(uuid, minutes),
      actor: { id: `00u${uuid}`, type: "User", alternateId: `${uuid}@example.com`, displayName: null },
    });
    const results = [];
    for (const [index, uuid] of ["ada", "grace", "linus"].entries()) results.push(await deliver(of(uuid, index)));
    expect(results.map(({ gathered }) => gathered)).toEqual([0, 1, 0]);
    expect(told().map(([uuid]) => uuid)).toEqual(["ada", "linus"]);
  });

  test("nor lowered as an attempt that failed, or came through iCloud Private Relay, is by itself", async () => {
    const severityAdjustments = await compileAdjustments(await loadSeverity("detections/severity.yml"));
    const { deliver, published } = world({ ...only([failedStart]), severityAdjustments }, []);
    const relay = { type: "Proxy", operator: "APPLE_ICLOUD_RELAY_PROXY", isAnonymous: true };
    const securityContext = { isProxy: true, asNumber: 64_500, ipDetails: { ipServiceCategories: [relay] } };
    for (const [index, uuid] of ["f1", "f2", "f3"].entries())
      await deliver({ ...failure(uuid, index), securityContext });
    expect(published.map(({ severity }) => severity)).toEqual(["informational", "informational", "high"]);
  });

  test("in the storm of its source", async () => {
    const { deliver, told, published } = world({ ...only([failedStart]), stormAfter: 1 }, []);
    const failures = ["f1", "f2", "f3", "f4"].map((uuid, index) => failure(uuid, index));
    const results = [];
    for (const each of failures) results.push(await deliver(each));
    expect(results.map(({ inStorm }) => inStorm)).toEqual([0, 1, 0, 1]);
    expect(told()).toEqual([
      ["f1", [failedStart.id]],
      ["f3", [count.id, failedStart.id]],
    ]);
    // It is an attempt of the storm, and no success in it.
    expect(published.map(({ storm }) => storm)).toEqual([null, null]);
  });
});

test("an event that is cut to fit a message keeps what its correlations group by", async () => {
  const [onDevice] = correlationsOf(`
title: API Token Created on a Device Behind a Proxy
id: 00000000-0000-4000-8000-000000000076
correlation:
  type: temporal_ordered
  rules: [proxied_start, token_created]
  group-by: [debugContext.debugData.dtHash]
  timespan: 24h
level: critical
`) as [Correlation];
  const silent = new Set(parts.map(({ id }) => id));
  const { deliver, redrive, told, queue, groups, ports } = world({
    ...only(parts),
    correlations: { plan: planCorrelations([onDevice]), silent },
  });
  const dtHash = "d".repeat(64);
  await deliver({ ...sessionOf("start", 0), debugContext: { debugData: { dtHash } } });
  // An event over SQS's limit keeps the fifty smallest parts of an object.
  const details = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`detail${index}`, "x"]));
  const debugData = { ...details, dtHash, long: "n".repeat(1_200_000) };
  const large = { ...tokenIn("token", 5), debugContext: { debugData } };
  const down = { ...ports, groups: { ...groups, write: () => Promise.reject(new Error("down")) } };
  const delivery = { id: "d", org: null, eventHookId: null, events: [logEvent(large)], malformed: [] };
  expect(await processDelivery(delivery, down, unhurried())).toMatchObject({ parked: 1 });
  const { event, eventCut } = readWork(queue[0] ?? "");
  expect(eventCut).toContain("debugContext");
  expect(JSON.stringify(event.received)).not.toContain(dtHash);
  await redrive();
  expect(told()).toEqual([["token", [onDevice.id]]]);
});

describe("what an exception covers", () => {
  const covered: Exception = {
    id: "exception-1",
    scope: { asNumber: 64_500, detections: [chain.id] },
    by: "eve@example.com",
    reason: "the company's own VPN",
    createdAt: at(-60),
    until: at(24 * 60),
    noticedAt: null,
  };
  const from = (asNumber: number, event: Json): Json => ({ ...event, securityContext: { isProxy: true, asNumber } });
  function excepting(overrides: Partial<PipelinePorts> = {}) {
    const groups = memoryGroups();
    const lookUp: PipelinePorts["lookUp"] = async (asked) => ({
      ...findings(new Map(), [covered]),
      groups: groups.find(asked.groups ?? []),
    });
    return world({ ...only(parts), groups, lookUp, ...overrides });
  }

  test("silences no group: the next act of the session, from elsewhere, is alerted on, and a later one is not", async () => {
    const { deliver, told } = excepting();
    await deliver(from(64_500, sessionOf("start", 0)));
    expect(await deliver(from(64_500, tokenIn("token of the user", 5)))).toMatchObject({ excepted: 1 });
    expect(await deliver(from(64_500, tokenIn("token of the user", 5)))).toMatchObject({ observed: 1 });
    await deliver(from(64_511, tokenIn("token of a thief", 10)));
    await deliver(from(64_511, tokenIn("another of the thief", 15)));
    expect(told()).toEqual([["token of a thief", [chain.id]]]);
  });

  test("is no correlation where it names none, though a sign-in completes the chain as its events come in another order", async () => {
    const vpn: Exception = { ...covered, scope: { asNumber: 64_500 } };
    const groups = memoryGroups();
    const lookUp: PipelinePorts["lookUp"] = async (asked) => ({
      ...findings(new Map(), [vpn]),
      groups: groups.find(asked.groups ?? []),
    });
    const { deliver, told } = world({ groups, lookUp }, [tokenCreated, failedStart]);
    await deliver(tokenIn("token", 5));
    expect(await deliver(sessionOf("start", 0))).toMatchObject({ published: 1, excepted: 0 });
    expect(await deliver(sessionOf("of another session", 6, "s2"))).toMatchObject({ published: 0, excepted: 1 });
    expect(told()).toEqual([
      ["token", [anyToken.id]],
      ["start", [chain.id]],
    ]);
  });

  test("of one person is excepted where no rule of its own asks for that person", async () => {
    const groups = memoryGroups();
    const ofPerson: Exception = { ...covered, scope: { user: userKey, detections: [chain.id] } };
    const lookUp = answeringKeys(groups, [ofPerson]);
    const { deliver, told } = world({ ...only(parts), groups, lookUp });
    await deliver(sessionOf("start", 0));
    expect(await deliver(tokenIn("token", 5))).toMatchObject({ excepted: 1, published: 0 });
    expect(told()).toEqual([]);
  });

  test("is taken back by a follow-up where the group cannot be written", async () => {
    const { deliver, redrive, told, ports, queue } = excepting();
    await deliver(from(64_500, sessionOf("start", 0)));
    let writes = 0;
    const once: GroupStore = {
      ...ports.groups,
      write: (key, change, signal) => {
        writes += 1;
        return writes === 1 ? ports.groups.write(key, change, signal) : Promise.reject(new Error("down"));
      },
    };
    const events = [logEvent(from(64_500, tokenIn("token", 5)))];
    const delivery = { id: "d", org: null, eventHookId: null, events, malformed: [] };
    const report = await processDelivery(delivery, { ...ports, groups: once }, unhurried());
    expect([report.excepted, report.parked, writes, told()]).toEqual([1, 1, 2, []]);
    await redrive();
    expect([told(), queue]).toEqual([[], []]);
    await deliver(from(64_501, tokenIn("another", 6)));
    expect(told()).toEqual([["another", [chain.id]]]);
  });
});
