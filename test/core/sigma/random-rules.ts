import fc from "fast-check";
import type { Json } from "../../fixtures/events.ts";

/*
 * Random rules and events that have much to do with one another: few fields, few letters, so that both outcomes of
 * every construct come up often.
 */

const fields = ["eventType", "a", "b", "a.b", "list", "list.a", "A"] as const;
const word = fc.string({ unit: fc.constantFrom(..."abAB1"), maxLength: 3 });
const pattern = fc.string({ unit: fc.constantFrom(..."abAB1*?"), maxLength: 4 });
const scalar = fc.oneof(
  word,
  fc.integer({ min: 0, max: 12 }),
  fc.boolean(),
  fc.constantFrom("user.a", "user.b", "1.5"),
);

function oneOrMany<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | Value[]> {
  return fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 3 }));
}

export const item: fc.Arbitrary<[key: string, value: unknown]> = fc.constantFrom(...fields).chain((field) =>
  fc.oneof(
    oneOrMany(fc.oneof(pattern, scalar)).map((value): [string, unknown] => [field, value]),
    fc.constant<[string, unknown]>([field, null]),
    fc
      .tuple(
        fc.constantFrom("contains", "startswith", "endswith", "contains|cased", "contains|neq"),
        oneOrMany(pattern),
      )
      .map(([modifier, value]): [string, unknown] => [`${field}|${modifier}`, value]),
    fc
      .tuple(fc.constantFrom("contains|all", "all"), fc.array(pattern, { minLength: 2, maxLength: 3 }))
      .map(([modifier, value]): [string, unknown] => [`${field}|${modifier}`, value]),
    fc.boolean().map((value): [string, unknown] => [`${field}|exists`, value]),
    oneOrMany(fc.oneof(word, scalar)).map((value): [string, unknown] => [`${field}|neq`, value]),
    fc
      .tuple(fc.constantFrom("lt", "lte", "gt", "gte"), oneOrMany(fc.integer({ min: 0, max: 12 })))
      .map(([modifier, value]): [string, unknown] => [`${field}|${modifier}`, value]),
    fc
      .constantFrom("a", "^a", "b$", "a.", "[ab]1", "(a|b)+$", "A?1", "\\d")
      .map((value): [string, unknown] => [`${field}|re`, value]),
    fc.constantFrom("a", "b", "list.a").map((value): [string, unknown] => [`${field}|fieldref`, value]),
  ),
);

const map = fc.array(item, { minLength: 1, maxLength: 3 }).map((items): Json => Object.fromEntries(items));
export const keyword = fc.string({ unit: fc.constantFrom(..."abAB1"), minLength: 1, maxLength: 2 });
const selection = fc.oneof(
  { weight: 4, arbitrary: map },
  { weight: 2, arbitrary: fc.array(map, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(keyword, { minLength: 1, maxLength: 2 }) },
);

const names = ["one", "two_a", "two_b"] as const;

/** A condition that uses all three selections, with every operator. */
const condition = fc
  .letrec<{ expression: string; operand: string }>((tie) => ({
    operand: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom(...names, "1 of two_*", "all of two_*", "1 of them", "all of them", "any of two_*"),
      tie("operand").map((text) => `not ${text}`),
      tie("expression").map((text) => `(${text})`),
    ),
    expression: fc
      .tuple(tie("operand"), fc.array(fc.tuple(fc.constantFrom("and", "or"), tie("operand")), { maxLength: 2 }))
      .map(([first, others]) => [first, ...others.map(([link, text]) => `${link} ${text}`)].join(" ")),
  }))
  .expression.chain((text) => fc.constantFrom("and", "or").map((link) => `(${text}) ${link} (one or 1 of two_*)`));

/** The detection of a rule. */
export const randomDetection: fc.Arbitrary<Json> = fc.record({
  one: selection,
  two_a: selection,
  two_b: selection,
  condition,
});

const encodable = fc.constantFrom("ab", "a1", "AbA", "-a", "é");

