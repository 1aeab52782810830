import fc from "fast-check";
import { expect, test } from "vitest";
import type { Alert } from "../../lambda/alerts/alert.ts";
import { type Budget, startBudget } from "../../lambda/budget.ts";
import { type ParkedWork, type PipelinePorts, processDelivery, retryWork } from "../../lambda/pipeline.ts";
import { readWork, type Work, writeWork } from "../../lambda/retries/work.ts";
import { logEvent } from "../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../fixtures/memory.ts";
import { rule, ruleSet } from "../fixtures/rules.ts";

/*
 * Random interleavings of deliveries, repeated deliveries, retries, crashes, faults and recoveries, against what has to
 * hold whatever happens: an accepted event is alerted on, or waits. The world around the pipeline is in memory here, so
 * that thousands of sequences can be tried; fault-table.ts and load.test.ts do the same against real protocols.
 */

const proxied = rule("high", "00000000-0000-4000-8000-000000000001", { "securityContext.isProxy": true });
const far = rule("medium", "00000000-0000-4000-8000-000000000002", {
  "securityContext.isProxy": true,
  "enrichment.geo.mismatch": true,
});
const rules = ruleSet([proxied, far]);
const lisbon = {
  label: "home",
  countryCode: "PT",
  state: null,
  city: null,
  postalCode: null,
  latitude: 38.7,
  longitude: -9.1,
};

type Part = "profiles" | "claims" | "publish" | "parkWork";
const parts: readonly Part[] = ["profiles", "claims", "publish", "parkWork"];

/** The world outside, parts of which may be broken. */
class Outside {
  readonly broken = new Set<Part>();
  readonly accepted = new Set<string>();
  readonly published: Alert[] = [];
  queue: string[] = [];
  /** Events whose alert went out while nobody could know of it: these may come again. */
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
        claim: async (key, signal) => {
          this.check("claims");
          return claims.claim(key, signal);
        },
        complete: async (key, end, signal) => {
          this.check("claims");
          return claims.complete(key, end, signal);
        },
        release: async (key, signal) => {
          this.check("claims");
          return claims.release(key, signal);
        },
        find: claims.find,
      },
      publish: async (alert) => {
        this.check("publish");
        this.published.push(alert);
        // Without claims nobody knows of this alert.
        if (this.broken.has("claims")) this.mayRepeat.add(alert.okta.eventUuid);
      },
      parkWork: async (work: readonly ParkedWork[]) => {
        this.check("parkWork");
        this.queue.push(...work.map((each) => writeWork(each.work, new Date(0))));
      },
    });
  }
}

const budget = (): Budget => startBudget({ work: 60_000, parking: 60_000 });

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

/** Claims of whoever was stopped expire. */
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
  // It published, and answered nobody.
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
        const told = alerts.flatMap(({ detections }) => detections.map(({ id }) => id));
        expect(new Set(told)).toEqual(new Set([proxied.id, far.id]));
        if (!outside.mayRepeat.has(accepted)) expect(told).toHaveLength(2);
        followUps += alerts.filter(({ followUp }) => followUp).length;
      }
    }),
    { numRuns: 1_500 },
  );
  // A model that never gets into trouble would prove little.
  expect(followUps).toBeGreaterThan(100);
});
