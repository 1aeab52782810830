import { describe, expect, test } from "vitest";
import { compileRule } from "../../../lambda/core/sigma/compile.ts";
import { compileRegex } from "../../../lambda/core/sigma/regex.ts";
import { SigmaRuleError } from "../../../lambda/core/sigma/rule.ts";
import type { Json } from "../../fixtures/events.ts";
import { parseTestRule } from "../../fixtures/rules.ts";

/*
 * What the Sigma specification 2.1 says, case by case. Every group names its place in the specification; where that
 * leaves room, "our reading" stands beside it, and docs/detections.md says why.
 */

const placeholders = { admins: ["ada", "g*ace"], office: ["10.0.0.0/8", "192.0.2.0/24"], single: ["x.y"] };

function matches(detection: Json, event: unknown): boolean | "unknown" {
  const rule = parseTestRule({ condition: "selection", ...detection }, {}, { placeholders });
  return compileRule(rule, { compileRegex }).evaluate(event);
}

/** A key with modifiers, the rule's value, the event's value of `f` (undefined: missing), and whether it matches. */
type Case = readonly [key: string, value: unknown, found: unknown, expected: boolean];

const base64 = (text: string) => Buffer.from(text).toString("base64");
const utf16le = (text: string) => Buffer.from(text, "utf16le");

