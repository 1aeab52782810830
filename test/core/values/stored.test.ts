import { inspect } from "node:util";
import fc from "fast-check";
import * as v from "valibot";
import { expect, test } from "vitest";
import * as z from "zod/mini";
import { finiteNumber, issuesOf, mapOf, readStored, utcTime } from "../../../lambda/core/values/stored.ts";
import { runs } from "../../fixtures/runs.ts";

test("a time is read as zod reads one in UTC, and seconds are not left out", () => {
  const near = fc
    .tuple(
      fc.date({ noInvalidDate: true }),
      fc.integer({ min: 0, max: 23 }),
      fc.constantFrom("", "0", "Z", "-", "31", "+01:00"),
    )
    .map(([date, at, other]) => date.toISOString().slice(0, at) + other + date.toISOString().slice(at + other.length));
  fc.assert(
    fc.property(
      fc.oneof(
        near,
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
        fc.string(),
      ),
      (text) => {
        const theirs = z.iso.datetime().safeParse(text).success && !/T\d\d:\d\dZ$/.test(text);
        expect(v.safeParse(utcTime(), text).success).toBe(theirs);
      },
    ),
    { numRuns: runs(300) },
  );
});

test("a number is finite", () => {
  expect(v.safeParse(finiteNumber(), JSON.parse("1e400")).success).toBe(false);
  expect(v.safeParse(finiteNumber(), "1").success).toBe(false);
  expect(v.parse(finiteNumber(), 1.5)).toBe(1.5);
});

test("whatever its name, a value of an object is found by it", () => {
  const named = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("constructor", "prototype", "toString")), fc.nat());
  fc.assert(
    fc.property(named, (value) => {
      expect(v.parse(mapOf(finiteNumber()), value)).toEqual(new Map(Object.entries(value)));
    }),
  );
  expect(v.parse(mapOf(finiteNumber()), JSON.parse('{"__proto__": 1}'))).toEqual(new Map([["__proto__", 1]]));
  for (const value of [[], [1], null, "text", { a: "1" }])
    expect(v.safeParse(mapOf(finiteNumber()), value).success).toBe(false);
});

test("an issue has its place", () => {
  const { issues } = v.safeParse(v.object({ list: v.array(v.object({ count: v.number() })) }), {
    list: [{ count: 1 }, {}],
  });
  expect(issuesOf(issues ?? [])).toEqual([{ path: ["list", 1, "count"], message: expect.stringContaining("count") }]);
});

test("a value that cannot be read is in no error, which loggers write with all it holds", () => {
  const people = mapOf(v.object({ login: v.string(), count: finiteNumber() }));
  const stored = { people: { "ana@example.com": { login: "ana@example.com", count: "ana.silva" } } };
  let caught: unknown;
  try {
    readStored(v.object({ people }), stored);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(TypeError);
  expect(inspect(caught, { depth: null, showHidden: true })).not.toContain("ana");
  expect(String(caught)).toMatch(/people\.0\.1\.count: expected number$/);
});
