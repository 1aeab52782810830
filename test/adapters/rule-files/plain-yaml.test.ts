import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineCounter, parseAllDocuments } from "yaml";
import { readPlainYaml } from "../../../lambda/adapters/rule-files/plain-yaml.ts";
import { runs } from "../../fixtures/runs.ts";

const ours = fileURLToPath(new URL("../../../detections", import.meta.url));

/** What the YAML library reads: the documents and the lines on which they start, or the first fault. */
function readByLibrary(text: string) {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, schema: "core", logLevel: "error" });
  if (!Array.isArray(documents)) return "empty";
  const [fault] = documents.flatMap(({ errors }) => errors);
  if (fault !== undefined) return fault.message;
  try {
    return documents.map((document) => ({
      value: document.toJS(),
      line: lines.linePos(document.contents?.range?.[0] ?? 0).line,
    }));
  } catch (error) {
    // An alias without its anchor.
    expect(error).toBeInstanceOf(ReferenceError);
    return String(error);
  }
}

/** The documents of a text, which are those that the library reads; null for a text that is left to the library. */
function read(text: string) {
  const plain = readPlainYaml(text);
  if (plain === null) return null;
  const expected = readByLibrary(text);
  expect(plain).toEqual(expected);
  // The order of keys as well.
  expect(JSON.stringify(plain)).toBe(JSON.stringify(expected));
  return plain;
}

describe("what rules are mostly written in is read without the YAML library:", () => {
  const valuesOf = (text: string) => read(text)?.map(({ value }) => value);

  test.each([
    ["texts", "a: b c\nd: 'it''s # one'\ne: \"two: #\" # 3\n", { a: "b c", d: "it's # one", e: "two: #" }],
    ["numbers, truth and nothing", "a: 12\nb: true\nc: null\nd:\ne: []\n", { a: 12, b: true, c: null, d: null, e: [] }],
    [
      "texts with digits",
      "a: 2026-11-26\nb: 1.2.3\nc: 12a\nd: 0x\n",
      { a: "2026-11-26", b: "1.2.3", c: "12a", d: "0x" },
    ],
    ["words of YAML 1.1", "a: yes\nb: Off\nc: <x\n", { a: "yes", b: "Off", c: "<x" }],
    ["lists", "a:\n- b\n- 'c'\nd:\n  - e: 1\n    f:\n    - g\n", { a: ["b", "c"], d: [{ e: 1, f: ["g"] }] }],
    ["a list at the top", "# a\n- b: c\n  d:\n  - e\n- f\n", [{ b: "c", d: ["e"] }, "f"]],
    ["maps", "a:\n  b.c|all:\n    d: 1\n  e: 2\nf: 3\n", { a: { "b.c|all": { d: 1 }, e: 2 }, f: 3 }],
    ["blocks", "a: |\n  b\n   c\n\n  d\n\ne: |-\n  f\ng: 1", { a: "b\n c\n\nd\n", e: "f", g: 1 }],
    ["folded blocks", "a: >\n  b\n  c\n\n  d\ne: >-\n  f # g\n", { a: "b c\nd\n", e: "f # g" }],
    ["comments", "# a\n\nb: c # d\n  # e\nf: # g\n  h: 1\n#i", { b: "c", f: { h: 1 } }],
  ])("%s", (_, text, value) => {
    expect(valuesOf(text)).toEqual([value]);
  });

  test("a text with a million spaces within it, in a time that does not grow by their square", () => {
    const text = `b${" ".repeat(1_000_000)}c`;
    expect(read(`a: ${text} \n`)).toEqual([{ value: { a: text }, line: 1 }]);
  });

  test("a key of 1,024 characters, the most that YAML allows", () => {
    const longest = "k".repeat(1_024);
    expect(read(`${longest}: a\n`)).toEqual([{ value: { [longest]: "a" }, line: 1 }]);
    expect(readPlainYaml(`${longest}k: a\n`)).toBeNull();
  });

  test("several documents, each with its line", () => {
    expect(read("# a\n---\nb: 1\n---\n\n# c\nd: 2\n")).toEqual([
      { value: { b: 1 }, line: 3 },
      { value: { d: 2 }, line: 7 },
    ]);
  });

  test("every rule that is deployed", async () => {
    const files = (await readdir(ours)).filter((name) => name.endsWith(".yml") && !name.endsWith(".cases.yml"));
    const rules = files.filter((name) => name !== "severity.yml");
    expect(rules.length).toBeGreaterThan(80);
    for (const name of rules) expect(read(await readFile(join(ours, name), "utf8")), name).not.toBeNull();
  });
});