const fieldCases: Readonly<Record<string, readonly Case[]>> = {
  "rules, Detection, General: values": [
    ["f", "user.session.start", "user.session.start", true],
    ["f", "user.session", "user.session.start", false],
    ["f", "session.start", "user.session.start", false],
    ["f", "Value", "vALUE", true],
    ["f", "straße", "STRASSE", false],
    ["f", "ÄÖ", "äö", true],
    ["f", 4624, 4624, true],
    ["f", 4624, "4624", true],
    ["f", "4624", 4624, true],
    ["f", 4624, 46240, false],
    ["f", -1.5, "-1.5", true],
    ["f", true, true, true],
    ["f", true, "True", true],
    ["f", "true", true, true],
    ["f", "false", false, true],
    ["f", false, null, false],
    ["f", true, 1, false],
    ["f", ["a", "b"], "B", true],
    ["f", ["a", "b"], "c", false],
    ["f", [1, "x", true], true, true],
    ["f", "[object Object]", {}, false],
  ],
  "rules, Detection, Special field values (our reading: null is null or missing)": [
    ["f", null, null, true],
    ["f", null, undefined, true],
    ["f", null, "", false],
    ["f", null, 0, false],
    ["f", null, [], true],
    ["f", null, ["a", null], true],
    ["f", null, ["a"], false],
    ["f", "", "", true],
    ["f", "", null, false],
    ["f", "", undefined, false],
    ["f", "", "a", false],
    ["f", "null", null, false],
  ],
  "rules, Detection, Wildcards": [
    ["f", "*", "", true],
    ["f", "*", "anything", true],
    ["f", "*", undefined, false],
    ["f", "*", null, false],
    ["f", "a*", "abc", true],
    ["f", "a*", "cba", false],
    ["f", "*c", "abc", true],
    ["f", "*b*", "abc", true],
    ["f", "a*c", "abbbc", true],
    ["f", "a*c", "abbb", false],
    ["f", "a*b*c", "a-b-b-c", true],
    ["f", "ab*bc", "abc", false],
    ["f", "*a*a*", "a", false],
    ["f", "*a*a*", "xaxax", true],
    ["f", "a?c", "abc", true],
    ["f", "a?c", "ac", false],
    ["f", "a?c", "abbc", false],
    ["f", "?", "😀", true],
    ["f", "a*?c", "ac", false],
    ["f", "a*?c", "abc", true],
    ["f", "A*C", "abc", true],
  ],
  "rules, Detection, Escaping": [
    ["f", "a\\*c", "a*c", true],
    ["f", "a\\*c", "abc", false],
    ["f", "a\\?c", "a?c", true],
    ["f", "a\\?c", "abc", false],
    ["f", "a\\b", "a\\b", true],
    ["f", "a\\\\b", "a\\b", true],
    ["f", "a\\\\\\\\b", "a\\\\b", true],
    ["f", "\\\\srv\\share", "\\srv\\share", true],
    ["f", "\\\\\\\\srv\\share", "\\\\srv\\share", true],
    ["f", "C:\\Windows\\*", "C:\\Windows*", true],
    ["f", "C:\\Windows\\*", "C:\\Windows\\system32", false],
    ["f", "C:\\Windows\\\\*", "C:\\Windows\\system32", true],
    ["f", "a\\\\\\*", "a\\*", true],
    ["f", "end\\", "end\\", true],
  ],
  "modifiers, contains, startswith, endswith": [
    ["f|contains", "b", "abc", true],
    ["f|contains", "B", "abc", true],
    ["f|contains", "x", "abc", false],
    ["f|contains", "", "abc", true],
    ["f|contains", "", null, false],
    ["f|contains", "a*c", "xabcx", true],
    ["f|contains", "a?c", "xabcx", true],
    ["f|contains", "a\\*c", "xabcx", false],
    ["f|contains", "foo\\", "a foo\\bar", true],
    ["f|contains", 62, 4624, true],
    ["f|contains", ["x", "b"], "abc", true],
    ["f|startswith", "ab", "ABC", true],
    ["f|startswith", "bc", "abc", false],
    ["f|startswith", "C:\\Windows\\", "c:\\windows\\x", true],
    ["f|endswith", "BC", "abc", true],
    ["f|endswith", "ab", "abc", false],
    ["f|contains", "*b*", "abc", true],
  ],
  "modifiers, all": [
    ["f|contains|all", ["a", "c"], "abc", true],
    ["f|all|contains", ["a", "c"], "abc", true],
    ["f|contains|all", ["a", "x"], "abc", false],
    ["f|re|all", ["a", "c$"], "abc", true],
    ["f|all", ["a", "b"], ["a", "b"], true],
    ["f|all", ["a", "b"], "a", false],
  ],
  "modifiers, cased": [
    ["f|cased", "Abc", "Abc", true],
    ["f|cased", "Abc", "abc", false],
    ["f|contains|cased", "B", "abc", false],
    ["f|cased|contains", "b", "abc", true],
    ["f|startswith|cased", "A*c", "Abc", true],
  ],
  "modifiers, exists": [
    ["f|exists", true, "x", true],
    ["f|exists", true, "", true],
    ["f|exists", true, null, true],
    ["f|exists", true, [], true],
    ["f|exists", true, {}, true],
    ["f|exists", true, undefined, false],
    ["f|exists", false, undefined, true],
    ["f|exists", false, null, false],
  ],
  "modifiers, neq (our reading: the item negated, so that a missing field differs)": [
    ["f|neq", "a", "b", true],
    ["f|neq", "a", "A", false],
    ["f|neq", ["a", "b"], "c", true],
    ["f|neq", ["a", "b"], "b", false],
    ["f|neq", "a", undefined, true],
    ["f|neq", "a", ["a", "b"], false],
    ["f|neq", null, "x", true],
    ["f|neq", null, null, false],
    ["f|contains|neq", "b", "abc", false],
    ["f|neq|contains", "x", "abc", true],
    ["f|cidr|neq", "10.0.0.0/8", "192.0.2.1", true],
  ],
  "modifiers, lt, lte, gt, gte": [
    ["f|lt", 5, 4, true],
    ["f|lt", 5, 5, false],
    ["f|lte", 5, 5, true],
    ["f|gt", 5, "5.5", true],
    ["f|gt", 5, "5,5", false],
    ["f|gte", 5, 5, true],
    ["f|gte", -1, "-1e0", true],
    ["f|gte", 0, "", false],
    ["f|gt", 0, "0x10", false],
    ["f|gt", 0, true, false],
    ["f|lt", 5, null, false],
    ["f|lt", 5, undefined, false],
    ["f|lt", [1, 5], 4, true],
    ["f|gt", 9, "10", true],
  ],
  "modifiers, re (our reading: found anywhere in the text)": [
    ["f|re", "b", "abc", true],
    ["f|re", "B", "abc", false],
    ["f|re", "^a.c$", "abc", true],
    ["f|re", "^b", "abc", false],
    ["f|re", "a{2,3}", "caaat", true],
    ["f|re", "[^a-c]", "abc", false],
    ["f|re", "(foo|bar)+", "x bar", true],
    ["f|re", "\\d+\\s\\w", "7 x", true],
    ["f|re", "\\bword\\b", "a word.", true],
    ["f|re", "(?i)B", "abc", true],
    ["f|re", "a\\.c", "abc", false],
    ["f|re", ["x", "c"], "abc", true],
    ["f|re", "24", 4624, true],
    ["f|re", ".", undefined, false],
    ["f|re", "^$", "", true],
  ],
  "modifiers, re: i, m, s": [
    ["f|re|i", "ABC", "xabc", true],
    ["f|re|ignorecase", "ABC", "xabc", true],
    ["f|re", "^b", "a\nb", false],
    ["f|re|m", "^b", "a\nb", true],
    ["f|re", "a.b", "a\nb", false],
    ["f|re|s", "a.b", "a\nb", true],
    ["f|re|i|m|s", "^B.C$", "a\nb\nc\nd", true],
    ["f|re|contains", "b", "abc", true],
    ["f|re|startswith", "b", "abc", false],
    ["f|re|startswith", "a|b", "abc", true],
    ["f|re|endswith", "b|c", "abc", true],
    ["f|re|endswith", "a|b", "abc", false],
  ],
  "modifiers, cidr": [
    ["f|cidr", "10.0.0.0/8", "10.255.0.1", true],
    ["f|cidr", "10.0.0.0/8", "11.0.0.1", false],
    ["f|cidr", "192.0.2.128/25", "192.0.2.127", false],
    ["f|cidr", "192.0.2.128/25", "192.0.2.200", true],
    ["f|cidr", "192.0.2.1", "192.0.2.1", true],
    ["f|cidr", "0.0.0.0/0", "203.0.113.7", true],
    ["f|cidr", ["10.0.0.0/8", "192.0.2.0/24"], "192.0.2.9", true],
    ["f|cidr", "2001:db8::/32", "2001:DB8:0:0::1", true],
    ["f|cidr", "2001:db8::/32", "2001:db9::1", false],
    ["f|cidr", "::1/128", "::1", true],
    ["f|cidr", "10.0.0.0/8", "2001:db8::1", false],
    ["f|cidr", "::/0", "10.0.0.1", false],
    ["f|cidr", "10.0.0.0/8", "::ffff:10.0.0.1", true],
    ["f|cidr", "10.0.0.0/8", "null", false],
    ["f|cidr", "10.0.0.0/8", "10.0.0.1 ", false],
    ["f|cidr", "10.0.0.0/8", undefined, false],
    ["f|cidr", "fe80::/10", "fe80::1%eth0", false],
  ],
  "modifiers, base64": [
    ["f|base64", "foobar", base64("foobar"), true],
    ["f|base64", "foobar", base64("foobaz"), false],
    ["f|base64", "é", base64("é"), true],
    ["f|base64|contains", "foobar", `x ${base64("foobar")} y`, true],
    ["f|base64|base64", "foo", base64(base64("foo")), true],
    ["f|base64|cased", "foobar", base64("foobar").toLowerCase(), false],
  ],
  "modifiers, base64offset": [
    ["f|base64offset|contains", "foobar", base64("foobar"), true],
    ["f|base64offset|contains", "foobar", base64("xfoobary"), true],
    ["f|base64offset|contains", "foobar", base64("xxfoobaryy"), true],
    ["f|base64offset|contains", "http://", base64("visit http://example.com now"), true],
    ["f|base64offset|contains", "fööbär", base64("a fööbär"), true],
    ["f|base64offset|contains", "foobar", base64("xxfooqaryy"), false],
  ],
  "modifiers, utf16, utf16le, utf16be, wide": [
    ["f|wide|base64", "ab", utf16le("ab").toString("base64"), true],
    ["f|utf16le|base64", "ä", utf16le("ä").toString("base64"), true],
    ["f|utf16be|base64", "ab", Buffer.from([0, 97, 0, 98]).toString("base64"), true],
    ["f|utf16|base64", "a", Buffer.from([0xff, 0xfe, 97, 0]).toString("base64"), true],
    ["f|wide|base64offset|contains", "ping", base64(`x${utf16le("ping").toString("latin1")}`), true],
  ],
  "modifiers, windash (our reading: dashes and slashes that begin a word)": [
    ["f|windash", "x -f", "x -f", true],
    ["f|windash", "x -f", "x /f", true],
    ["f|windash", "x /f", "x –f", true],
    ["f|windash", "x -f", "x —f", true],
    ["f|windash", "x -f", "x ―f", true],
    ["f|windash", "x -f", "x +f", false],
    ["f|windash|contains", " -param-name ", "x /param-name y", true],
    ["f|windash|contains", " -param-name ", "x -param/name y", false],
    ["f|contains|windash", "-a -b", "x /a –b", true],
    ["f|contains|all|windash", ["-a", "-b"], "/a /b", true],
    ["f|contains|all|windash", ["-a", "-b"], "/a", false],
    ["f|windash|base64", "-f", base64("/f"), true],
  ],
  "modifiers, expand": [
    ["f|expand", "%admins%", "ADA", true],
    ["f|expand", "%admins%", "g*ace", true],
    ["f|expand", "%admins%", "grace", false],
    ["f|contains|expand", "%admins%", "x ada y", true],
    ["f|expand", "x%single%*", "xx.yz", true],
    ["f|expand", "\\%admins%single%", "%adminsx.y", true],
    ["f", "%admins%", "%admins%", true],
    ["f", "%admins%", "ada", false],
    ["f|re|expand", "^%single%$", "x.y", true],
    ["f|re|expand", "^%single%$", "xzy", false],
    ["f|cidr|expand", "%office%", "192.0.2.7", true],
    ["f|contains|all|expand", ["%admins%", "x"], "ada x", true],
    ["f|contains|all|expand", ["%admins%", "x"], "ada", false],
    ["f|expand", "100%", "100%", true],
  ],
  "modifiers, minute, hour, day, week, month, year": [
    ["f|minute", 5, "2023-03-26T21:05:32.159Z", true],
    ["f|hour", 21, "2023-03-26T21:05:32.159Z", true],
    ["f|hour", 21, "2023-03-26T21:05:32+02:00", true],
    ["f|hour", 18, "2022-06-22 18:18:29.015", true],
    ["f|hour", 18, "2022-06-22T18:18:29.015123456Z", true],
    ["f|day", 26, "2023-03-26T21:05:32.159Z", true],
    ["f|month", 3, "2023-03-26", true],
    ["f|year", 2023, "2023-03-26", true],
    ["f|week", 12, "2023-03-26", true],
    ["f|week", 53, "2021-01-03", true],
    ["f|week", 1, "2024-12-30", true],
    ["f|hour|gte", 20, "2023-03-26T21:05:32Z", true],
    ["f|hour|lt", 20, "2023-03-26T21:05:32Z", false],
    ["f|hour", [20, 21], "2023-03-26T21:05:32Z", true],
    ["f|hour|neq", 21, "2023-03-26T21:05:32Z", false],
    ["f|hour", 0, "2023-03-26", false],
    ["f|day", 30, "2023-02-30", false],
    ["f|year", 2023, 2023, false],
    ["f|hour", 21, "yesterday at 21:05", false],
  ],
  "arrays (the specification is silent; our reading: any element, at any depth)": [
    ["f", "b", ["a", "B"], true],
    ["f", "b", ["a", ["b"]], true],
    ["f", "c", ["a", "b"], false],
    ["f|contains", "b", ["abc"], true],
    ["f", "a", [], false],
  ],
};

