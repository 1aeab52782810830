import fc from "fast-check";
import { expect, test } from "vitest";
import { createPartIndex } from "../../../lambda/core/sigma/part-index.ts";

/** Few letters, so that parts overlap; two of them have the same ten bits. */
const letters = (maxLength: number, minLength = 0) =>
  fc.string({ unit: fc.constantFrom("a", "b", "c", "\u0461", "é"), minLength, maxLength });

test("finds the parts that a text contains, as often as asking for each of them", () => {
  let found = 0;
  fc.assert(
    fc.property(fc.uniqueArray(letters(5, 1), { maxLength: 12 }), letters(12), (parts, text) => {
      const index = createPartIndex(new Map(parts.map((part) => [part, [part, `${part} again`]])));
      const expected = parts.filter((part) => text.includes(part)).flatMap((part) => [part, `${part} again`]);
      expect([...new Set(index.find(text))].sort()).toEqual(expected.sort());
      found += expected.length;
    }),
    { numRuns: 5_000 },
  );
  expect(found).toBeGreaterThan(5_000);
});

test("finds one part among thousands of the same beginning", () => {
  const parts = Array.from({ length: 3_000 }, (_, index) => `unknown user ${index}@`);
  const index = createPartIndex(new Map(parts.map((part) => [part, [part]])));
  expect(index.find("an unknown user 1234@example.com")).toEqual(["unknown user 1234@"]);
  expect(index.find("an unknown user 12345@example.com")).toEqual([]);
});
