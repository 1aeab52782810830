import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryStates } from "../../cli/backtest/memory.ts";
import type { Alert } from "../../lambda/core/alerts/alert-schema.ts";
import type { Exception } from "../../lambda/core/exceptions/exception.ts";
import { unreported } from "../../lambda/core/history/suppression-window.ts";
import type { ParkedWork, PipelinePorts } from "../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../lambda/core/pipeline/retry-work.ts";
import { readWork, type Work, writeWork } from "../../lambda/core/pipeline/work.ts";
import type { Budget } from "../../lambda/core/time/budget.ts";
import { logEvent } from "../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../fixtures/memory.ts";
import { lisbon } from "../fixtures/places.ts";
import { proxied, rule, ruleSet } from "../fixtures/rules.ts";
import { runs } from "../fixtures/runs.ts";
import { unhurried } from "../fixtures/timing.ts";

/*
 * Random interleavings of deliveries, repeated deliveries, retries, crashes, faults and recoveries, against what has to
 * hold whatever happens: an accepted event is alerted on, or waits. The world around the pipeline is in memory here, so
 * that thousands of sequences can be tried; fault-table.ts and load.test.ts do the same against real protocols.
 */

const far = rule("medium", "00000000-0000-4000-8000-000000000002", {
  "securityContext.isProxy": true,
  "enrichment.geo.mismatch": true,
});
const rules = ruleSet([proxied, far]);

type Part = "profiles" | "claims" | "publish" | "parkWork";
const parts: readonly Part[] = ["profiles", "claims", "publish", "parkWork"];

/** The world outside, parts of which may be broken. */
class Outside {
  readonly broken = new Set<Part>();
  readonly accepted = new Set<string>();
  readonly published: Alert[] = [];
  queue: string[] = [];
  /** Events whose alert went out without a record: these may come again. */
  readonly mayRepeat = new Set<string>();
  readonly claims = memoryClaims();

  check(part: Part): void {
    if (this.broken.has(part)) throw new Error(`${part} is down`);
  }

  get ports(): PipelinePorts {
    const { claims } = this;
    return memoryPorts({
      rules,
      lookUp: async () => {
        this.check("profiles");
        return findings(new Map([["00u1lisbon", [lisbon]]]));
      },
      claims: {
        claim: async (key, options, signal) => {
          this.check("claims");
          return claims.claim(key, options, signal);
        },
        complete: async (key, end, signal) => {
          this.check("claims");
          return claims.complete(key, end, signal);
        },
        release: async (key, unconfirmed, signal) => {
          this.check("claims");
          return claims.release(key, unconfirmed, signal);
        },
        find: claims.find,
      },
      publish: async (alert) => {
        this.check("publish");
        this.published.push(alert);
        // Without claims, no function knows of this alert.
        if (this.broken.has("claims")) this.mayRepeat.add(alert.okta.eventUuid);
      },
      parkWork: async (work: readonly ParkedWork[]) => {
        this.check("parkWork");
        this.queue.push(...work.map((each) => writeWork(each.work, new Date(0))));
      },
    });
  }
}

const budget = (): Budget => unhurried();

async function deliver(outside: Outside, uuids: readonly string[]): Promise<void> {
  const events = uuids.map((uuid) => logEvent({ uuid }));
  const delivery = { id: "d", org: null, eventHookId: null, events, malformed: [] };
  const { failed } = await processDelivery(delivery, outside.ports, budget());
  if (failed === 0) for (const uuid of uuids) outside.accepted.add(uuid);
}

/** Gives every piece of waiting work one try. */
async function redrive(outside: Outside): Promise<void> {
  const waiting = outside.queue;
  outside.queue = [];
  for (const body of waiting) {
    const work: Work = readWork(body);
    try {
      await retryWork(work, outside.ports, budget());
    } catch {
      outside.queue.push(body);
    }
  }
}

/** Claims of stopped functions expire. */
function expireClaims(outside: Outside): void {
  const { records } = outside.claims;
  for (const [key, end] of records) if (end === null) records.delete(key);
}