for (const [place, cases] of Object.entries(fieldCases)) {
  describe(place, () => {
    test.each(cases)("%s: %j against %j is %s", (key, value, found, expected) => {
      expect(matches({ selection: { [key]: value } }, { f: found })).toBe(expected);
    });
  });
}

describe("rules, Detection, Maps and lists", () => {
  test.each([
    ["all fields of a map", { a: 1, b: 2 }, { a: 1, b: 2 }, true],
    ["all fields of a map", { a: 1, b: 2 }, { a: 1, b: 3 }, false],
    ["any map of a list", [{ a: 1 }, { b: 2 }], { b: 2 }, true],
    ["all fields of a map in a list", [{ a: 1, b: 2 }, { c: 3 }], { a: 1 }, false],
    ["two keys of one field", { "n|gt": 1, "n|lt": 5 }, { n: 3 }, true],
    ["two keys of one field", { "n|gt": 1, "n|lt": 5 }, { n: 7 }, false],
  ])("%s: %j", (_, selection, event, expected) => {
    expect(matches({ selection }, event)).toBe(expected);
  });
});

describe("rules, Detection, Keywords (our reading: found anywhere in any value)", () => {
  const event = { a: "The quick fox", b: [{ c: "lazy DOG" }], n: 4624, t: true, none: null };

  test.each([
    [["quick", "absent"], true],
    [["absent"], false],
    [["dog"], true],
    [["q*k"], true],
    [["qu?ck"], true],
    [["462"], true],
    [[4624], true],
    ["fox", true],
    [{ "|all": ["fox", "dog"] }, true],
    [{ "|all": ["fox", "cat"] }, false],
    [{ "|re": "^The" }, true],
    [{ "|re": "^quick" }, false],
    [{ "|startswith": "the" }, true],
    [{ "|startswith": "quick" }, false],
    [{ "|endswith|cased": "DOG" }, true],
    [{ "|cased": "dog" }, false],
    [{ "|contains|all": ["fox", "dog"] }, true],
    [{ "|all": ["fox", "dog"], a: "the*" }, true],
    [["absent", { n: 4624 }], true],
    [["a"], true],
    [["none"], false],
  ])("%j: %s", (selection, expected) => {
    expect(matches({ selection }, event)).toBe(expected);
  });
});

