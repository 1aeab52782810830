import fc from "fast-check";
import { expect, test } from "vitest";
import { countLines, fitLines } from "../../../lambda/core/text/fit-lines.ts";
import { cutPlainly, wrap } from "../../fixtures/phone.ts";

const words = fc
  .array(fc.string({ unit: fc.constantFrom("a", "b", ".", "-"), minLength: 1, maxLength: 60 }), { minLength: 1 })
  .map((all) => all.join(" "));

test.each([
  ["", 1],
  ["a".repeat(10), 1],
  ["a".repeat(11), 2],
  ["aaaa bbbbb", 1],
  ["aaaa bbbbbb", 2],
  [`a ${"b".repeat(25)} cccc`, 4],
  [`${"b".repeat(25)} cccc`, 3],
])("%j takes %d lines of ten columns", (text, lines) => {
  expect(countLines(text, 10)).toBe(lines);
});

test("lines are counted as a screen breaks them", () => {
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 50 }), (text, columns) => {
      expect(countLines(text, columns)).toBe(wrap(text, columns).length);
    }),
  );
});

test("a text that fits is whole, and another is its longest beginning that does", () => {
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 4 }), (text, lines) => {
      const fitted = fitLines(text, lines, 40, cutPlainly);
      expect(wrap(fitted, 40).length).toBeLessThanOrEqual(lines);
      if (wrap(text, 40).length <= lines) expect(fitted).toBe(text);
      else expect(wrap(cutPlainly(text, fitted.length + 1), 40).length).toBeGreaterThan(lines);
    }),
  );
});
