import fc from "fast-check";
import { expect, test } from "vitest";
import { logLine } from "../../../bench/events.ts";
import { LineSkimmer } from "../../../cli/event-export/line-skimmer.ts";
import { isSpoiled } from "../../../cli/event-export/lost-structure.ts";
import { runs } from "../../fixtures/runs.ts";

const names = new Map(
  ["alternateid", "reason", "isproxy", "asnumber", "target", "lat", "detail"].map((name, i) => [name, i]),
);
const create = () => new LineSkimmer(names, isSpoiled);

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
  const known = create();
  let read = 0;
  fc.assert(
    fc.property(changedLine, (line) => {
      const expected = skim(create(), line);
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
  const known = create();
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