describe("rules, Detection, Field names", () => {
  const event = {
    eventType: "user.session.start",
    securityContext: { isProxy: true },
    target: [{ displayName: "A" }, { displayName: "B", deep: [{ x: [1, 2] }] }],
  };

  test.each([
    [{ "securityContext.isProxy": true }, event, true],
    [{ "securitycontext.isproxy": true }, event, true],
    [{ eventtype: "user.session.start" }, event, true],
    [{ eventType: "x" }, { eventtype: "x" }, true],
    [{ "securityContext.isProxy": "true" }, { securitycontext: { isproxy: "true" } }, true],
    [{ "target.displayName": "b" }, event, true],
    [{ "target.deep.x": 2 }, event, true],
    [{ "target.missing": "*" }, event, false],
    [{ "target.missing": null }, event, true],
    [{ "target.deep|exists": true }, event, true],
    [{ "target.deep.y|exists": true }, event, false],
    [{ "securityContext.isProxy.deeper": "*" }, event, false],
    [{ "securityContext.isProxy": true }, { "securityContext.isProxy": true }, true],
    [{ "constructor.name|exists": true }, {}, false],
    [{ "a b": 1 }, { "a b": 1 }, true],
  ])("%j in %j: %s", (selection, found, expected) => {
    expect(matches({ selection }, found)).toBe(expected);
  });

  test("the name as written wins over one of another case", () => {
    expect(matches({ selection: { field: 1 } }, { FIELD: 2, field: 1 })).toBe(true);
  });
});

