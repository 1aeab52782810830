import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitJson } from "../../../lambda/core/text/fit-json.ts";

const bytesOf = (json: string) => Buffer.byteLength(JSON.stringify(json));

describe("JSON for a message", () => {
  test("is whole where it fits", () => {
    const value = { list: Array.from({ length: 200 }, (_, index) => index), text: "x".repeat(2_000), none: null };
    expect(JSON.parse(fitJson(value, 10_000))).toEqual(value);
  });

  test("loses the ends of long texts and lists where it does not", () => {
    const value = { kind: "made", items: Array.from({ length: 200 }, () => "x".repeat(2_000)) };
    expect(JSON.parse(fitJson(value, 100_000))).toEqual({
      kind: "made",
      items: Array.from({ length: 100 }, () => `${"x".repeat(500)}…`),
    });
  });

  test("fits whatever characters its texts have", () => {
    const text = fc.oneof(fc.constantFrom('"', "\\", "\u0000", "\ud800", "é", "😀")).map((each) => each.repeat(5_000));
    const entry = fc.record({
      id: text,
      scope: fc.record({ user: text, detections: fc.array(text, { maxLength: 20 }) }),
    });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 10 }), (changes) => {
        expect(bytesOf(fitJson({ changes }, 131_072))).toBeLessThanOrEqual(131_072);
      }),
      { numRuns: 20 },
    );
  });
});
