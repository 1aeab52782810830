import fc from "fast-check";
import { expect, test } from "vitest";
import { memorySources, memoryStates } from "../../../cli/backtest/memory.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import type { LogEvent } from "../../../lambda/core/okta/log-event.ts";
import type { PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { readWork, writeWork } from "../../../lambda/core/pipeline/work.ts";
import type { Json } from "../../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../../fixtures/memory.ts";
import { proxied, ruleSet } from "../../fixtures/rules.ts";
import { runs } from "../../fixtures/runs.ts";
import { attemptBy, signIn } from "../../fixtures/storms.ts";
import { unhurried } from "../../fixtures/timing.ts";

/*
 * Random sign-ins of several persons from several sources, with a function that is stopped, or a call that fails, at any call, and a
 * queue that is down. Whatever happens, each sign-in is reported: singly, in a window, or in an alert about many; and no success waits
 * below the hourly limit.
 */

const persons = 6;
const sourcesOf = [64_500, 64_501] as const;
const limits = { stormAfter: 2, sourceAlertsPerHour: 2 };

interface SignIn {
  readonly kind: "signIn";
  readonly person: number;
  readonly source: number;
  readonly succeeded: boolean;
  /** Makes it other news than those before. */
  readonly device: number;
  /** The call of the function at which it is stopped; 0 for none. */
  readonly stopAt: number;
}

const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("signIn" as const),
      person: fc.integer({ min: 0, max: persons - 1 }),
      source: fc.constantFrom(...sourcesOf),
      succeeded: fc.boolean(),
      device: fc.integer({ min: 0, max: 2 }),
      stopAt: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 12 })),
    }),
  },
  { weight: 3, arbitrary: fc.constantFrom(1, 30, 70, 320, 700).map((seconds) => ({ kind: "pass" as const, seconds })) },
  { weight: 2, arbitrary: fc.boolean().map((isDown) => ({ kind: "queue" as const, isDown })) },
);

class Stopped extends Error {}

/** The clock of a run stands still: a wait for another alert has to end by the budget. */
const budget = () => unhurried({ suppress: 5 });

/** The world around the functions: stores and queue survive them. */
class Outside {
  now = Date.parse("2026-11-24T09:30:00Z");
  readonly published: Alert[] = [];
  readonly accepted: { readonly uuid: string; readonly given: SignIn }[] = [];
  readonly reported = { singly: new Set<string>(), suppressed: new Set<string>() };
  readonly claims = memoryClaims();
  readonly sources = memorySources();
  readonly states = memoryStates();
  isQueueDown = false;
  queue: { readonly body: string; readonly due: number }[] = [];

  /** The ports of one function, which is stopped before or after its n-th call. */
  ports(stopAt = 0): PipelinePorts {
    let calls = 0;
    let isStopped = false;
    const wrap = <Store extends object>(store: Store): Store =>
      new Proxy(store, {
        get: (target, name) => {
          const method: unknown = Reflect.get(target, name);
          if (typeof method !== "function") return method;
          return async (...parameters: unknown[]) => {
            if (isStopped) throw new Stopped();
            calls += 1;
            // Half of the calls that the function does not see the end of have been made.
            const stops = calls === stopAt;
            if (stops && stopAt % 2 === 0) {
              isStopped = true;
              throw new Stopped();
            }
            const result: unknown = await (method.apply(target, parameters) as Promise<unknown>);
            if (stops) {
              isStopped = true;
              throw new Stopped();
            }
            return result;
          };
        },
      });
    const calledOut = wrap({
      publish: async (alert: Alert) => void this.published.push(alert),
      parkWork: async (parked: Parameters<PipelinePorts["parkWork"]>[0]) => {
        if (this.isQueueDown) throw new Error("the queue is down");
        for (const { work, delaySeconds } of parked) {
          this.queue.push({ body: writeWork(work, new Date(this.now)), due: this.now + delaySeconds * 1_000 });
        }
      },
    });
    return memoryPorts({
      rules: ruleSet([proxied]),
      suppressMinutes: 60,
      ...limits,
      lookUp: async ({ users }) =>
        findings(new Map(), [], new Map([...users].map((user) => [user, this.states.get(user)]))),
      claims: wrap(this.claims),
      userStates: wrap(this.states),
      sources: wrap(this.sources),
      publish: calledOut.publish,
      parkWork: calledOut.parkWork,
      now: () => new Date(this.now),
    });
  }

  /** Claims of stopped functions expire. */
  expire(): void {
    for (const [key, end] of this.claims.records) if (end === null) this.claims.records.delete(key);
  }

  async deliver(event: LogEvent, stopAt: number): Promise<boolean> {
    const delivery = { id: null, org: null, eventHookId: null, events: [event], malformed: [] };
    const ports = this.ports(stopAt);
    const { failed } = await processDelivery(delivery, ports, budget());
    return failed === 0;
  }

