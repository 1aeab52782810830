import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCondition } from "../../../lambda/core/sigma/parse/parse-condition.ts";
import { type Condition, SigmaRuleError } from "../../../lambda/core/sigma/rule.ts";

const names = ["a", "b", "c", "x_1", "x_2", "_hidden", "not_admin"];
const selection = (name: string): Condition => ({ kind: "selection", name });
const parse = (text: string) => parseCondition(text, names);

describe("binding", () => {
  test.each<[string, Condition]>([
    ["a", selection("a")],
    ["not a", { kind: "not", operand: selection("a") }],
    ["not not a", selection("a")],
    [
      "a or b and not c",
      {
        kind: "or",
        operands: [
          selection("a"),
          { kind: "and", operands: [selection("b"), { kind: "not", operand: selection("c") }] },
        ],
      },
    ],
    [
      "(a or b)and c",
      { kind: "and", operands: [{ kind: "or", operands: [selection("a"), selection("b")] }, selection("c")] },
    ],
    ["1 of x_*", { kind: "or", operands: [selection("x_1"), selection("x_2")] }],
    ["all of x_*", { kind: "and", operands: [selection("x_1"), selection("x_2")] }],
    ["1 of _*", selection("_hidden")],
    ["not_admin", selection("not_admin")],
    ["all of them", { kind: "and", operands: ["a", "b", "c", "x_1", "x_2", "not_admin"].map(selection) }],
  ])("%j", (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });
});

describe("refusals", () => {
  test.each([
    ["", "its end"],
    ["a and", "its end"],
    ["a b", '"b"'],
    ["(a", '")"'],
    ["a)", '")"'],
    ["nobody", '"nobody", which is not defined'],
    ["1 of y*", 'no selection is named by "y*"'],
    ["1 of", "its end"],
    ["a | count() > 5", "aggregations"],
    ["a |count", "aggregations"],
    [`${"(".repeat(100)}a${")".repeat(100)}`, "nest deeper"],
  ])("%j says %s", (text, message) => {
    expect(() => parse(text)).toThrow(SigmaRuleError);
    expect(() => parse(text)).toThrow(message);
  });

  test("no text does anything but parse or be refused", () => {
    const words = fc.constantFrom("a", "b", "and", "or", "not", "(", ")", "1", "of", "all", "them", "x_*", "|", "\n");
    fc.assert(
      fc.property(fc.array(words), (parts) => {
        try {
          parse(parts.join(" "));
        } catch (error) {
          expect(error).toBeInstanceOf(SigmaRuleError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
