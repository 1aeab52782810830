import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileRule, usesRegex } from "../../../lambda/core/sigma/compile.ts";
import { type Enrichment, UNKNOWN } from "../../../lambda/core/sigma/field.ts";
import { compileRegex } from "../../../lambda/core/sigma/regex.ts";
import type { Json } from "../../fixtures/events.ts";
import { parseTestRule } from "../../fixtures/rules.ts";

function compile(detection: Json) {
  return compileRule(parseTestRule({ condition: "selection", ...detection }), { compileRegex });
}

describe("fields that are not known yet", () => {
  const event = { a: 1 };
  const enrichment: Enrichment = { later: UNKNOWN };

  test.each([
    [{ selection: { later: 1 } }, "unknown"],
    [{ selection: { LATER: 1 } }, "unknown"],
    [{ selection: { "later.deep": null } }, "unknown"],
    [{ selection: { "later|exists": true } }, "unknown"],
    [{ selection: { "later|neq": 1 } }, "unknown"],
    [{ selection: { "later|re": "x" } }, "unknown"],
    [{ selection: { "later|gt": 1 } }, "unknown"],
    [{ selection: { "a|fieldref": "later" } }, "unknown"],
    [{ selection: { a: 2, later: 1 } }, false],
    [{ selection: { a: 1, later: 1 } }, "unknown"],
    [{ selection: [{ a: 1 }, { later: 1 }] }, true],
    [{ selection: { later: 1 }, condition: "not selection" }, "unknown"],
    [{ selection: { later: 1 }, other: { a: 1 }, condition: "selection or other" }, true],
    [{ selection: { later: 1 }, other: { a: 2 }, condition: "selection and other" }, false],
    // Keywords are asked of the event as it was logged: nothing that is added to it can change the answer.
    [{ selection: ["word"] }, false],
  ])("%j: %s", (detection, expected) => {
    expect(compile(detection).evaluate(event, enrichment)).toBe(expected);
  });

  test("once known win over fields of the event, and keywords do not see them", () => {
    const known: Enrichment = { later: { verdict: "mismatch" } };
    const spoofed = { later: { verdict: "match" } };
    expect(compile({ selection: { "later.verdict": "mismatch" } }).evaluate(spoofed, known)).toBe(true);
    expect(compile({ selection: ["mismatch"] }).evaluate({}, known)).toBe(false);
  });
});

describe("an explanation", () => {
  const event = {
    eventType: "user.session.start",
    target: [{ displayName: "Admins" }, { displayName: "Users" }],
    client: { device: null },
    note: "via Tor exit",
  };

  test("names the selections that the condition asks for, and the values that met them", () => {
    const { explain } = compile({
      selection: { eventType: "user.session.*", "target.displayName|contains": ["admin", "root"] },
      other: { note: "absent" },
      filter: { "client.device": "Computer" },
      condition: "(selection or other) and not filter",
    });
    expect(explain(event)).toEqual([
      {
        selection: "selection",
        fields: [
          { field: "eventType", values: ["user.session.start"] },
          { field: "target.displayName", values: ["Admins"] },
        ],
      },
    ]);
  });

  test("of a list of maps names the map that matched", () => {
    const { explain } = compile({ selection: [{ note: "absent" }, { "note|re": "[Tt]or" }] });
    expect(explain(event)).toEqual([{ selection: "selection", fields: [{ field: "note", values: ["via Tor exit"] }] }]);
  });

  test("of an absence lists what is there instead: null, nothing, or the values that differ", () => {
    const { explain } = compile({
      selection: { "client.device": null, "missing|exists": false, "target.displayName|neq": "Root" },
    });
    expect(explain(event)[0]?.fields).toEqual([
      { field: "client.device", values: [null] },
      { field: "missing", values: [] },
      { field: "target.displayName", values: ["Admins", "Users"] },
    ]);
  });

  test("of keywords names where they were found", () => {
    expect(compile({ selection: { "|all": ["tor", "users"] } }).explain(event)).toEqual([
      {
        selection: "selection",
        fields: [
          { field: "note", values: ["via Tor exit"] },
          { field: "target.displayName", values: ["Users"] },
        ],
      },
    ]);
  });
});

test("an engine for regular expressions is needed by rules that hold one, and by no others", () => {
  const withRegex = parseTestRule({ selection: [{ a: 1 }, { "a|re": "x" }], condition: "selection" });
  expect(usesRegex(withRegex)).toBe(true);
  expect(() => compileRule(withRegex)).toThrow("without an engine");
  expect(usesRegex(parseTestRule({ selection: { a: 1 }, condition: "selection" }))).toBe(false);
});

describe("no event makes a compiled rule throw", () => {
  const { evaluate, explain } = compile({
    selection: [
      {
        "a.b|contains": "x",
        c: null,
        "d|cidr": "10.0.0.0/8",
        "e|gt": 5,
        "f|re": "x+$",
        "g|hour": 5,
        "h|fieldref": "a",
        "i|neq": 1,
        "j|exists": true,
        "k|windash|contains": "-a*b?c",
      },
      { "a|re": "^(a|aa)+$" },
    ],
    words: ["x", { "|all": ["y", "z"] }],
    condition: "1 of them",
  });

  test("whatever it is made of", () => {
    const keys = fc.constantFrom(..."abcdefghijkABC", "a.b", "__proto__", "constructor");
    const values = fc.oneof(
      fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true }),
      fc.jsonValue(),
      fc.ipV4(),
      fc.ipV6(),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(keys, fc.oneof(values, fc.dictionary(keys, values))), values), (event) => {
        expect([true, false]).toContain(evaluate(event));
        expect(Array.isArray(explain(event))).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  test("however deeply it is nested", () => {
    const deep: unknown = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    let objects: unknown = "x";
    for (let depth = 0; depth < 100_000; depth += 1) objects = { a: objects };
    for (const event of [deep, { a: deep }, { a: { b: deep } }]) expect(evaluate(event)).toBe(false);
    expect(evaluate(objects)).toBe(true);
  });

  test("nor take longer than its size allows, on patterns that make others backtrack without end", () => {
    const text = "a".repeat(100_000);
    const { evaluate: hostile } = compile({
      selection: { "a|re": "^(a|aa)+$", "a|contains": "a*a*a*a*a*b", "a|re|i": "(a*)*b" },
      condition: "selection",
    });
    expect(hostile({ a: `${text}!` })).toBe(false);
  });
});
