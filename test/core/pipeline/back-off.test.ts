import fc from "fast-check";
import { expect, test } from "vitest";
import { backOffSeconds, maximumAttempts } from "../../../lambda/core/pipeline/back-off.ts";

test("waits double from 15 seconds to 5 minutes, less up to half at random", () => {
  expect([1, 2, 3, 5, 6, 200].map((attempt) => backOffSeconds(attempt, 0))).toEqual([15, 30, 60, 240, 300, 300]);
  expect(backOffSeconds(1, 1)).toBe(8);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const seconds = backOffSeconds(attempt, random);
      expect(Number.isInteger(seconds)).toBe(true);
      expect(seconds).toBeGreaterThanOrEqual(7);
      // SQS takes at most twelve hours.
      expect(seconds).toBeLessThanOrEqual(12 * 3_600);
    }),
  );
});

test("all tries together take 8 to 16 hours", () => {
  const hours = (random: number) =>
    Array.from({ length: maximumAttempts - 1 }, (_, index) => backOffSeconds(index + 1, random)).reduce(
      (sum, seconds) => sum + seconds,
    ) / 3_600;
  expect(hours(1)).toBeGreaterThan(8);
  expect(hours(0)).toBeLessThan(16.5);
});

/** Seconds that a batch of ten takes: in the outage, and after it. */
const outages = [
  { kind: "refuses", failing: 1, working: 2 },
  { kind: "hangs", failing: 35, working: 2 },
];

test.each(outages)("after three hours in which SNS $kind, 10,000 alerts are out within ten minutes", (times) => {
  const random = fc.sample(fc.double({ min: 0, max: 1, noNaN: true }), { numRuns: 4_096, seed: 1 });
  const { lastDone, mostAttempts } = workOff({ ...times, messages: 10_000, outageSeconds: 3 * 3_600, random });
  expect(lastDone).toBeGreaterThan(0);
  expect(lastDone).toBeLessThan(600);
  expect(mostAttempts).toBeLessThan(maximumAttempts);
});

interface Backlog {
  readonly messages: number;
  readonly outageSeconds: number;
  readonly failing: number;
  readonly working: number;
  /** Numbers from 0 to 1, which are used in turn. */
  readonly random: readonly number[];
}

/**
 * Works a queue off as the event source mapping of the redrive function does (infra/constructs/redrive.ts): five functions at a time,
 * ten messages each. Every message is parked in the first hour of the outage.
 *
 * @returns seconds from the end of the outage to the last message, and the attempts of the message that had most
 */
function workOff({ messages, outageSeconds, failing, working, random }: Backlog) {
  const batchSize = 10;
  const free = [0, 0, 0, 0, 0];
  const returning = new Map<number, number[]>();
  const park = (second: number, attempts: number) =>
    returning.set(second, [...(returning.get(second) ?? []), attempts]);
  for (let index = 0; index < messages; index += 1) park(Math.floor((3_600 * index) / messages), 0);
  const visible: number[] = [];
  let [left, lastDone, mostAttempts, drawn] = [messages, 0, 0, 0];
  for (let second = 0; left > 0; second += 1) {
    visible.push(...(returning.get(second) ?? []));
    returning.delete(second);
    const isDown = second < outageSeconds;
    for (const [index, until] of free.entries()) {
      if (until > second || visible.length === 0) continue;
      const end = second + (isDown ? failing : working);
      free[index] = end;
      for (const before of visible.splice(0, batchSize)) {
        const attempts = before + 1;
        mostAttempts = Math.max(mostAttempts, attempts);
        if (isDown) park(end + backOffSeconds(attempts, random[drawn++ % random.length] ?? 0), attempts);
        else left -= 1;
      }
      lastDone = end - outageSeconds;
    }
  }
  return { lastDone, mostAttempts };
}
