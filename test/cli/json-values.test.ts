import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type JsonFault, type JsonValue, readJsonBatches } from "../../cli/json-values.ts";
import { codePoint } from "../fixtures/code-point.ts";
import { runs } from "../fixtures/runs.ts";

/** Reads a text that arrives in pieces of these sizes, over and over. */
async function read(text: string | Buffer, sizes: readonly number[] = [65_536]): Promise<(JsonValue | JsonFault)[]> {
  const bytes = Buffer.from(text);
  async function* pieces() {
    for (let at = 0, index = 0; at < bytes.length; index += 1) {
      const size = sizes[index % sizes.length] ?? 1;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
  const values: (JsonValue | JsonFault)[] = [];
  for await (const batch of readJsonBatches<never>(pieces(), null)) values.push(...batch);
  return values;
}

describe("values", () => {
  test.each([
    ["as lines", '{"a":1}\n{"a":2}\n', [1, 2]],
    ["as lines of Windows, the last one open", '{"a":1}\r\n{"a":2}', [1, 2]],
    ["with blank lines between", '\n\n{"a":1}\n \n{"a":2}\n', [3, 5]],
    ["of an array on one line", '[{"a":1},{"a":2}]', [1, 1]],
    ["of an array over lines", '[\n  {"a":1},\n  {\n    "a":2\n  }\n]\n', [2, 3]],
    ["of arrays in a row", '[{"a":1}]\n[{"a":2}]\n', [1, 2]],
    ["that span lines", '{\n"a":1\n}\n{\n"a":2}\n', [1, 4]],
    ["without anything between", '{"a":1}{"a":2}', [1, 1]],
    ["behind a byte order mark", '\ufeff{"a":1}\n{"a":2}', [1, 2]],
  ])("%s are read, each with its line", async (_, text, lines) => {
    for (const sizes of [[65_536], [1], [3, 2]]) {
      expect(await read(text, sizes)).toEqual(lines.map((line, index) => ({ value: { a: index + 1 }, line })));
    }
  });

  test.each([
    ["an empty file", ""],
    ["white space", " \n\t\r\n"],
    ["an empty array", "[]"],
  ])("are none in %s", async (_, text) => {
    expect(await read(text)).toEqual([]);
  });

  test("are the same wherever the file is cut, whatever text they hold", async () => {
    const objects = fc.array(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ stringUnit: codePoint })));
    const layouts = fc.constantFrom(
      (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).join("\n"),
      (values: readonly unknown[]) => values.map((value) => JSON.stringify(value, null, 2)).join("\n"),
      (values: readonly unknown[]) => JSON.stringify(values),
      (values: readonly unknown[]) => JSON.stringify(values, null, 1),
    );
    await fc.assert(
      fc.asyncProperty(
        objects,
        layouts,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (values, write, sizes) => {
          const found = await read(write(values), sizes);
          expect(found.map((each) => ("value" in each ? each.value : each))).toEqual(
            JSON.parse(JSON.stringify(values)),
          );
        },
      ),
      { numRuns: runs(250) },
    );
  });
});

/** The values, and for each fault its line and the beginning of its reason. */
const outline = async (text: string | Buffer, sizes?: readonly number[]) =>
  (await read(text, sizes)).map((each) =>
    "value" in each ? each.value : `${each.line}: ${each.fault.split(":")[0] ?? ""}`,
  );

