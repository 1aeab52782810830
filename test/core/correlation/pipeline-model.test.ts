import fc from "fast-check";
import { expect, test } from "vitest";
import { type MemoryGroups, memoryGroups } from "../../../cli/backtest/memory.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { groupKey, partKey, planCorrelations } from "../../../lambda/core/correlation/correlate.ts";
import { slotNumber } from "../../../lambda/core/correlation/group-state.ts";
import type { ParkedWork, PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { readWork, writeWork } from "../../../lambda/core/pipeline/work.ts";
import type { Correlation } from "../../../lambda/core/sigma/correlation.ts";
import { logEvent } from "../../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../../fixtures/memory.ts";
import { parseTestRule, ruleSet } from "../../fixtures/rules.ts";
import { runs } from "../../fixtures/runs.ts";
import { unhurried } from "../../fixtures/timing.ts";
import { beside, chain, events, monotoneCorrelation, ruleIds } from "./random-correlations.ts";
import { evaluateAll, type TestEvent } from "./reference.ts";

/*
 * Random correlations and streams, taken through the pipeline as Okta may deliver them: shuffled, doubled, split over deliveries that
 * several instances handle at the same time, with stores that fail before or after they did their work, and functions that are stopped
 * at any call. In the end, what the straightforward evaluation of all events finds has been alerted on, once.
 */

const rules = ruleIds.map((id) => ({
  ...parseTestRule({ selection: { matching: id }, condition: "selection" }, { title: id }),
  id,
}));

const toLogEvent = ({ uuid, at, rules: matching, fields }: TestEvent) =>
  logEvent({ uuid, published: new Date(at).toISOString(), eventType: "user.authentication.sso", matching, ...fields });

/** What a call does: as it should; it fails before or after it did its work; or its function is stopped before or after it. */
type Fate = "works" | "fails" | "answers nothing" | "stops" | "stops after";

/** A world in which calls do as the test says. */
class World {
  readonly groups: MemoryGroups = memoryGroups();
  readonly claims = memoryClaims();
  readonly published: Alert[] = [];
  readonly #correlations: PipelinePorts["correlations"];
  queue: string[] = [];
  conflicts = 0;
  stops = 0;
  fates: Iterator<Fate> = [][Symbol.iterator]();

  constructor(correlations: readonly Correlation[], silent: ReadonlySet<string>) {
    this.#correlations = { plan: planCorrelations(correlations), silent };
  }

  /** The ports of one function. @param stop called when it is stopped: its call never ends */
  portsOf(stop: () => void): PipelinePorts {
    const { groups, claims } = this;
    let isStopped = false;
    const stopHere = () => {
      isStopped = true;
      stop();
      return never();
    };
    const call = async <Value>(work: () => Promise<Value>, possible: readonly Fate[]): Promise<Value> => {
      const { value = "works" } = this.fates.next();
      const fate = possible.includes(value) ? value : "works";
      // Others have their turn.
      await null;
      if (isStopped) return never();
      if (fate === "fails") throw new Error("down");
      if (fate === "stops") return stopHere();
      const answer = await work();
      if (fate === "stops after") return stopHere();
      if (fate === "answers nothing") throw new Error("no answer");
      return answer;
    };
    const any: readonly Fate[] = ["fails", "answers nothing", "stops", "stops after"];
    return memoryPorts({
      rules: ruleSet(rules),
      correlations: this.#correlations,
      now: () => new Date(2_000),
      groups: {
        read: (keys, signal) => call(() => groups.read(keys, signal), any),
        write: (key, change, signal) =>
          call(async () => {
            const other = await groups.write(key, change, signal);
            if (other !== null) this.conflicts += 1;
            return other;
          }, any),
      },
      // Without claims, and where an alert is published without a record of it, it may come twice, whatever it is about.
      claims: {
        ...claims,
        claim: (key, options, signal) => call(() => claims.claim(key, options, signal), ["stops", "stops after"]),
      },
      lookUp: (asked) => call(async () => ({ ...findings(new Map()), groups: groups.find(asked.groups ?? []) }), any),
      publish: (alert) => call(async () => void this.published.push(alert), ["fails", "stops"]),
      parkWork: (work: readonly ParkedWork[]) =>
        call(async () => void this.queue.push(...work.map((each) => writeWork(each.work, new Date(2_000)))), []),
    });
  }

  async deliver(some: readonly TestEvent[]): Promise<void> {
    const delivery = { id: "d", org: null, eventHookId: null, events: some.map(toLogEvent), malformed: [] };
    await this.untilStopped((ports) => processDelivery(delivery, ports, unhurried()));
  }

  async untilStopped(work: (ports: PipelinePorts) => Promise<unknown>): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const stop = () => {
      this.stops += 1;
      resolve(true);
    };
    return await Promise.race([work(this.portsOf(stop)).then(() => false), promise]);
  }

  /** Claims of stopped functions expire, and all that waits is tried once. */
  async redrive(): Promise<void> {
    for (const [key, end] of this.claims.records) if (end === null) this.claims.records.delete(key);
    const waiting = this.queue;
    this.queue = [];
    for (const body of waiting) {
      const retrying = this.untilStopped((ports) => retryWork(readWork(body), ports, unhurried()));
      // SQS has the message again, in both cases.
      if (await retrying.catch(() => true)) this.queue.push(body);
    }
  }

  /** Whether the event on whose arrival a correlation fired has an alert that names the correlation. */
  isAlerted(key: string): boolean {
    const [, id = "", group = "", slot = ""] = /^(\S+) (.*) (\d+)$/.exec(key) ?? [];
    const correlation = this.#correlations?.plan.correlations.find((each) => each.id === id);
    if (correlation === undefined) return false;
    const name = groupKey({ correlation, group: JSON.parse(group) });
    const slots = this.groups.find([name]).get(name)?.parts.get(partKey(correlation))?.state.slots ?? [];
    const by = slots.find(({ number }) => number === Number(slot))?.fired?.by;
    return this.published.some(
      ({ okta, detections }) => okta.eventUuid === by && detections.some((each) => each.id === id),
    );
  }

  /** The firings that were alerted on: correlation, group and slot. */
  firings(correlations: readonly Correlation[]): string[] {
    return this.published.flatMap(({ detections }) =>
      detections.flatMap(({ id, correlation }) => {
        const of = correlations.find((each) => each.id === id);
        if (of === undefined || correlation === null) return [];
        const at = Date.parse(correlation.events.at(-1)?.published ?? "");
        return [`${id} ${JSON.stringify(Object.values(correlation.groupBy))} ${slotNumber(at, of)}`];
      }),
    );
  }
}

