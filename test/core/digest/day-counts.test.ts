import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type DayCounts,
  fitCounts,
  fixedNames,
  maximumChanged,
  maximumNumbers,
  maximumPersons,
  nameOf,
  openNames,
  sumCounts,
} from "../../../lambda/core/digest/day-counts.ts";

const name = fc.oneof(
  fc.constantFrom(...fixedNames),
  fc.tuple(fc.constantFrom(...openNames), fc.nat(300)).map(([kind, of]) => nameOf(kind, String(of))),
);
const counts: fc.Arbitrary<DayCounts> = fc.record({
  numbers: fc.array(fc.tuple(name, fc.integer({ min: 1, max: 9 }))).map((entries) => new Map(entries)),
  persons: fc.array(fc.nat(80).map(String)).map((persons) => new Set(persons)),
});
const sumOf = ({ numbers }: DayCounts) => [...numbers.values()].reduce((sum, each) => sum + each, 0);

test("whatever is counted, a day keeps its bounds and loses no number", () => {
  fc.assert(
    fc.property(fc.array(counts, { maxLength: 40 }), (all) => {
      let day: DayCounts = { numbers: new Map(fixedNames.map((each) => [each, 0])), persons: new Set() };
      for (const each of all) {
        const fitting = fitCounts(each, { names: new Set(day.numbers.keys()), persons: day.persons });
        expect(fitting.numbers.size).toBeLessThanOrEqual(maximumChanged);
        expect(sumOf(fitting)).toBe(sumOf(each));
        day = sumCounts([day, fitting]);
      }
      expect(day.numbers.size).toBeLessThanOrEqual(maximumNumbers);
      expect(day.persons.size).toBeLessThanOrEqual(maximumPersons);
      expect(sumOf(day)).toBe(all.reduce((sum, each) => sum + sumOf(each), 0));
    }),
  );
});

test("what every day counts is counted by its own name, also on a day that is full", () => {
  const full = {
    names: new Set([
      ...fixedNames,
      ...Array.from({ length: maximumNumbers - fixedNames.length }, (_, n) => nameOf("rule", `${n}`)),
    ]),
    persons: new Set<string>(),
  };
  const counted = fitCounts(
    {
      numbers: new Map([
        ["signIns", 3],
        ["rule#1", 2],
        ["rule#new", 1],
        ["operator#new", 4],
      ]),
      persons: new Set(),
    },
    full,
  );
  expect(Object.fromEntries(counted.numbers)).toEqual({
    signIns: 3,
    "rule#1": 2,
    "other#rule": 1,
    "other#operator": 4,
  });
});

test("a name from outside is well-formed and short", () => {
  expect(nameOf("operator", `\ud800${"x".repeat(500)}`)).toBe(`operator#\ufffd${"x".repeat(99)}`);
});
