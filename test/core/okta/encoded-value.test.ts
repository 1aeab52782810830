import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode } from "../../../lambda/core/okta/encoded-value.ts";

describe("text that stands for a value", () => {
  test.each<[string, unknown]>([
    ['{"a": [1, null, "x"]}', { a: [1, null, "x"] }],
    ['"{\\"a\\": 1}"', { a: 1 }],
    ["{New Device=POSITIVE, New IP=NEGATIVE}", { "New Device": "POSITIVE", "New IP": "NEGATIVE" }],
    ["New Device=POSITIVE, New IP=NEGATIVE", { "New Device": "POSITIVE", "New IP": "NEGATIVE" }],
    [
      "{reasons=Anomalous Device, Anomalous Location, level=MEDIUM}",
      { reasons: "Anomalous Device, Anomalous Location", level: "MEDIUM" },
    ],
    [
      "{level=HIGH, detectionName=Session: influenced, issuer=OKTA}",
      { level: "HIGH", detectionName: "Session: influenced", issuer: "OKTA" },
    ],
    ['[{"anonymous":true,"operator":NORD_VPN,"type":"VPN"}]', [{ anonymous: true, operator: "NORD_VPN", type: "VPN" }]],
    ['{"anonymous":false,"operator":null}', { anonymous: false, operator: null }],
    ["{risk={level=HIGH, reasons=[A, B]}, x=y}", { risk: { level: "HIGH", reasons: ["A", "B"] }, x: "y" }],
    ['[{"anonymous":true,"operator":NORD', [{ anonymous: true, operator: "NORD" }]],
    ['[{"a":"b', [{ a: "b" }]],
    ['{a="b', { a: "b" }],
    ["{}", {}],
    ["[]", []],
    ["{", {}],
    ["plain text, of no form", "plain text, of no form"],
    ["", ""],
  ])("%s", (text, expected) => {
    expect(decode(text)).toEqual(expected);
  });

  test("is the value itself where it is no text, and where it is longer than any of Okta's", () => {
    const long = `{a=${"x".repeat(1_000_001)}}`;
    expect([decode(5), decode(null), decode(undefined), decode(long)]).toEqual([5, null, undefined, long]);
  });

  test("is read to its end, whatever it is", () => {
    const odd = fc.array(fc.constantFrom("{", "}", "[", "]", "=", ":", ",", '"', "\\", " ", "a", "null", "__proto__"), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(odd, fc.constantFrom("", "{", "[{"), (parts, start) => {
        expect(() => decode(start + parts.join(""))).not.toThrow();
      }),
      { numRuns: 5_000 },
    );
    expect(decode("[".repeat(19_000))).toEqual(expect.any(Array));
    expect(Object.getPrototypeOf(decode("{__proto__=x}"))).toBe(Object.prototype);
  });
});
