import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import * as stored from "../../../lambda/core/values/stored.ts";

/** A schema, and the same by zod. */
interface Pair {
  readonly ours: stored.Schema<unknown>;
  readonly theirs: z.ZodMiniType;
}

const leaf: fc.Arbitrary<Pair> = fc.constantFrom<Pair[]>(
  { ours: stored.string(), theirs: z.string() },
  { ours: stored.number(), theirs: z.number() },
  { ours: stored.boolean(), theirs: z.boolean() },
  { ours: stored.unknown(), theirs: z.unknown() },
  { ours: stored.oneOf(["a", "b"]), theirs: z.enum(["a", "b"]) },
  { ours: stored.dateTime(), theirs: z.iso.datetime() },
  {
    ours: stored.check(stored.string(), (text) => text.length > 0, "is empty"),
    theirs: z.string().check(z.minLength(1)),
  },
  {
    ours: stored.union([stored.string(), stored.number(), stored.boolean()]),
    theirs: z.union([z.string(), z.number(), z.boolean()]),
  },
);

const names = ["a", "b", "c", "d"] as const;

const { schema } = fc.letrec<{ schema: Pair; field: Pair; shape: readonly Pair[] }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    tie("schema").map(({ ours, theirs }) => ({ ours: stored.nullable(ours), theirs: z.nullable(theirs) })),
    tie("schema").map(({ ours, theirs }) => ({ ours: stored.array(ours), theirs: z.array(theirs) })),
    tie("schema").map(({ ours, theirs }) => ({ ours: stored.record(ours), theirs: z.record(z.string(), theirs) })),
    tie("schema").map(({ ours, theirs }) => ({
      ours: stored.orElse(ours, "another"),
      theirs: z.catch(theirs, "another" as never),
    })),
    tie("shape").map((fields) => {
      const [ours, theirs] = shapesOf(fields);
      return { ours: stored.object(ours), theirs: z.object(theirs) };
    }),
    tie("shape").map((fields) => {
      const [ours, theirs] = shapesOf(fields);
      return { ours: stored.strictObject(ours), theirs: z.strictObject(theirs) };
    }),
    tie("shape").map((fields) => {
      const [ours, theirs] = shapesOf(fields.slice(1));
      const [more, theirMore] = shapesOf(fields.slice(0, 1));
      return { ours: stored.extend(stored.object(ours), more), theirs: z.extend(z.object(theirs), theirMore) };
    }),
  ),
  shape: fc.array(tie("field"), { maxLength: names.length }),
  field: fc.oneof(
    tie("schema"),
    tie("schema").map(({ ours, theirs }) => ({ ours: stored.optional(ours), theirs: z.optional(theirs) })),
    tie("schema").map(({ ours, theirs }) => ({ ours: stored.exactOptional(ours), theirs: z.exactOptional(theirs) })),
    tie("schema").map(({ ours, theirs }) => ({
      ours: stored.withDefault(ours, "default"),
      theirs: z._default(theirs, "default" as never),
    })),
  ),
}));

function shapesOf(fields: readonly Pair[]) {
  const shapeOf = <Of>(pick: (pair: Pair) => Of) =>
    Object.fromEntries(fields.map((field, index) => [names[index] ?? "", pick(field)]));
  return [shapeOf(({ ours }) => ours), shapeOf(({ theirs }) => theirs)] as const;
}

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(
      "",
      "a",
      "b",
      "text",
      0,
      1.5,
      -1,
      true,
      false,
      null,
      undefined,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ),
    fc.constantFrom("2026-02-28T00:00:00Z", "2024-02-29T23:59:59.123Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z"),
    fc.constantFrom(
      "2026-01-01T24:00:00Z",
      "2026-01-01T00:00Z",
      "2026-01-01",
      "2026-01-00T00:00:00Z",
      "0000-01-01T00:00:00Z",
    ),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names, "e"), tie("value"), { maxKeys: 5 }),
  ),
}));

const placesOf = (issues: readonly { readonly path: readonly PropertyKey[] }[]) =>
  [...new Set(issues.map(({ path }) => path.join(".")))].sort();

describe("a schema of stored values", () => {
  test("reads what zod's reads, refuses what that refuses, and names the same places", () => {
    let read = 0;
    let refused = 0;
    fc.assert(
      fc.property(schema, value, ({ ours, theirs }, given) => {
        const own = stored.safeParse(ours, given);
        const other = theirs.safeParse(given);
        expect(own.success).toBe(other.success);
        if (own.success) {
          read += 1;
          expect(own.data).toStrictEqual(other.data);
          expect(JSON.stringify(own.data)).toBe(JSON.stringify(other.data));
        } else {
          refused += 1;
          // zod names the keys that are not known beside their place.
          const issues = (other.error?.issues ?? []).flatMap((issue) =>
            issue.code === "unrecognized_keys" ? issue.keys.map((key) => ({ path: [...issue.path, key] })) : [issue],
          );
          expect(placesOf(own.faults)).toEqual(placesOf(issues));
        }
      }),
      { numRuns: 5_000 },
    );
    expect(read).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(500);
  });

  test("names the place of what it cannot read", () => {
    const list = stored.array(stored.object({ at: stored.number() }));
    expect(() => stored.parse(list, [{ at: 1 }, { at: "two" }])).toThrow("1.at: expected a number, without quotes");
    expect(() => stored.parse(list, null)).toThrow("the whole: expected a list");
  });

  test("reads no name that an object inherits", () => {
    const parsed = stored.safeParse(stored.record(stored.number()), JSON.parse('{"__proto__": 1, "a": 2}'));
    expect(parsed).toEqual({ success: true, data: { a: 2 } });
    expect(stored.safeParse(stored.object({ toString: stored.unknown() }), {})).toEqual({
      success: false,
      faults: [{ path: ["toString"], message: "is missing" }],
    });
  });
});
