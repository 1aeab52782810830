import { expect, test } from "vitest";
import {
  answering,
  neverAborts,
  type Pace,
  redriveTimeoutSeconds,
  share,
  startBudget,
  waiting,
  within,
} from "../../../lambda/core/time/budget.ts";

test("work ends before parking does", async () => {
  const { work, parking } = startBudget({ work: 10, parking: 60_000 });
  await new Promise((resolve) => work.addEventListener("abort", resolve));
  expect(work.aborted).toBe(true);
  expect(parking.aborted).toBe(false);
});

test("a share ends with its own time, or with what it is a share of", async () => {
  const own = share(AbortSignal.timeout(100_000), 10);
  await new Promise((resolve) => own.addEventListener("abort", resolve));
  expect(own.aborted).toBe(true);
  expect(share(AbortSignal.abort(), 60_000).aborted).toBe(true);
});

test("within a signal, a promise has its own outcome, or the signal's when that comes first", async () => {
  const hanging = new Promise<never>(() => {});
  expect(await within(AbortSignal.timeout(100_000), Promise.resolve(1))).toBe(1);
  await expect(within(AbortSignal.timeout(100_000), Promise.reject(new Error("own")))).rejects.toThrow("own");
  await expect(within(AbortSignal.timeout(10), hanging)).rejects.toThrow(/timeout/i);
  await expect(within(AbortSignal.abort(new Error("over")), Promise.resolve(1))).rejects.toThrow("over");
  expect(await within(neverAborts, Promise.resolve(1))).toBe(1);
  await expect(within(neverAborts, Promise.reject(new Error("own")))).rejects.toThrow("own");
});

test("beginning ends with work, unless it has a time of its own", async () => {
  const own = startBudget({ begin: 0, work: 60_000, parking: 60_000 });
  await new Promise((resolve) => own.begin.addEventListener("abort", resolve));
  expect(own).toMatchObject({ begin: { aborted: true }, work: { aborted: false } });
  expect(own.begin.reason).toMatchObject({ name: "TimeoutError" });
  const budget = startBudget({ work: 60_000, parking: 60_000 });
  expect(budget.begin).toBe(budget.work);
});

test.each<[string, Pace, number]>([
  ["the receiver", answering, 3_000],
  ["redrive", waiting, redriveTimeoutSeconds * 1_000],
])("the shares of %s leave time for the next step, whatever hangs, and end before its claims do", (_, pace, limit) => {
  const { lookUp, claim, open, suppress, complete } = pace.steps;
  const beforePublishing = Math.max(lookUp, claim, open) + suppress;
  expect(pace.work - beforePublishing).toBeGreaterThanOrEqual(300);
  // What is published without an answer is recorded, and parked.
  expect(pace.parking - pace.work).toBeGreaterThan(complete + 400);
  expect(pace.parking).toBeLessThan(limit);
  expect(pace.lease).toBeGreaterThan(pace.parking);
});

test("a budget carries the shares of its steps: the receiver's, where nothing else is said", () => {
  expect(startBudget({ work: 1, parking: 2 })).toMatchObject({ steps: answering.steps, lease: answering.lease });
  expect(startBudget(waiting)).toMatchObject({ steps: waiting.steps, lease: waiting.lease });
});

test("a step without a limit of its own has the signal of the whole", () => {
  const { signal } = new AbortController();
  expect(share(signal, Number.POSITIVE_INFINITY)).toBe(signal);
});