/** Modifiers that the reference evaluator does not know. */
export const furtherItem: fc.Arbitrary<[key: string, value: unknown]> = fc
  .constantFrom("a", "b", "list")
  .chain((field) =>
    fc.oneof(
      oneOrMany(fc.constantFrom("10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32", "::/0", "0.0.0.0/0")).map(
        (value): [string, unknown] => [`${field}|cidr`, value],
      ),
      oneOrMany(encodable).map((value): [string, unknown] => [`${field}|base64|contains`, value]),
      oneOrMany(encodable).map((value): [string, unknown] => [`${field}|base64offset|contains`, value]),
      fc
        .tuple(fc.constantFrom("wide", "utf16le", "utf16be"), encodable)
        .map(([encoding, value]): [string, unknown] => [`${field}|${encoding}|base64|contains`, value]),
      oneOrMany(fc.constantFrom("-a", "a -b", "/b", "a-b", "-a -b")).map((value): [string, unknown] => [
        `${field}|windash|contains`,
        value,
      ]),
      fc
        .tuple(
          fc.constantFrom("re", "re|i", "re|m", "re|s", "re|i|m"),
          fc.constantFrom("^a.b$", "A+", "^b", "a$", "\\s-"),
        )
        .map(([modifier, value]): [string, unknown] => [`${field}|${modifier}`, value]),
      oneOrMany(fc.constantFrom("a\\*", "a\\\\*", "\\a", "\\\\a", "a\\", "*\\?*")).map((value): [string, unknown] => [
        field,
        value,
      ]),
      fc
        .tuple(
          fc.constantFrom("contains", "startswith", "endswith"),
          fc.constantFrom("a\\", "\\", "\\\\", "\\*", "?\\"),
        )
        .map(([modifier, value]): [string, unknown] => [`${field}|${modifier}`, value]),
      fc
        .tuple(
          fc.constantFrom("cased", "startswith|cased", "endswith|cased", "contains|all|cased"),
          fc.constantFrom("a", "A", "aB"),
        )
        .map(([modifier, value]): [string, unknown] => [
          `${field}|${modifier}`,
          modifier.includes("all") ? [value, "b"] : value,
        ]),
      fc
        .tuple(fc.constantFrom("cidr|neq", "re|neq", "startswith|neq"), fc.constantFrom("10.0.0.0/8"))
        .map(([modifier, value]): [string, unknown] => [`${field}|${modifier}`, value]),
    ),
  );

/** Detections that hold one of the modifiers of encoding, network, dash and escape. */
export const furtherDetection: fc.Arbitrary<Json> = furtherItem.map(([key, value]) => ({
  selection: { [key]: value },
  condition: "selection",
}));

const base64 = (text: string, encoding: BufferEncoding) => Buffer.from(text, encoding).toString("base64");

/** Texts that those modifiers have something to say about. */
const furtherText = fc.oneof(
  fc.constantFrom(
    "10.1.2.3",
    "192.0.2.9",
    "203.0.113.1",
    "2001:db8::1",
    "::1",
    "a\nb",
    "b\na",
    "AA",
    "a -b",
    "-a",
    "/a",
  ),
  fc.constantFrom("x \u2013a", "a \u2014b", "a\u2015b", "a-b", "a*", "a\\", "\\a", "\\\\a", "a\\b", "*?", "\\*", "\\"),
  fc
    .tuple(fc.constantFrom("", "x", "xy"), encodable, fc.constantFrom("", "z", "zz"))
    .map((parts) => base64(parts.join(""), "utf8")),
  encodable.map((text) => base64(text, "utf16le")),
  encodable.map((text) => Buffer.from(text, "utf16le").swap16().toString("base64")),
);

/** An event that has something to do with it. */
export const randomEvent: fc.Arbitrary<Json> = fc.record(
  {
    eventType: fc.oneof(fc.constantFrom("user.a", "user.b"), scalar),
    a: fc.oneof(
      scalar,
      furtherText,
      fc.constant(null),
      fc.record({ b: fc.oneof(scalar, fc.constant(null)) }, { requiredKeys: [] }),
    ),
    b: fc.oneof(scalar, furtherText, fc.array(scalar, { maxLength: 2 })),
    list: fc.array(fc.oneof(scalar, fc.record({ a: fc.oneof(scalar, fc.constant(null)) })), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