test.each([
  ["a key twice", "a: 1\na: 2\n"],
  ["a key that is no text", "true: 1\n"],
  ["a key that no map of JavaScript holds", "a:\n  __proto__: 1\n"],
  ["an anchor", "a: &b 1\n"],
  ["a tag", "a: !!str 1\n"],
  ["a flow collection", "a: [b, c]\n"],
  ["a text over two lines", "a: b\n  c\n"],
  ["a map within a line", "a: b: c\n"],
  ["an escape", 'a: "\\u0041"\n'],
  ["a tab", "a:\tb\n"],
  ["the mark of a byte order", "\ufeffa: 1\n"],
  ["a number with a fraction", "a: 1.50\n"],
  ["a number that is not exact", "a: 12345678901234567\n"],
  ["indentation that differs", "a:\n  b: 1\n c: 2\n"],
  ["a text at the top", "a\n"],
  ["a key behind a list", "- a\nb: c\n"],
  ["a document on the line that divides", "- a\n--- b\n"],
  ["nothing", "# a\n"],
  ["an empty document", "a: 1\n---\n"],
  ["an empty document before others", "---\n---\na: 1\n"],
  ["an empty document between others", "a: 1\n---\n# b\n---\nc: 1\n"],
  ["an indentation that a block gives", "a: |2\n    b\n"],
])("%s is left to the YAML library", (_, text) => {
  expect(readPlainYaml(text)).toBeNull();
});

const odd = [
  ..."-1 0o7 1e3 .5 .inf ~ [b] &x *x !t | > |- >- |2 --- ... % @ ` ? ' \"".split(" "),
  ...['"\\n"', '"c"d', "'e", "f: g", "h:", "<<", "\t", "[] i"],
];
const plain = [
  ..."a b.c|re 12 0 007 null True false yes 2026-01-02 é \u00a0j \u2028 \u0085 1.2.3 - []".split(" "),
  ...["'it''s'", '"b: c"', "d e", "a#b", "http://c:1/", "f  ", "g # h", "'i' # j", "{", "x: #", "'#'"],
];
const word = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(...plain) },
  { weight: 1, arbitrary: fc.constantFrom(...odd) },
  { weight: 1, arbitrary: fc.string() },
);
const spaces = fc.constantFrom("  ", "  ", "    ", " ");
/** Empty lines and comments before a line. */
const gap = fc.oneof(
  { weight: 12, arbitrary: fc.constant("") },
  { weight: 1, arbitrary: fc.constantFrom("\n", "  \n", "# a\n", "   # b\n", "#\n\n") },
);
const keys = ["a", "b.c|all", "d-e", "f_1", "g|re", "h", "i j", "2", "no", "true"];
const name = fc.nat(30).map((index) => keys[Math.min(index % 14, keys.length - 1) % (index > 27 ? 10 : 6)] ?? "a");