/** Stopped between publishing and recording: the alert is out, and the claim stands until it expires. */
async function crash(outside: Outside, uuid: string): Promise<void> {
  if (outside.broken.has("publish") || outside.broken.has("claims") || outside.claims.records.has(uuid)) return;
  const ports = outside.ports;
  const stopped = new Error("stopped");
  const dying = { ...ports, claims: { ...ports.claims, complete: () => Promise.reject(stopped) } };
  const events = [logEvent({ uuid })];
  // It published, and its answer was lost.
  await processDelivery({ id: "d", org: null, eventHookId: null, events, malformed: [] }, dying, budget());
  outside.mayRepeat.add(uuid);
}

const uuid = fc.constantFrom(..."abcdef");
const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(uuid, { minLength: 1, maxLength: 3 }).map((uuids) => ({ kind: "deliver", uuids }) as const),
  },
  { weight: 3, arbitrary: fc.constantFrom(...parts).map((part) => ({ kind: "break", part }) as const) },
  { weight: 3, arbitrary: fc.constantFrom(...parts).map((part) => ({ kind: "mend", part }) as const) },
  { weight: 2, arbitrary: fc.constant({ kind: "redrive" } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: "expire" } as const) },
  { weight: 1, arbitrary: uuid.map((each) => ({ kind: "crash", uuid: each }) as const) },
);

test("in whatever order things are delivered, repeated, broken and mended, nothing accepted is lost, and nothing doubled but where it has to be", async () => {
  let followUps = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 25 }), async (commands) => {
      const outside = new Outside();
      for (const each of commands) {
        if (each.kind === "deliver") await deliver(outside, [...new Set(each.uuids)]);
        else if (each.kind === "break") outside.broken.add(each.part);
        else if (each.kind === "mend") outside.broken.delete(each.part);
        else if (each.kind === "redrive") await redrive(outside);
        else if (each.kind === "expire") expireClaims(outside);
        else await crash(outside, each.uuid);
        // At every moment: an event that was accepted is alerted on, or waits.
        for (const accepted of outside.accepted) {
          const alerted = outside.published.some(({ okta }) => okta.eventUuid === accepted);
          expect(alerted || outside.queue.some((body) => readWork(body).event.uuid === accepted)).toBe(true);
        }
      }
      // All is mended in the end, and what waits is worked off.
      outside.broken.clear();
      for (let round = 0; round < 4; round += 1) {
        expireClaims(outside);
        await redrive(outside);
      }
      expect(outside.queue).toEqual([]);
      for (const accepted of outside.accepted) {
        const alerts = outside.published.filter(({ okta }) => okta.eventUuid === accepted);
        const ruleIds = alerts.flatMap(({ detections }) => detections.map(({ id }) => id));
        expect(new Set(ruleIds)).toEqual(new Set([proxied.id, far.id]));
        if (!outside.mayRepeat.has(accepted)) expect(ruleIds).toHaveLength(2);
        followUps += alerts.filter(({ followUp }) => followUp).length;
      }
    }),
    { numRuns: runs(600) },
  );
  // A model that never gets into trouble would prove little.
  expect(followUps).toBeGreaterThan(runs(40));
});

/*
 * The same with suppression: one user, whose every event may be suppressed. Every suppressed event is counted, and
 * reported by an alert, or left for the next; and an event is suppressed only behind an alert that went out, or waits.
 */
const known: Exception = {
  id: "known",
  scope: { operator: "KNOWN" },
  by: "test",
  reason: "known",
  createdAt: "2026-11-01T00:00:00.000Z",
  until: "2027-11-01T00:00:00.000Z",
  noticedAt: null,
};