  /** Lets the time pass, with every message of the retry queue at its time. */
  async pass(seconds: number): Promise<void> {
    const end = this.now + seconds * 1_000;
    for (;;) {
      const [next] = this.queue.filter(({ due }) => due <= end).sort((first, second) => first.due - second.due);
      if (next === undefined) break;
      this.queue = this.queue.filter((each) => each !== next);
      this.now = Math.max(this.now, next.due);
      this.expire();
      try {
        await retryWork(readWork(next.body), this.ports(), budget());
      } catch {
        this.queue.push({ body: next.body, due: this.now + 15_000 });
      }
    }
    this.now = end;
  }
}

function eventOf(uuid: string, { person, source, succeeded, device }: SignIn): LogEvent {
  const login = `user${person}@example.com`;
  const network: Json = {
    securityContext: {
      isProxy: true,
      asNumber: source,
      ipDetails: { ipServiceCategories: [{ type: "VPN", operator: null, isAnonymous: true }] },
    },
    client: { ipAddress: "203.0.113.77", userAgent: { browser: `BROWSER_${device}`, os: "Windows 10" } },
  };
  return signIn(uuid, login, { ...network, ...(succeeded ? {} : { outcome: attemptBy(login).outcome }) });
}

test("each sign-in is reported singly, in a window, or in an alert about many, wherever a function stops", async () => {
  const seen = { singly: 0, suppressed: 0, inStorm: 0, gathered: 0, doubled: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), async (commands) => {
      const outside = new Outside();
      let stopped = 0;
      const refused: LogEvent[] = [];
      for (const [index, each] of commands.entries()) {
        if (each.kind === "pass") {
          await outside.pass(each.seconds);
          continue;
        }
        if (each.kind === "queue") {
          outside.isQueueDown = each.isDown;
          continue;
        }
        const uuid = `event-${index}`;
        const event = eventOf(uuid, each);
        if (each.stopAt > 0) {
          stopped += 1;
          await outside.deliver(event, each.stopAt);
          // Okta delivers once more what got no answer.
          outside.expire();
        }
        if (!(await outside.deliver(event, 0))) refused.push(event);
        outside.accepted.push({ uuid, given: each });
      }
      // Once the queue is up again, what was answered 503 is delivered again.
      outside.isQueueDown = false;
      outside.expire();
      for (const event of refused) expect(await outside.deliver(event, 0)).toBe(true);
      await outside.pass(3 * 3_600);
      expect(outside.queue).toEqual([]);

      const singly = new Set(
        outside.published
          .filter(({ storm, followUp }) => storm?.report == null && !followUp)
          .map(({ okta }) => okta.eventUuid),
      );
      const outcomes = new Map(outside.accepted.map(({ uuid }) => [uuid, outside.claims.records.get(uuid)?.outcome]));
      const many = { attempts: 0, gathered: 0 };
      for (const { uuid, given } of outside.accepted) {
        const outcome = outcomes.get(uuid);
        expect(["alerted", "suppressed", "inStorm", "gathered"]).toContain(outcome);
        if (outcome === "alerted") expect(singly).toContain(uuid);
        if (outcome === "inStorm") {
          expect(given.succeeded).toBe(false);
          many.attempts += 1;
        }
        if (outcome === "gathered") {
          expect(given.succeeded).toBe(true);
          many.gathered += 1;
        }
        seen[outcome === "alerted" ? "singly" : (outcome as "suppressed" | "inStorm" | "gathered")] += 1;
      }
      // Every attempt of a storm, and every gathered sign-in, is in an alert about many that names its person.
      const last = new Map<string, NonNullable<Alert["storm"]>>();
      let gathered = 0;
      for (const { storm } of outside.published) {
        if (storm?.report === "gathered") gathered += storm.attempts;
        else if (storm?.report != null) last.set(storm.id, storm);
      }
      const attempts = [...last.values()].reduce((sum, storm) => sum + storm.attempts, 0);
      const named = new Set([...last.values()].flatMap(({ users }) => users.map(({ login }) => login)));
      expect(attempts).toBeGreaterThanOrEqual(many.attempts);
      expect(gathered).toBeGreaterThanOrEqual(many.gathered);
      // A sign-in whose report cannot be parked is gathered and alerted on.
      const wasDown = commands.some((each) => each.kind === "queue" && each.isDown);
      if (stopped === 0 && !wasDown) expect(gathered).toBe(many.gathered);
      for (const { uuid, given } of outside.accepted) {
        if (outcomes.get(uuid) === "inStorm") expect(named).toContain(`user${given.person}@example.com`);
      }
      for (const storm of last.values()) expect(storm.report).toBe("end");
      // No success of one of the first persons of an hour waits.
      const successes = outside.accepted.filter(({ given }) => given.succeeded);
      for (const source of sourcesOf) {
        const of = successes.filter(({ given }) => given.source === source);
        const people = new Set(of.map(({ given }) => given.person));
        if (people.size <= limits.sourceAlertsPerHour) {
          for (const { uuid } of of) expect(["alerted", "suppressed"]).toContain(outcomes.get(uuid));
        }
      }
      seen.doubled += outside.published.length - new Set(outside.published.map(({ alertId }) => alertId)).size;
    }),
    { numRuns: runs(200) },
  );
  // A model that never gets into any of these would prove little.
  expect(Math.min(seen.singly, seen.suppressed, seen.inStorm, seen.gathered)).toBeGreaterThan(20);
  process.stdout.write(`${JSON.stringify(seen)}\n`);
});
