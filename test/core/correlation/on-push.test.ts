import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createTopic } from "../../../lambda/adapters/aws/topic.ts";
import { createClaims } from "../../../lambda/adapters/tables/claims.ts";
import { createGroupStore } from "../../../lambda/adapters/tables/group-states.ts";
import { createIncidents } from "../../../lambda/adapters/tables/incidents.ts";
import { createLookUp } from "../../../lambda/adapters/tables/look-up.ts";
import { createUserStates } from "../../../lambda/adapters/tables/user-states.ts";
import { toMessage } from "../../../lambda/core/alerts/message.ts";
import { planCorrelations } from "../../../lambda/core/correlation/correlate.ts";
import type { PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { readWork, writeWork } from "../../../lambda/core/pipeline/work.ts";
import type { Correlation } from "../../../lambda/core/sigma/correlation.ts";
import { type AlertFeed, followAlerts } from "../../../local/alert-feed.ts";
import { type Emulators, startEmulators } from "../../../local/emulators.ts";
import { names } from "../../../local/resources.ts";
import { chainRules, correlationsOf } from "../../fixtures/chains.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { memoryPorts } from "../../fixtures/memory.ts";
import { ruleSet } from "../../fixtures/rules.ts";
import { patientClient, patientDynamodb, patientWatching, unhurried } from "../../fixtures/timing.ts";
import { stateKey } from "../history/world.ts";

/* Correlations with the stores and the topic that the functions use. */

let emulators: Emulators;
let feed: AlertFeed;
beforeAll(async () => {
  emulators = await startEmulators();
  Object.assign(process.env, emulators.environment);
  feed = followAlerts(
    emulators.alertQueueUrl,
    emulators.direct.messaging,
    () => {},
    () => {},
  );
});
afterEach(() => emulators.faults.dynamodb.set(null));
afterAll(async () => {
  await feed.stop();
  await emulators.stop();
});

const [token, factors, many] = correlationsOf(
  `
title: API Token Created by a Session Through a Proxy
id: 00000000-0000-4000-8000-000000000081
correlation:
  type: temporal_ordered
  rules: [proxied_start, token_created]
  group-by: [authenticationContext.rootSessionId]
  timespan: 24h
level: critical
`,
  `
title: Factors Reset by a Session Through a Proxy
id: 00000000-0000-4000-8000-000000000082
correlation:
  type: temporal_ordered
  rules: [proxied_start, factors_reset]
  group-by: [authenticationContext.rootSessionId]
  timespan: 24h
level: critical
`,
  `
title: Sign-Ins Failed
id: 00000000-0000-4000-8000-000000000083
correlation:
  type: event_count
  rules: [failed_start]
  group-by: [securityContext.asNumber]
  timespan: 10m
  condition: { gte: 20 }
level: high
`,
) as [Correlation, Correlation, Correlation];

/** One instance of a function, which parks work on `queue`. */
function instance(queue: string[], silent: ReadonlySet<string>): PipelinePorts {
  const dynamodb = patientDynamodb();
  const publish = createTopic(process.env.ALERT_TOPIC_ARN ?? "", { settings: patientClient });
  return memoryPorts({
    rules: ruleSet(chainRules),
    correlations: { plan: planCorrelations([token, factors, many]), silent },
    lookUp: createLookUp(names.profileTable, names.stateTable, stateKey, dynamodb, patientWatching),
    claims: createClaims(names.stateTable, dynamodb),
    groups: createGroupStore(names.stateTable, stateKey, dynamodb),
    userStates: createUserStates(names.stateTable, stateKey, dynamodb),
    incidents: createIncidents(names.stateTable, stateKey, dynamodb),
    publish: (alert, signal) => publish(toMessage(alert), signal),
    parkWork: async (work) => void queue.push(...work.map((each) => writeWork(each.work, new Date()))),
    now: () => new Date(),
  });
}

const everyPart = new Set(chainRules.map(({ id }) => id));
const deliver = (ports: PipelinePorts, ...events: readonly Json[]) =>
  processDelivery(
    { id: "d", org: null, eventHookId: null, events: events.map((each) => logEvent(each)), malformed: [] },
    ports,
    unhurried(),
  );
async function redrive(ports: PipelinePorts, queue: string[]): Promise<void> {
  for (let round = 0; round < 20 && queue.length > 0; round += 1) {
    for (const body of queue.splice(0)) {
      await retryWork(readWork(body), ports, unhurried()).catch(() => void queue.push(body));
    }
  }
}

const step = (session: string, eventType: string, minutes: number): Json => ({
  uuid: crypto.randomUUID(),
  eventType,
  published: new Date(Date.parse("2026-11-24T09:00:00Z") + minutes * 60_000).toISOString(),
  authenticationContext: { rootSessionId: session, externalSessionId: "x" },
});
const alertsAbout = (uuids: readonly unknown[]) =>
  feed.received.map(({ alert }) => alert).filter(({ okta }) => uuids.includes(okta.eventUuid));

test("an attack through a proxied session is alerted on act by act, in order, each with the start before it", async () => {
  const session = crypto.randomUUID();
  const start = step(session, "user.session.start", 0);
  const created = step(session, "system.api_token.create", 10);
  const reset = step(session, "user.mfa.factor.reset_all", 20);
  const queue: string[] = [];
  for (const each of [start, created, reset]) await deliver(instance(queue, everyPart), each);
  const uuids = [start, created, reset].map(({ uuid }) => uuid);
  await expect.poll(() => alertsAbout(uuids).length).toBe(2);
  expect(alertsAbout(uuids).map(({ severity, detections }) => [severity, detections.map(({ id }) => id)])).toEqual([
    ["critical", [token.id]],
    ["critical", [factors.id]],
  ]);
  const [first] = alertsAbout(uuids);
  expect(first?.detections[0]?.correlation).toMatchObject({
    groupBy: { "authenticationContext.rootSessionId": session },
    events: [{ eventUuid: start.uuid }, { eventUuid: created.uuid }],
  });
  // The group kept what the alert says of an event that is long gone.
  expect(first?.detections[0]?.correlation?.events[0]?.summary).toMatch(/^ada@example\.com started an Okta session/i);
  expect(queue).toEqual([]);
});

test("a count that many functions add to at once, each event twice, fires once", async () => {
  const queue: string[] = [];
  const asNumber = 64_000 + Math.floor(Date.now() % 1_000);
  const failures = Array.from({ length: 24 }, (_, index) => ({
    ...step("none", "user.session.start", index / 10),
    outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" },
    securityContext: { isProxy: false, asNumber },
  })) as Json[];
  const instances = Array.from({ length: 6 }, () => instance(queue, everyPart));
  const deliveries = [...failures, ...failures].map((event, index) => ({ event, ports: instances[index % 6] }));
  await Promise.all(deliveries.map(({ event, ports = instance(queue, everyPart) }) => deliver(ports, event)));
  await redrive(instance(queue, everyPart), queue);
  const uuids = failures.map(({ uuid }) => uuid);
  await expect.poll(() => alertsAbout(uuids).length).toBeGreaterThan(0);
  const correlations = alertsAbout(uuids).flatMap(({ detections }) =>
    detections.flatMap((each) => each.correlation ?? []),
  );
  expect(correlations).toHaveLength(1);
  expect(correlations[0]?.events.length).toBeGreaterThanOrEqual(20);
});

test("chains of one session that many functions take on at once, each event twice, fire once each, on one item", async () => {
  const session = crypto.randomUUID();
  const events = [
    step(session, "user.session.start", 0),
    step(session, "system.api_token.create", 10),
    step(session, "user.mfa.factor.reset_all", 20),
  ];
  const queue: string[] = [];
  const instances = Array.from({ length: 6 }, () => instance(queue, everyPart));
  await Promise.all(instances.map((ports, index) => deliver(ports, events[index % 3] ?? {})));
  await redrive(instance(queue, everyPart), queue);
  const uuids = events.map(({ uuid }) => uuid);
  await expect.poll(() => alertsAbout(uuids).length).toBe(2);
  const fired = alertsAbout(uuids).flatMap(({ detections }) => detections.map(({ id }) => id));
  expect(fired.sort()).toEqual([token.id, factors.id].sort());
  const store = createGroupStore(names.stateTable, stateKey, patientDynamodb());
  const key = JSON.stringify([session]);
  const group = (await store.read([key], AbortSignal.timeout(100_000))).get(key);
  expect(
    [...(group?.parts.values() ?? [])].map(({ state }) => state.slots.flatMap(({ entries }) => entries).length),
  ).toEqual([2, 2]);
});

test("while DynamoDB is down, an act of its own is alerted on at once, and what it completes by a follow-up", async () => {
  const session = crypto.randomUUID();
  const start = step(session, "user.session.start", 0);
  const created = step(session, "system.api_token.create", 10);
  const queue: string[] = [];
  const own = new Set<string>();
  await deliver(instance(queue, own), start);
  emulators.faults.dynamodb.set({ kind: "refuse" });
  expect(await deliver(instance(queue, own), created)).toMatchObject({ published: 1, parked: 1 });
  emulators.faults.dynamodb.set(null);
  await redrive(instance(queue, own), queue);
  await expect.poll(() => alertsAbout([created.uuid]).length).toBe(2);
  const tokenCreated = chainRules.find(({ name }) => name === "token_created")?.id;
  expect(
    alertsAbout([created.uuid]).map(({ followUp, detections }) => [followUp, detections.map(({ id }) => id)]),
  ).toEqual([
    [false, [tokenCreated]],
    [true, [token.id]],
  ]);
});
