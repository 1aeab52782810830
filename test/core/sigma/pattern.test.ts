import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ANY_CHARACTER, ANY_RUN, compilePattern, parsePattern } from "../../../lambda/core/sigma/pattern.ts";

describe("escaping", () => {
  test.each([
    ["\\x", ["\\x"]],
    ["\\\\x", ["\\x"]],
    ["\\*", ["*"]],
    ["\\\\*", ["\\", ANY_RUN]],
    ["\\\\\\*", ["\\*"]],
    ["\\\\\\\\x", ["\\\\x"]],
    ["a?b*", ["a", ANY_CHARACTER, "b", ANY_RUN]],
    ["end\\", ["end\\"]],
    ["", []],
  ])("%j is read as the specification says", (text, expected) => {
    expect(parsePattern(text)).toEqual(expected);
  });
});

describe("matching", () => {
  test.each([
    ["abc", "ABC", true],
    ["abc", "abcd", false],
    ["a*c", "abbbc", true],
    ["a*b*c", "axbxbxc", true],
    ["a?c", "ac", false],
    ["a?c", "a😀c", true],
    ["*b", "ab", true],
    ["b*", "ba", true],
    ["*b*", "abc", true],
    ["*", "", true],
    ["?*", "", false],
    ["", "", true],
    ["", "a", false],
  ])("%j against %j: %s", (pattern, text, expected) => {
    expect(compilePattern(parsePattern(pattern), false)(text)).toBe(expected);
  });

  test("cased patterns distinguish upper and lower case", () => {
    expect(compilePattern(parsePattern("Abc*"), true)("abcd")).toBe(false);
    expect(compilePattern(parsePattern("Abc*"), true)("Abcd")).toBe(true);
  });

  test("agrees with a regular expression on random patterns and texts", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
    const texts = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 });
    fc.assert(
      fc.property(letters, texts, (pattern, text) => {
        const reference = new RegExp(`^${pattern.replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`);
        expect(compilePattern(parsePattern(pattern), false)(text)).toBe(reference.test(text));
      }),
      { numRuns: 2_000 },
    );
  });
});