describe("what is no JSON costs its line, and no more", () => {
  test.each<[string, string, unknown[]]>([
    ["a line that was cut off after a colon", '{"a":1}\n{"a":\n{"a":3}\n', [{ a: 1 }, "2: no JSON", { a: 3 }]],
    ["a line that was cut off in a text", '{"a":"x\n{"a":2}\n', ["1: no JSON", { a: 2 }]],
    ["a line that was cut off in an escape", '{"a":"\\\\\n{"a":2}\n', ["1: no JSON", { a: 2 }]],
    ["a line that was cut off in a list", '{"a":[1,\n{"a":2}\n', ["1: no JSON", { a: 2 }]],
    ["a line that was cut off behind a comma", '{"a":1,\n{"a":2}\n', ["1: no JSON", { a: 2 }]],
    ["a line that was cut off two objects deep", '{"a":{"b":1}\n{"a":2}\n', ["1: no JSON", { a: 2 }]],
    ["a last line that was cut off", '{"a":1}\n{"a":{"b":', [{ a: 1 }, "2: no JSON"]],
    ["a missing colon", '{"a":1}\n{"a" 2}\n{"a":3}', [{ a: 1 }, "2: no JSON", { a: 3 }]],
    ["an escape that is none", '{"a":"\\q"}\n{"a":2}', ["1: no JSON", { a: 2 }]],
    ["text", 'hello\n{"a":2}', ["1: no JSON", { a: 2 }]],
    ["a closing bracket too many", '{"a":1}\n]\n{"a":2}', [{ a: 1 }, "2: no JSON", { a: 2 }]],
    ["a brace too many", '{"a":1}}\n{"a":2}', [{ a: 1 }, "1: no JSON", { a: 2 }]],
    ["a value over lines", '{\n  "a": 1\n  "b": 2\n}\n{\n  "a": 2\n}', ["3: no JSON", { a: 2 }]],
    ["a value over lines that was cut off", '{\n  "a": {\n    "b": 1\n{\n  "a": 2\n}', ["1: no JSON", { a: 2 }]],
    ["an element of a list on one line", '[{"a":1},{"a" 2},{"a":3}]', [{ a: 1 }, "1: no JSON", { a: 3 }]],
    ["an element of a list", '[\n{"a":1},\n{"a":\n{"a":3}\n]\n', [{ a: 1 }, "3: no JSON", { a: 3 }]],
    ["a list that was cut off", '[{"a":1},\n', [{ a: 1 }, "2: the array does not end"]],
  ])("%s", async (_, text, expected) => {
    for (const sizes of [[65_536], [1], [3, 2]]) expect(await outline(text, sizes)).toEqual(expected);
  });

  test("a broken line between any others leaves those as they are, wherever the file is cut", async () => {
    const value = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue(), { minKeys: 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { minLength: 1, maxLength: 6 }),
        value,
        fc.nat(),
        fc.nat(),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (values, broken, position, length, sizes) => {
          const line = JSON.stringify(broken);
          const lines = values.map((each) => JSON.stringify(each));
          lines.splice(position % (values.length + 1), 0, line.slice(0, 1 + (length % (line.length - 1))));
          const found = await read(lines.join("\n"), sizes);
          const whole = found.flatMap((each) => ("value" in each ? [each.value] : []));
          expect(whole).toEqual(JSON.parse(JSON.stringify(values)));
          expect(found).toHaveLength(values.length + 1);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("a value without end is not kept for ever, and what follows it is read", async () => {
    const text = Buffer.alloc(65 * 1_048_576, "x");
    text.write('{"');
    const found = await read(Buffer.concat([text, Buffer.from('\n{"a":1}\n')]), [1_048_576]);
    expect(found).toEqual([
      { fault: expect.stringMatching(/^one JSON value of over 64 MiB is not read: .* jq -c '\.events\[\]'/), line: 1 },
      { value: { a: 1 }, line: 2 },
    ]);
  });
});

test("a line with an object behind a prefix is given out as text", async () => {
  const line = '<134>1 2026-11-20T08:00:00Z host okta - - - {"a":1}';
  expect(await read(`${line}\n{"a":2}`)).toEqual([
    { value: line, line: 1 },
    { value: { a: 2 }, line: 2 },
  ]);
});

test("the elements of a list of texts are values", async () => {
  expect(await read('["{\\"a\\":1}", "b, c]",\n "d"]')).toEqual([
    { value: '{"a":1}', line: 1 },
    { value: "b, c]", line: 1 },
    { value: "d", line: 2 },
  ]);
});