const never = (): Promise<never> => new Promise(() => {});

const alone = (correlation: Correlation): readonly Correlation[] => [correlation];
const together = (correlations: readonly Correlation[]): readonly Correlation[] => correlations;

const fate = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Fate>("works") },
  { weight: 3, arbitrary: fc.constantFrom<Fate>("fails", "answers nothing", "stops", "stops after") },
);

/** Events in any order, some twice, in deliveries of some, several of which come at once. */
const arrivals = (stream: readonly TestEvent[]) =>
  fc
    .record({
      order: fc.array(fc.nat(), { minLength: stream.length, maxLength: 2 * stream.length }),
      sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2 * stream.length, maxLength: 2 * stream.length }),
      atOnce: fc.integer({ min: 1, max: 4 }),
      fates: fc.array(fate, { maxLength: 60 }),
    })
    .map(({ order, sizes, atOnce, fates }) => {
      const doubled = order.map((key, index) => ({ key, event: stream[index] ?? stream[key % stream.length] }));
      const shuffled = doubled.sort((a, b) => a.key - b.key).flatMap(({ event }) => event ?? []);
      const deliveries: TestEvent[][] = [];
      for (let index = 0; index < shuffled.length; ) {
        const size = sizes[deliveries.length] ?? 1;
        deliveries.push(shuffled.slice(index, index + size));
        index += size;
      }
      return { deliveries, atOnce, fates };
    });

test("in whatever order, however often and by however many functions events come, and whatever fails, each firing is alerted on, once", async () => {
  let firings = 0;
  let conflicts = 0;
  let parked = 0;
  let stops = 0;
  const cases = fc
    .record({
      correlations: fc.oneof(monotoneCorrelation.map(alone), chain.map(together), beside),
      stream: events({ together: true }),
      // Whether the rules yield detections of their own, too.
      generates: fc.boolean(),
    })
    .chain((each) => arrivals(each.stream).map((coming) => ({ ...each, ...coming })));
  await fc.assert(
    fc.asyncProperty(cases, async ({ correlations, stream, generates, deliveries, atOnce, fates }) => {
      const related = new Set<string>(correlations.flatMap((each) => each.rules.map(({ id }) => id)));
      const world = new World(correlations, generates ? new Set() : related);
      world.fates = fates[Symbol.iterator]();
      for (let index = 0; index < deliveries.length; index += atOnce) {
        await Promise.all(deliveries.slice(index, index + atOnce).map((each) => world.deliver(each)));
        if (index % 3 === 0) await world.redrive();
      }
      parked += world.queue.length;
      world.fates = [][Symbol.iterator]();
      for (let round = 0; round < 3; round += 1) await world.redrive();
      // Reconciliation has the events in order of time.
      await world.deliver(stream.toSorted((a, b) => a.at - b.at));
      for (let round = 0; round < 2; round += 1) await world.redrive();
      expect(world.queue).toEqual([]);

      const wanted = new Set(correlations.map(({ id }) => id));
      const isReported = (key: string) => generates || !related.has(key.split(" ")[0] ?? "");
      const expected = evaluateAll(correlations, stream)
        .map(({ key }) => key)
        .filter((key) => isReported(key) && wanted.has(key.split(" ")[0] ?? ""));
      const alerted = world.firings(correlations);
      expect(expected).toEqual(expect.arrayContaining(alerted));
      expect(alerted).toHaveLength(new Set(alerted).size);
      // One event may complete several spans and groups: its alert names the earliest of each correlation.
      for (const key of expected) expect(world.isAlerted(key)).toBe(true);
      firings += alerted.length;
      conflicts += world.conflicts;
      stops += world.stops;
    }),
    { numRuns: runs(200) },
  );
  // A model that never gets into trouble would prove little.
  expect(firings).toBeGreaterThan(150);
  expect(conflicts).toBeGreaterThan(30);
  expect(parked).toBeGreaterThan(20);
  expect(stops).toBeGreaterThan(50);
});
