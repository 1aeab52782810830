import fc from "fast-check";
import { expect, test } from "vitest";
import { logLine } from "../../../bench/events.ts";
import { LineSkimmer } from "../../../cli/event-export/line-skimmer.ts";
import { isSpoiled } from "../../../cli/event-export/lost-structure.ts";
import { runs } from "../../fixtures/runs.ts";

const names = new Map(
  ["alternateid", "reason", "isproxy", "asnumber", "target", "lat", "detail"].map((name, i) => [name, i]),
);
/** Compares each line with those before it, from the first one on; or none. */
const createKnowing = () => new LineSkimmer(names, isSpoiled, 0);
const createReading = () => new LineSkimmer(names, isSpoiled, Number.POSITIVE_INFINITY);

/** All that a skimmer says of a line. */
function skim(skimmer: LineSkimmer, line: string) {
  const buffer = Buffer.from(`${line}\n`);
  const end = skimmer.skim(buffer, 0);
  if (end < 0) return null;
  const text = ({ start, end: behind }: { readonly start: number; readonly end: number }) =>
    start === 0 ? null : buffer.toString("utf8", start, behind);
  const found = Array.from({ length: skimmer.count }, (_, index) =>
    JSON.stringify([skimmer.nameAt(index), skimmer.lengthAt(index), skimmer.textAt(index)]),
  );
  return {
    end,
    shape: skimmer.shape,
    texts: [text(skimmer.eventType), text(skimmer.uuid), text(skimmer.published)],
    found: found.sort(),
  };
}

const pieces = [
  '"',
  "\\",
  "\\u0041",
  "\\x",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "1",
  "-",
  ".5e",
  "true",
  "nul",
  "é",
  "\t",
  " ",
  "\u0001",
  "@{",
  "x",
];

/** A line as Okta writes it, with a few pieces put in place of some characters. */
const changedLine = fc
  .tuple(
    fc.nat(400),
    fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(3), fc.constantFrom("", ...pieces)), {
      maxLength: 2,
    }),
  )
  .map(([index, changes]) => {
    let line = JSON.stringify(logLine(index));
    for (const [place, removed, added] of changes) {
      const at = Math.floor(place * line.length);
      line = line.slice(0, at) + added + line.slice(at + removed);
    }
    return line;
  });

test("a line is read as if none was known before it", () => {
  const known = createKnowing();
  let read = 0;
  fc.assert(
    fc.property(changedLine, (line) => {
      const expected = skim(createReading(), line);
      if (expected !== null) read += 1;
      expect(skim(known, line)).toEqual(expected);
      // Once more: it is known now.
      expect(skim(known, line)).toEqual(expected);
    }),
    { numRuns: runs(3_000) },
  );
  expect(read).toBeGreaterThan(100);
});

test("what is read is JSON, whatever differs from a known line", () => {
  const known = createKnowing();
  let read = 0;
  fc.assert(
    fc.property(changedLine, (line) => {
      const result = line.startsWith("{") ? skim(known, line) : null;
      if (result === null) return;
      read += 1;
      const text = Buffer.from(line).toString("utf8", 0, result.end);
      expect(() => JSON.parse(text)).not.toThrow();
    }),
    { numRuns: runs(3_000) },
  );
  expect(read).toBeGreaterThan(100);
});

/** Values of a known line, most of them of JSON, at any place within sixteen bytes. */
const filling = fc.string({ unit: fc.constantFrom("a", "é", " ", "0"), maxLength: 34 });
const odd = fc.constantFrom(
  ...[
    '\\"',
    "\\\\",
    "\\/",
    "\\n",
    "\\u0041",
    "\\u00",
    "\\x",
    "\\",
    '"',
    "\t",
    "[",
    "]",
    "[]",
    "{'",
    "@{",
    "System.",
    "\u00a0@{",
  ],
);
const text = fc.array(fc.oneof(filling, odd, odd), { maxLength: 6 }).map((parts) => `"${parts.join("")}"`);
const number = fc
  .array(fc.constantFrom("0", "7", "12", "-", "+", ".", "e", "E", "x"), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(""));
const truth = fc.constantFrom("true", "false", "tru", "falsy", "truefalse");

test("a line with other values is known where these are JSON, and is left to the reader where they are not", () => {
  let known = 0;
  let others = 0;
  const skimmer = createKnowing();
  const reading = createReading();
  const lineOf = (first: string, second: string, third: string) =>
    `{"reason":${first},"detail":[${second}, {"lat":${third}}],"uuid":${first}}`;
  skim(skimmer, lineOf('"a"', "1", "true"));
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        filling.map((each) => `"${each}"`),
      ),
      fc.oneof(number, fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)),
      truth,
      (first, second, third) => {
        const line = lineOf(first, second, third);
        const result = skim(skimmer, line);
        if (!skimmer.mayHoldList) known += 1;
        else others += 1;
        expect(result).toEqual(skim(reading, line));
        if (result !== null) expect(() => JSON.parse(line)).not.toThrow();
      },
    ),
    { numRuns: runs(2_000) },
  );
  expect(known).toBeGreaterThan(100);
  expect(others).toBeGreaterThan(100);
});

test("a text that may be a list as PowerShell writes it is not known", () => {
  const skimmer = createKnowing();
  const lineOf = (value: string) => JSON.stringify({ uuid: "a", detail: value });
  skim(skimmer, lineOf("a"));
  for (const [value, mayHoldList] of [
    ["b", false],
    ["see [1], or ]", false],
    ["fifteen bytes [] and more", true],
    ["x System.Object[]", true],
  ] as const) {
    skim(skimmer, lineOf(value));
    expect([value, skimmer.mayHoldList]).toEqual([value, mayHoldList]);
  }
});

test("lines within the memory of known ones are compared where they are", () => {
  const skimmer = createKnowing();
  skim(skimmer, JSON.stringify(logLine(0)));
  const { memory } = skimmer;
  const lines = [1, 2, 3].map((index) => `${JSON.stringify(logLine(index))}\n`);
  const buffer = memory?.subarray(7, 7 + lines.join("").length) ?? Buffer.alloc(0);
  buffer.write(lines.join(""));
  let at = 0;
  for (const line of lines) {
    expect(skimmer.skim(buffer, at)).toBe(at + line.length - 1);
    at += line.length;
  }
  expect(buffer.toString("utf8", skimmer.uuid.start, skimmer.uuid.end)).toBe(logLine(3).uuid);
});

test("lines of the same keys have shapes of their own for each choice of the kinds of their values", () => {
  const kinds = ['"a"', "1", "null", "true", "[]", "{}"];
  const skimmer = createReading();
  const shapes = new Set<number>();
  const lines = 6 ** 6;
  for (let choice = 0; choice < lines; choice += 1) {
    const values = Array.from({ length: 6 }, (_, place) => kinds[Math.floor(choice / 6 ** place) % 6]);
    skim(skimmer, `{${values.map((value, place) => `"key${place}":${value}`).join(",")}}`);
    shapes.add(skimmer.shape);
  }
  expect(shapes.size).toBe(lines);
});
