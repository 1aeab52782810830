import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileRule } from "../../lambda/sigma/compile.ts";
import { UNKNOWN } from "../../lambda/sigma/field.ts";
import { parseRule } from "../../lambda/sigma/parse-rule.ts";
import { SigmaRuleError } from "../../lambda/sigma/rule.ts";

function evaluate(detection: Record<string, unknown>, event: unknown) {
  const rule = parseRule({
    title: "Test",
    id: "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b10",
    description: "Test",
    logsource: { product: "okta", service: "okta" },
    detection: { condition: "selection", ...detection },
    level: "low",
  });
  return compileRule(rule).evaluate(event);
}

describe("values", () => {
  test.each([
    ["text, without case", "user.session.start", "USER.session.start", true],
    ["text, whole", "user", "user.session", false],
    ["a boolean by its written form", true, "True", true],
    ["text by a boolean's written form", "true", true, true],
    ["a number by its written form", 5, "5", true],
    ["text by a number's written form", "5", 5, true],
    ["a list, any of", ["a", "b"], "b", true],
    ["null, when null", null, null, true],
    ["null, when missing", null, undefined, true],
    ["null, when there", null, "", false],
    ["empty text", "", "", true],
    ["empty text, when missing", "", undefined, false],
    ["an object is no value", "[object Object]", {}, false],
    ["any element of an array", "b", ["a", ["b"]], true],
    ["no element of an array", "c", ["a", "b"], false],
  ])("%s", (_, wanted, value, expected) => {
    expect(evaluate({ selection: { field: wanted } }, { field: value })).toBe(expected);
  });
});

describe("modifiers", () => {
  test.each([
    ["field|contains", "b\\", "ab\\c", true],
    ["field|contains", "x", "abc", false],
    ["field|startswith", "ab", "ABC", true],
    ["field|endswith", "bc", "abc", true],
    ["field|contains|all", ["a", "c"], "abc", true],
    ["field|contains|all", ["a", "x"], "abc", false],
    ["field|contains|cased", "B", "abc", false],
    ["field|exists", true, null, true],
    ["field|exists", false, undefined, true],
    ["field|exists", true, undefined, false],
  ])("%s: %j against %j", (key, wanted, value, expected) => {
    expect(evaluate({ selection: { [key]: wanted } }, { field: value })).toBe(expected);
  });

  test.each([
    ["field|regex", "a", "unknown modifier"],
    ["field|constructor", "a", "unknown modifier"],
    ["field|all", "a", "at least two"],
    ["field|exists", "yes", "true or false"],
    ["field|contains", null, "compares text"],
  ])("%s with %j is refused", (key, value, message) => {
    expect(() => evaluate({ selection: { [key]: value } }, {})).toThrow(SigmaRuleError);
    expect(() => evaluate({ selection: { [key]: value } }, {})).toThrow(message);
  });
});

describe("paths", () => {
  const event = { target: [{ displayName: "A" }, { displayName: "B", deep: [{ x: [1, 2] }] }] };

  test("lead through arrays at any depth", () => {
    expect(evaluate({ selection: { "target.displayName": "b" } }, event)).toBe(true);
    expect(evaluate({ selection: { "target.deep.x": 2 } }, event)).toBe(true);
    expect(evaluate({ selection: { "target.missing": "*" } }, event)).toBe(false);
  });

  test("do not lead into what every object inherits", () => {
    expect(evaluate({ selection: { "constructor.name|exists": true } }, {})).toBe(false);
  });
});

describe("selections", () => {
  test("all fields of a map have to match, and any map of a list", () => {
    expect(evaluate({ selection: { a: 1, b: 2 } }, { a: 1 })).toBe(false);
    expect(evaluate({ selection: [{ a: 1 }, { b: 2 }] }, { a: 1 })).toBe(true);
  });

  test("a list of conditions is any of them", () => {
    const detection = { one: { a: 1 }, two: { b: 2 }, condition: ["one", "two"] };
    expect(evaluate(detection, { b: 2 })).toBe(true);
    expect(evaluate(detection, { b: 3 })).toBe(false);
  });

  test.each([
    ["keywords", ["word"], "keyword"],
    ["an empty map", {}, "every event"],
    ["an empty list", [], "at least one"],
    ["null in a list", { a: [null, 1] }, "of its own"],
    ["a map as value", { a: { b: 1 } }, "expected text"],
    ["an empty list of values", { a: [] }, "matches nothing"],
  ])("%s are refused", (_, selection, message) => {
    expect(() => evaluate({ selection }, {})).toThrow(message);
  });
});

describe("fields that are not known yet", () => {
  const event = { a: 1, later: UNKNOWN };

  test.each([
    [{ selection: { later: 1 } }, "unknown"],
    [{ selection: { "later.deep": null } }, "unknown"],
    [{ selection: { "later|exists": true } }, "unknown"],
    [{ selection: { a: 2, later: 1 } }, false],
    [{ selection: { a: 1, later: 1 } }, "unknown"],
    [{ selection: [{ a: 1 }, { later: 1 }] }, true],
    [{ selection: { later: 1 }, condition: "not selection" }, "unknown"],
    [{ selection: { later: 1 }, other: { a: 1 }, condition: "selection or other" }, true],
    [{ selection: { later: 1 }, other: { a: 2 }, condition: "selection and other" }, false],
  ])("%j: %s", (detection, expected) => {
    expect(evaluate(detection, event)).toBe(expected);
  });
});

test("no event makes a compiled rule throw", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (event) => {
      expect(evaluate({ selection: { "a.b|contains": "x", c: null } }, event)).toBeTypeOf("boolean");
    }),
  );
  const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
  expect(evaluate({ selection: { "a.b": 1 } }, { a: deep })).toBe(false);
});