/** Lines of YAML at an indentation, with the line break before them. */
type Write = (indent: string) => string;
const { map: mapping, list: listing } = fc.letrec<{ map: Write; list: Write; value: Write; block: Write }>((tie) => ({
  map: fc
    .uniqueArray(fc.tuple(name, tie("value"), gap, fc.constantFrom("", "", "", " ")), {
      minLength: 1,
      maxLength: 4,
      selector: ([key]) => key,
    })
    .map((pairs) => (indent) => {
      const lines = pairs.map(([key, write, before, behind]) => {
        return `${before}${indent}${key}:${behind}${write(indent)}`;
      });
      return `\n${lines.join("\n")}`;
    }),
  list: fc
    .tuple(fc.array(fc.tuple(fc.oneof(word, tie("map"), tie("block")), gap), { minLength: 1, maxLength: 3 }), spaces)
    .map(([elements, step]) => (indent) => {
      const lines = elements.map(([element, before]) => {
        if (typeof element === "string") return `${before}${indent}- ${element}`;
        return `${before}${indent}-${step}${element(`${indent} ${step}`).trimStart()}`;
      });
      return `\n${lines.join("\n")}`;
    }),
  block: fc
    .tuple(
      fc.constantFrom("|", ">", "|-", ">-"),
      fc.array(fc.constantFrom("a", "b: c", "", "", "# d", "- e", "f ", " g"), { minLength: 1, maxLength: 5 }),
      spaces,
    )
    .map(([head, lines, step]) => (indent) => {
      const all = lines.map((line, index) => (line === "" && index > 0 ? "" : `${indent}${step}${line || "h"}`));
      return ` ${head}\n${all.join("\n")}`;
    }),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    {
      weight: 6,
      arbitrary: word.map(
        (text): Write =>
          () =>
            ` ${text}`,
      ),
    },
    { weight: 1, arbitrary: fc.constant((): string => "") },
    { weight: 2, arbitrary: tie("block") },
    {
      weight: 2,
      arbitrary: fc.tuple(tie("map"), spaces).map(
        ([write, step]): Write =>
          (indent) =>
            write(indent + step),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(tie("list"), fc.oneof(fc.constant(""), spaces)).map(
        ([write, step]): Write =>
          (indent) =>
            write(indent + step),
      ),
    },
  ),
}));
const document = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: mapping }, { weight: 1, arbitrary: listing }), {
      minLength: 1,
      maxLength: 2,
    }),
    fc.constantFrom("\n", "\n", "\n\n", "", "\n# z"),
  )
  .map(([maps, end]) => maps.map((write) => write("").slice(1)).join("\n---\n") + end);
/** A change somewhere in a text: how far from its start, how many characters go, and what comes instead. */
const change = fc.tuple(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.nat(4),
  fc.oneof(
    fc.constantFrom(...odd),
    fc.constantFrom("\n", "\n  ", "\n- ", "\n---\n", "---\n", "\n\n", "  ", " ", ": ", "#", "", "-", "\r"),
  ),
);

function withChanges(text: string, changes: readonly (readonly [number, number, string])[]): string {
  return changes.reduce((changed, [place, length, by]) => {
    const at = Math.floor(place * changed.length);
    return changed.slice(0, at) + by + changed.slice(at + length);
  }, text);
}

test("whatever is read without the YAML library is what the library reads", () => {
  let count = 0;
  fc.assert(
    fc.property(document, (text) => {
      if (read(text) !== null) count += 1;
    }),
    { numRuns: runs(1_000) },
  );
  expect(count).toBeGreaterThan(runs(300));
});

test("a text with faults is left to the library", () => {
  let faults = 0;
  fc.assert(
    fc.property(document, fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) => {
      const changed = withChanges(text, changes);
      if (read(changed) === null && typeof readByLibrary(changed) === "string") faults += 1;
    }),
    { numRuns: runs(1_000) },
  );
  expect(faults).toBeGreaterThan(runs(100));
});

test("rules with a change anywhere are read as the YAML library reads them", async () => {
  const names = ["password_spray_then_success.yml", "session_start_via_anonymizing_proxy.yml"];
  const texts = await Promise.all(names.map((name) => readFile(join(ours, name), "utf8")));
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) => {
      read(withChanges(text, changes));
    }),
    { numRuns: runs(200) },
  );
});
