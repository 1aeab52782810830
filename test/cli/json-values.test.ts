import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../cli/command.ts";
import { type JsonValue, readJsonValues } from "../../cli/json-values.ts";

/** Reads a text that arrives in pieces of these sizes, over and over. */
async function read(text: string | Buffer, sizes: readonly number[] = [65_536]): Promise<JsonValue[]> {
  const bytes = Buffer.from(text);
  async function* pieces() {
    for (let at = 0, index = 0; at < bytes.length; index += 1) {
      const size = sizes[index % sizes.length] ?? 1;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
  const values: JsonValue[] = [];
  for await (const value of readJsonValues(pieces(), "export.json")) values.push(value);
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
    const objects = fc.array(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ stringUnit: "binary" })));
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
          expect(found.map(({ value }) => value)).toEqual(JSON.parse(JSON.stringify(values)));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("what is no JSON is refused with file and line", () => {
  test.each([
    ['{"a":1}\n{"a":\n', /^export\.json:2: no JSON/],
    ['{"a":1}\n{"a" 2}\n', /^export\.json:2: no JSON/],
    ['{\n"a": 1\n"b": 2\n}', /^export\.json:3: no JSON/],
    ["hello\n", /^export\.json:1: no JSON/],
    ['{"a":1}\n]\n', /^export\.json:2: no JSON/],
    ['[{"a":1},\n', /^export\.json:2: the array does not end/],
    ['{"a":"\\q"}', /^export\.json:1: no JSON/],
  ])("%j", async (text, message) => {
    for (const sizes of [[65_536], [1]]) {
      await expect(read(text, sizes)).rejects.toThrow(InputError);
      await expect(read(text, sizes)).rejects.toThrow(message);
    }
  });

  test("a value without end is not kept for ever", async () => {
    const text = Buffer.alloc(65 * 1_048_576, "x");
    text.write('{"');
    await expect(read(text, [1_048_576])).rejects.toThrow(/export\.json:1: a value of over 64 MiB/);
  });
});
