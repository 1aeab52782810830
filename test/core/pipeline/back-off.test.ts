import fc from "fast-check";
import { expect, test } from "vitest";
import { backOffSeconds, maximumAttempts } from "../../../lambda/core/pipeline/back-off.ts";

test("waits double from 15 seconds to 4 hours, less up to half at random", () => {
  expect([1, 2, 3, 10, 11, 14].map((attempt) => backOffSeconds(attempt, 0))).toEqual([
    15, 30, 60, 7_680, 14_400, 14_400,
  ]);
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

test("all tries together take hours, and less than the 14 days that the queue keeps a message", () => {
  const longest = Array.from({ length: maximumAttempts - 1 }, (_, index) => backOffSeconds(index + 1, 0)).reduce(
    (a, b) => a + b,
  );
  expect(longest).toBeGreaterThan(12 * 3_600);
  expect(longest).toBeLessThan(14 * 86_400);
});
