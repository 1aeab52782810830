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

  test("is the same where its pairs are plain, and where a space makes the reader of all forms read them", () => {
    const part = fc.constantFrom(
      "New IP",
      "new ip",
      "level",
      "a1",
      "1",
      "_",
      "-",
      " ",
      "=",
      ", ",
      ",",
      "NEGATIVE",
      "A_B",
      "null",
      "x",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = parts.join("");
        const [plain, read] = [decode(`{${text}}`), decode(`{ ${text}}`)];
        expect([plain, Object.keys(plain as object)]).toEqual([read, Object.keys(read as object)]);
      }),
      { numRuns: 5_000 },
    );
    const pairs = "Velocity=NEGATIVE, New Geo-Location=POSITIVE, Velocity=POSITIVE";
    expect(Object.entries(decode(`{${pairs}}`) as object)).toEqual([
      ["Velocity", "POSITIVE"],
      ["New Geo-Location", "POSITIVE"],
    ]);
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
