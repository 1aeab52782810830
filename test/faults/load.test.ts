import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import type { Fault } from "../../local/fault-proxy.ts";
import { patient } from "../fixtures/timing.ts";
import { inParallel, isMalformed, isProxied, sampleDeliveries, startWorld, sumUp, type World } from "./world.ts";

/** LOAD_DELIVERIES=2000 is the full load; LOAD_REPORT=1 prints what was seen. */
const count = Number(process.env.LOAD_DELIVERIES ?? 200);
const atOnce = 50;

let world: World;
afterEach(() => world.stop());

/** Delivers everything, each delivery again until it is accepted, as Okta would at least once more. */
async function deliverAll(
  deliveries: ReturnType<typeof sampleDeliveries>,
): Promise<{ slowest: number; refused: number }> {
  let slowest = 0;
  let refused = 0;
  await inParallel(deliveries, atOnce, async (events) => {
    for (;;) {
      const { status, milliseconds } = await world.deliver(events);
      slowest = Math.max(slowest, milliseconds);
      if (status === 204) return;
      expect(status).toBe(503);
      refused += 1;
    }
  });
  return { slowest, refused };
}

function report(name: string, figures: Record<string, unknown>): void {
  if (process.env.LOAD_REPORT) process.stdout.write(`${JSON.stringify({ name, ...figures })}\n`);
}

function growth(memory: readonly number[]): number {
  const middle = Math.floor(memory.length / 2);
  return Math.max(...memory.slice(middle)) / Math.max(...memory.slice(0, middle));
}

test("under load, every expected alert comes once", { timeout: 300_000 }, async () => {
  world = await startWorld({});
  // No publish is given up on a busy machine, whose alert would come again.
  await world.start(patient);
  const deliveries = sampleDeliveries(count);
  const expected = deliveries.flat().filter(isProxied).length;
  const start = performance.now();
  const { slowest } = await deliverAll(deliveries);
  const seconds = (performance.now() - start) / 1_000;
  await vi.waitFor(() => expect(world.feed.received.length).toBeGreaterThanOrEqual(expected), { timeout: 60_000 });
  const sum = sumUp(world, deliveries);
  report("load", {
    deliveries: count,
    expected,
    received: world.feed.received.length,
    slowest,
    seconds,
    growth: growth(world.memory),
    ...sum,
  });
  expect(sum).toMatchObject({ lost: 0, parked: 0, repeated: 0, wrong: 0, alerted: expected });
  expect(sum.deadLettered).toBe(deliveries.flat().filter(isMalformed).length);
  expect(world.feed.received).toHaveLength(expected);
  expect(growth(world.memory)).toBeLessThan(2);
});

test("while SNS and DynamoDB fail now and then, and are down for a while, the same", { timeout: 900_000 }, async () => {
  let seed = 1;
  // A linear congruential generator (Numerical Recipes), so that the same requests fail each time.
  const random = () => {
    seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return seed / 2 ** 32;
  };
  // Nothing is killed here: a message comes again when its try has failed, and never while it is tried, however busy the machine is.
  world = await startWorld({ retryVisibilitySeconds: 120, random });
  await world.start(patient);
  const deliveries = sampleDeliveries(count);
  const expected = deliveries.flat().filter(isProxied).length;
  const { sns, dynamodb } = world.emulators.faults;
  const both = (fault: Fault | null) => {
    sns.set(fault);
    dynamodb.set(fault);
  };
  const flaky: Fault = { kind: "serverError", rate: 0.2 };
  both(flaky);
  const third = Math.ceil(count / 3);
  const first = await deliverAll(deliveries.slice(0, third));
  both({ kind: "refuse" });
  // Down until all of them came, and for as long as the first retries take to meet it.
  const [second] = await Promise.all([deliverAll(deliveries.slice(third, 2 * third)), delay(3_000)]);
  both(flaky);
  const last = await deliverAll(deliveries.slice(2 * third));
  await vi.waitFor(() => expect(world.emulators.messagesOn("retryQueue")).toEqual([]), {
    timeout: 700_000,
    interval: 500,
  });
  both(null);
  const alertedUuids = () => new Set(world.feed.received.map(({ alert }) => alert.okta.eventUuid));
  await vi.waitFor(() => expect(alertedUuids().size).toBe(expected), { timeout: 60_000 });
  const sum = sumUp(world, deliveries);
  const slowest = Math.max(first.slowest, second.slowest, last.slowest);
  report("load with faults", {
    deliveries: count,
    expected,
    received: world.feed.received.length,
    slowest,
    growth: growth(world.memory),
    ...sum,
  });
  expect(sum).toMatchObject({ lost: 0, parked: 0, wrong: 0, repeated: 0, alerted: expected });
  const rules = world.feed.received.flatMap(({ alert }) =>
    alert.detections.map(({ id }) => `${alert.okta.eventUuid} ${id}`),
  );
  // Both rules of every event, by one alert or by one and its follow-up.
  expect(new Set(rules).size).toBe(2 * expected);
});