describe("modifiers, fieldref", () => {
  test.each([
    [{ "a|fieldref": "b" }, { a: "X", b: "x" }, true],
    [{ "a|fieldref": "b" }, { a: "x", b: "y" }, false],
    [{ "a|fieldref": "b.c" }, { a: 1, b: { c: ["2", "1"] } }, true],
    [{ "a|fieldref": "b" }, { a: "b" }, false],
    [{ "a|fieldref": "b" }, {}, false],
    [{ "a|fieldref": "b" }, { a: null, b: null }, false],
    [{ "a|fieldref|neq": "b" }, { a: "x", b: "y" }, true],
    [{ "a|fieldref|neq": "b" }, { a: "x", b: "x" }, false],
    [{ "a|fieldref|contains": "b" }, { a: "xyz", b: "y" }, true],
    [{ "a|fieldref|startswith": "b" }, { a: "xyz", b: "y" }, false],
    [{ "a|fieldref|endswith": "b" }, { a: "xyz", b: "yz" }, true],
    [{ "a|cased|fieldref": "b" }, { a: "X", b: "x" }, false],
  ])("%j in %j: %s", (selection, event, expected) => {
    expect(matches({ selection }, event)).toBe(expected);
  });
});

describe("rules, Condition", () => {
  const selections = { a: { f: 1 }, b: { g: 1 }, x_1: { h: 1 }, x_2: { i: 1 }, _y: { j: 1 }, not_a: { k: 1 } };

  /** Selections that the condition does not use are left out of the rule, which would be refused otherwise. */
  test.each([
    ["a", ["f"], true],
    ["a", ["g"], false],
    ["a and b", ["f"], false],
    ["a and b", ["f", "g"], true],
    ["a or b", ["g"], true],
    ["not a", [], true],
    ["not not a", ["f"], true],
    ["a or b and not x_1", ["f", "h"], true],
    ["(a or b) and not x_1", ["f", "h"], false],
    ["not a and b", ["g"], true],
    ["not (a or b)", ["g"], false],
    ["1 of x_*", ["i"], true],
    ["all of x_*", ["i"], false],
    ["all of x_*", ["h", "i"], true],
    ["any of x_*", ["h"], true],
    ["not 1 of x_*", ["h"], false],
    ["a and not all of x_*", ["f", "h"], true],
    ["1 of *_1", ["h"], true],
    ["1 of a", ["f"], true],
    ["1 of _*", ["j"], true],
    ["not_a", ["k"], true],
    ["a\n  and\n  b", ["f", "g"], true],
    [["a", "b"], ["g"], true],
  ])("%j with %j: %s", (condition, fields, expected) => {
    const asked = [condition].flat().join(" ");
    const used = Object.entries(selections).filter(
      ([name]) =>
        asked.split(/[\s()]+/).includes(name) ||
        (asked.includes("x_*") && name.startsWith("x_")) ||
        (asked.includes("*_1") && name.endsWith("_1")) ||
        (asked.includes("_*") && !asked.includes("x_*") && name === "_y"),
    );
    const event = Object.fromEntries(fields.map((field) => [field, 1]));
    expect(matches({ ...Object.fromEntries(used), condition }, event)).toBe(expected);
  });

  test.each([
    ["1 of them", { a: 0, b: 1 }, true],
    ["all of them", { a: 1, b: 0 }, false],
    ["all of them", { a: 1, b: 1 }, true],
  ])("%s: %j", (condition, event, expected) => {
    expect(matches({ one: { a: 1 }, two: { b: 1 }, condition }, event)).toBe(expected);
  });

  // Our reading: the specification leaves names open, and SigmaHQ's rules have these.
  test.each([
    ["filter_main_vpn.corp", "not 1 of filter_main_*"],
    ["filter_main_vpn.corp", "not filter_main_vpn.corp"],
    ["filter_main_vpn|contains", "not 1 of filter_*"],
    ["filter_main_ümläut-1", "not 1 of filter_*"],
  ])("a selection may be called %s, and be met by %s", (name, condition) => {
    const detection = { selection: { a: 1 }, [name]: { b: 1 }, condition: `selection and ${condition}` };
    expect(matches(detection, { a: 1 })).toBe(true);
    expect(matches(detection, { a: 1, b: 1 })).toBe(false);
  });

  test("a dot of a pattern is met by a dot alone", () => {
    const detection = { "a.b": { a: 1 }, axb: { b: 1 }, condition: "1 of a.* and not axb" };
    expect(matches(detection, { a: 1 })).toBe(true);
    expect(matches({ ...detection, condition: "1 of a.*" }, { b: 1 })).toBe(false);
  });

  test("a selection that the condition does not use has no effect", () => {
    const detection = { selection: { a: 1 }, unused: { b: 1 }, _unused: { c: 1 } };
    expect(matches({ ...detection, condition: "selection" }, { a: 1, b: 1, c: 1 })).toBe(true);
    expect(matches({ ...detection, condition: "not selection" }, { b: 1, c: 1 })).toBe(true);
  });

  test("them leaves out selections that start with _", () => {
    const detection = { one: { a: 1 }, _two: { b: 1 }, condition: "all of them and not _two" };
    expect(matches(detection, { a: 1 })).toBe(true);
  });
});

