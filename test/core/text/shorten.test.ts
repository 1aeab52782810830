import fc from "fast-check";
import { expect, test } from "vitest";
import { formatCount } from "../../../lambda/core/text/shorten.ts";

test("a count is written as Node.js's own formatter writes it", () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(), fc.nat(12_000), fc.maxSafeNat()), (count) => {
      expect(formatCount(count)).toBe(count.toLocaleString("en-US"));
    }),
  );
});
