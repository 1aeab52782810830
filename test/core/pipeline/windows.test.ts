import { expect, test, vi } from "vitest";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import type { Exception } from "../../../lambda/core/exceptions/exception.ts";
import type { Observation } from "../../../lambda/core/pipeline/observation.ts";
import type { ParkedWork, PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import type { Work } from "../../../lambda/core/pipeline/work.ts";
import { startBudget } from "../../../lambda/core/time/budget.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../../fixtures/memory.ts";
import { lisbon } from "../../fixtures/places.ts";
import { proxied, rule, ruleSet } from "../../fixtures/rules.ts";
import { unhurried } from "../../fixtures/timing.ts";

/* The window of a session is opened while its event is claimed, before it is known what its alert says, or whether there is one. */

const far = rule("medium", "00000000-0000-4000-8000-000000000002", { "enrichment.geo.mismatch": true });

/** A pipeline that suppresses for an hour, on a store of users in memory, with a clock that is set by hand. */
function world(exceptions: readonly Exception[] = [], overrides: Partial<PipelinePorts> = {}) {
  const published: Alert[] = [];
  const observed: Observation[] = [];
  const claims = memoryClaims();
  let now = Date.parse("2026-11-24T09:30:03Z");
  const ports: PipelinePorts = memoryPorts({
    rules: ruleSet([proxied, far]),
    suppressMinutes: 60,
    lookUp: async ({ users }, signal) => {
      const read = [...users].map(async (user) => [user, await ports.userStates.read(user, signal)] as const);
      return findings(new Map([["00u1lisbon", [lisbon]]]), exceptions, new Map(await Promise.all(read)));
    },
    claims,
    publish: async (alert) => void published.push(alert),
    now: () => new Date(now),
    observe: (observation) => observed.push(observation),
    ...overrides,
  });
  const deliver = (uuid: string, event: Json = {}) =>
    processDelivery(
      { id: null, org: null, eventHookId: null, events: [logEvent({ uuid, ...event })], malformed: [] },
      ports,
      startBudget({ work: 60_000, parking: 60_000 }),
    );
  const pass = (minutes: number) => {
    now += minutes * 60_000;
  };
  return { deliver, pass, published, observed, claims, ports };
}

test("a rule that the location decides belongs to the window: a further session that it matches is suppressed", async () => {
  const { deliver, published } = world();
  expect(await deliver("first")).toMatchObject({ published: 1 });
  expect(published[0]?.detections.map(({ id }) => id)).toEqual([proxied.id, far.id]);
  expect(await deliver("second")).toMatchObject({ published: 0, grouped: 1 });
  expect(await deliver("third")).toMatchObject({ published: 0, grouped: 1 });
});

test("follow-ups about two sessions that are the same news are both alerted on: none has a window", async () => {
  const { published, ports } = world();
  for (const uuid of ["first", "second"]) {
    const delivery = { id: null, org: null, eventHookId: null };
    const work: Work = { event: logEvent({ uuid }), delivery, rules: [far.id], followUp: true, waiting: null };
    await retryWork(work, ports, unhurried());
  }
  expect(published.map(({ okta, followUp }) => [okta.eventUuid, followUp])).toEqual([
    ["first", true],
    ["second", true],
  ]);
});

test("a session that is suppressed is observed as such, its claim says so, and it is remembered once", async () => {
  const { deliver, pass, published, observed, claims } = world();
  await deliver("first");
  await deliver("second");
  expect(observed.at(-1)).toMatchObject({ kind: "suppressed", subject: { ruleIds: [proxied.id, far.id] } });
  expect(claims.records.get("second")).toEqual({ outcome: "suppressed", undecided: [], exceptions: [] });
  pass(61);
  await deliver("third");
  expect(published.at(-1)?.history?.sessionsIn30Days).toBe(2);
});

test("an excepted session leaves no window open: one that no exception covers is alerted on at once", async () => {
  const scope = { cidr: "203.0.113.77/32" };
  const [createdAt, until] = ["2026-11-01T00:00:00.000Z", "2026-12-24T00:00:00.000Z"];
  const vpn = { id: "vpn", scope, by: "grace", reason: "known", createdAt, until, noticedAt: null };
  const { deliver } = world([vpn]);
  expect(await deliver("first")).toMatchObject({ excepted: 1 });
  const client = { ipAddress: "203.0.113.78", geographicalContext: { country: "Canada" } };
  expect(await deliver("second", { client })).toMatchObject({ published: 1, grouped: 0, parked: 0 });
});

test("a repeated delivery leaves no window open: the user's next session is alerted on at once", async () => {
  const { deliver, pass } = world();
  await deliver("first");
  pass(61);
  expect(await deliver("first")).toMatchObject({ duplicate: 1 });
  expect(await deliver("second")).toMatchObject({ published: 1, parked: 0 });
});

test("a session whose report cannot be parked is alerted on: nothing else might tell of it", async () => {
  const parkWork = () => Promise.reject(new Error("the queue is down"));
  const { deliver, published, observed } = world([], { parkWork });
  await deliver("first");
  expect(await deliver("second")).toMatchObject({ published: 1, grouped: 0, parked: 0, failed: 0 });
  expect(published.map(({ okta }) => okta.eventUuid)).toEqual(["first", "second"]);
  expect(observed.map(({ kind }) => kind)).toContain("reportLost");
});

test("a function that stops after it suppressed a session, and before it parked the report, parks it when it is tried again", async () => {
  const reports: ParkedWork[] = [];
  let isStopped = true;
  const { deliver, pass, published, claims, ports } = world([], {
    parkWork: (parked) => {
      if (isStopped) return new Promise(() => {});
      reports.push(...parked);
      return Promise.resolve();
    },
  });
  await deliver("first");
  void deliver("second");
  await vi.waitUntil(() => claims.records.get("second") === null);
  await new Promise((resolve) => setImmediate(resolve));
  isStopped = false;
  // The claim of the stopped function expires.
  claims.records.delete("second");
  expect(await deliver("second")).toMatchObject({ grouped: 1 });
  expect(reports).toHaveLength(1);
  pass(61);
  await retryWork(reports[0]?.work as Work, ports, unhurried());
  expect(published).toContainEqual(expect.objectContaining({ followUp: true, severity: "informational" }));
});