describe("our key `enriched`, which other tools leave unread", () => {
  const enriched = { a: 1, "enrichment.network.anonymous": true };
  const evaluate = (detection: Json, event: Json, anonymous: unknown) =>
    compileRule(parseTestRule(detection, { enriched })).evaluate(event, { enrichment: { network: { anonymous } } });

  test.each([[{ selection: { b: 2 }, condition: "selection" }], [{ selection: { b: 2 }, condition: ["selection"] }]])(
    "makes a rule match as well: %j",
    (detection) => {
      expect(evaluate(detection, { b: 2 }, false)).toBe(true);
      expect(evaluate(detection, { a: 1 }, true)).toBe(true);
      expect(evaluate(detection, { a: 1 }, false)).toBe(false);
      expect(evaluate(detection, { a: 2 }, true)).toBe(false);
    },
  );

  test("is no map, or the name of a selection: it is refused", () => {
    expect(() => parseTestRule({ s: { a: 1 }, condition: "s" }, { enriched: "x" })).toThrow("expected a map of fields");
    expect(() => parseTestRule({ enriched: { a: 1 }, condition: "enriched" }, { enriched })).toThrow("has this name");
  });
});

describe("what cannot be run is refused", () => {
  test.each([
    [{ "f|regex": "a" }, 'unknown modifier "regex"'],
    [{ "f|constructor": "a" }, "unknown modifier"],
    [{ "f|": "a" }, "a modifier is missing"],
    [{ "f|contains|contains": "a" }, "stands twice"],
    [{ "f|all": "a" }, "at least two"],
    [{ "f|exists": "yes" }, "true or false"],
    [{ "f|exists": [true, false] }, "true or false"],
    [{ "f|exists|neq": true }, "stands alone"],
    [{ "f|contains|exists": true }, "stands alone"],
    [{ "f|contains": null }, "compares text"],
    [{ "f|cased": null }, "compares text"],
    [{ "f|re": 5 }, "as text"],
    [{ "f|re": "(a" }, "linear time"],
    [{ "f|re": "a(?=b)" }, "linear time"],
    [{ "f|re": "(a)\\1" }, "linear time"],
    [{ "f|re": "a{1001}" }, "linear time"],
    [{ "f|contains|re": "a" }, "comes first"],
    [{ "f|re|cased": "a" }, "drop cased"],
    [{ "f|i": "a" }, "stands behind re"],
    [{ "f|re|lt": 5 }, "as text"],
    [{ "f|lt": "5" }, "without quotes"],
    [{ "f|lt": true }, "without quotes"],
    [{ "f|gt|contains": 5 }, "compares text"],
    [{ "f|lt|gt": 5 }, "cannot stand behind lt"],
    [{ "f|cidr": "10.0.0.0/33" }, "no network"],
    [{ "f|cidr": "10.0.0.*" }, "no network"],
    [{ "f|cidr": "fe80::%eth0/10" }, "no network"],
    [{ "f|cidr": 10 }, "no network"],
    [{ "f|cidr|contains": "10.0.0.0/8" }, "compares text"],
    [{ "f|contains|cidr": "10.0.0.0/8" }, "comes first"],
    [{ "f|base64": "a*" }, "wildcards"],
    [{ "f|contains|base64": "a" }, "contains stands behind"],
    [{ "f|base64offset": "a" }, "put contains behind"],
    [{ "f|contains|base64offset": "a" }, "contains stands behind"],
    [{ "f|wide": "a" }, "put base64"],
    [{ "f|wide|contains": "a" }, "compares text"],
    [{ "f|fieldref": 5 }, "name of a field"],
    [{ "f|fieldref": "a*" }, "name of a field"],
    [{ "f|fieldref|re": "a" }, "comes first"],
    [{ "f|expand": "%nobody%" }, "%nobody% is not defined"],
    [{ "f|expand": 5 }, "takes text"],
    [{ "f|hour": 24 }, "from 0 to 23"],
    [{ "f|hour": "5" }, "from 0 to 23"],
    [{ "f|minute": 1.5 }, "from 0 to 59"],
    [{ "f|hour|contains": 5 }, "is a number"],
    [{ "f|gte|hour": 5 }, "comes first"],
    [{ f: [null, 1] }, "of its own"],
    [{ f: [] }, "matches nothing"],
    [{ f: { b: 1 } }, "expected text"],
    [{ f: 2 ** 53 }, "quotes"],
    [{ "": 1 }, "needs a name"],
    [{}, "every event"],
    [[], "at least one"],
    [[[1]], "expected a map"],
    [[null], "null is no keyword"],
    [{ "|exists": true }, "needs a field"],
    [{ "|neq": "a" }, "needs a field"],
    [{ "|lt": 1 }, "needs a field"],
    [{ "|hour": 1 }, "needs a field"],
    [{ "|fieldref": "a" }, "needs a field"],
  ])("%j: %s", (selection, message) => {
    const parse = () => matches({ selection }, {});
    expect(parse).toThrow(SigmaRuleError);
    expect(parse).toThrow(message);
  });

  test.each([
    [{ selection: { f: 1 }, condition: "nobody" }, "not defined"],
    [{ selection: { f: 1 }, condition: "1 of y*" }, "no selection is named"],
    [{ selection: { f: 1 }, condition: "2 of them" }, '"1 of" and "all of"'],
    [{ selection: { f: 1 }, condition: "NOT selection" }, "lower case"],
    [{ selection: { f: 1 }, condition: "selection | count() > 5" }, "aggregations"],
    [{ selection: { f: 1 }, condition: "" }, "expected a condition"],
    [{ selection: { f: 1 }, condition: [] }, "at least one condition"],
    [{ selection: { f: 1 }, condition: 5 }, "expected a condition"],
    [{ selection: { f: 1 }, timeframe: "5m" }, "timeframe"],
    [{ "a b": { f: 1 }, condition: "1 of them" }, "no spaces"],
    [{ "a(b": { f: 1 }, condition: "1 of them" }, "no spaces"],
    [{ "a*b": { f: 1 }, condition: "1 of them" }, "no spaces"],
    [{ "": { f: 1 }, condition: "1 of them" }, "no spaces"],
  ])("%j: %s", (detection, message) => {
    const parse = () => matches(detection, {});
    expect(parse).toThrow(SigmaRuleError);
    expect(parse).toThrow(message);
  });
});
