import { expect, test } from "vitest";
import { farthestKm, isMismatchDistance } from "../../../lambda/core/profiles/mismatch-distance.ts";

test.each([
  [0, false],
  [-500, false],
  [0.1, true],
  [500, true],
  [farthestKm, true],
  [farthestKm + 0.1, false],
  [Number.NaN, false],
])("whether %d km can be the distance of a mismatch: %j", (kilometers, expected) => {
  expect(isMismatchDistance(kilometers)).toBe(expected);
});