test("under any faults, suppressed events stand behind an alert, and are reported once", async () => {
  const minutes = fc.constantFrom(0, 1, 30, 61).map((each) => ({ kind: "pass", minutes: each }) as const);
  const commands = fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc
          .record({
            count: fc.integer({ min: 1, max: 3 }),
            tor: fc.boolean(),
            gotIn: fc.boolean(),
            // Which of them an exception covers.
            known: fc.constantFrom("none", "first", "all"),
          })
          .map((each) => ({ kind: "deliver", ...each }) as const),
      },
      { weight: 2, arbitrary: fc.constant({ kind: "break" } as const) },
      { weight: 3, arbitrary: fc.constant({ kind: "mend" } as const) },
      { weight: 2, arbitrary: fc.constant({ kind: "redrive" } as const) },
      { weight: 3, arbitrary: minutes },
    ),
    { maxLength: 25 },
  );
  let suppressedInAll = 0;
  await fc.assert(
    fc.asyncProperty(commands, async (given) => {
      const userStates = memoryStates();
      const published: Alert[] = [];
      let queue: string[] = [];
      let now = Date.parse("2026-11-24T09:00:00Z");
      let broken = false;
      let delivered = 0;
      const outcomes = { alerted: 0, suppressed: 0, excepted: 0 };
      const ports = memoryPorts({
        rules: ruleSet([proxied]),
        userStates,
        suppressMinutes: 60,
        now: () => new Date(now),
        lookUp: async ({ users }) => {
          const states = new Map([...users].map((user) => [user, userStates.get(user)]));
          // Slower than the events that start beside it.
          for (let turn = 0; turn < 20; turn += 1) await null;
          return findings(new Map(), [known], states);
        },
        publish: async (alert) => {
          if (broken) throw new Error("SNS is down");
          published.push(alert);
        },
        parkWork: async (work) => void queue.push(...work.map((each) => writeWork(each.work, new Date(now)))),
        observe: ({ kind }) => {
          if (kind === "alertPublished") outcomes.alerted += 1;
          if (kind === "suppressed") outcomes.suppressed += 1;
          if (kind === "excepted") outcomes.excepted += 1;
        },
      });
      const retryAll = async () => {
        const waiting = queue;
        queue = [];
        for (const body of waiting) await retryWork(readWork(body), ports, budget()).catch(() => void queue.push(body));
      };
      for (const each of given) {
        if (each.kind === "break") broken = true;
        else if (each.kind === "mend") broken = false;
        else if (each.kind === "pass") now += each.minutes * 60_000;
        else if (each.kind === "redrive") await retryAll();
        else {
          const events = Array.from({ length: each.count }, (_, index) => {
            delivered += 1;
            const operator = each.known === "all" || (each.known === "first" && index === 0) ? "KNOWN" : null;
            const service = { ipServiceCategories: [{ type: each.tor ? "Tor" : "VPN", operator }] };
            return logEvent({
              uuid: `e${delivered}`,
              outcome: { result: each.gotIn ? "SUCCESS" : "FAILURE" },
              securityContext: { isProxy: true, asNumber: 64500, ipDetails: service },
            });
          });
          await processDelivery({ id: "d", org: null, eventHookId: null, events, malformed: [] }, ports, budget());
        }
        // At every moment: a suppressed event stands behind an alert that went out; an excepted session's window is
        // none.
        if (outcomes.suppressed > 0) expect(published.length).toBeGreaterThan(0);
      }
      broken = false;
      for (let round = 0; round < 4; round += 1) await retryAll();
      // Every event is alerted on, excepted or suppressed, once.
      expect(outcomes.alerted + outcomes.suppressed + outcomes.excepted).toBe(delivered);
      // After every window has ended, each suppressed event is reported, once: by the next alert, or by a report.
      now += 62 * 60_000;
      await retryAll();
      expect(queue).toEqual([]);
      const reported = published.reduce((sum, { heldBack }) => sum + (heldBack?.count ?? 0), 0);
      expect(reported).toBe(outcomes.suppressed);
      const { windows } = userStates.get("login#ada@example.com");
      expect([...windows.values()].map((each) => unreported(each).count).filter((count) => count > 0)).toEqual([]);
      if (delivered > outcomes.excepted) expect(published.length).toBeGreaterThan(0);
      suppressedInAll += outcomes.suppressed;
    }),
    { numRuns: runs(400) },
  );
  expect(suppressedInAll).toBeGreaterThan(runs(200));
});
