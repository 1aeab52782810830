import { isIP } from "node:net";
import { escapeRegex } from "../../text/escape-regex.ts";
import {
  ANY_RUN,
  escapePattern,
  literalOf,
  literalPattern,
  loosenDashes,
  type Pattern,
  pad,
  parsePattern,
  writeOut,
} from "../pattern.ts";
import { compileRegex } from "../regex.ts";
import {
  type ComparisonOperator,
  type DetectionItem,
  type Operand,
  SigmaRuleError,
  type TextComparison,
  type TimePart,
  timeParts,
} from "../rule.ts";
import { rangeOf } from "../time-part.ts";

/** A value as a rule's author wrote it. */
export type SigmaValue = string | number | boolean | null;

/** The values that a `%name%` stands for, by name. */
export type Placeholders = Readonly<Record<string, readonly string[]>>;

/** A value between two modifiers: as written, as bytes that are still to be encoded, or ready. */
type Draft =
  | Operand
  | { readonly kind: "value"; readonly value: SigmaValue }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

interface DraftItem extends Omit<DetectionItem, "values"> {
  readonly values: readonly (readonly Draft[])[];
  /** Modifiers applied so far. */
  readonly applied: readonly string[];
}

/** Applies one modifier to an item, or throws a {@link SigmaRuleError} where the modifier is not allowed. */
type Modifier = (item: DraftItem) => DraftItem;

/** The most texts that a windash value is expanded into before it is encoded. */
const maximumVariants = 625;

/** The modifiers of Sigma's appendix. To add one is to add a row. */
const modifiers: Readonly<Record<string, Modifier>> = {
  contains: compareText("contains"),
  startswith: compareText("startswith"),
  endswith: compareText("endswith"),
  all: (item) => {
    if (item.values.length < 2) throw new SigmaRuleError("the modifier all needs a list of at least two values");
    return { ...item, linking: "all" };
  },
  cased: (item) => {
    if (item.applied.includes("re"))
      throw new SigmaRuleError("a regular expression is case-sensitive already; drop cased");
    return { ...item, cased: true };
  },
  neq: (item) => {
    if (item.field === null) throw new SigmaRuleError("the modifier neq needs a field");
    return { ...item, negated: true };
  },
  exists: (item) => {
    const [[only] = []] = item.values;
    if (item.field === null) throw new SigmaRuleError("the modifier exists needs a field");
    if (item.values.length !== 1 || only?.kind !== "value" || typeof only.value !== "boolean") {
      throw new SigmaRuleError("the modifier exists takes one value, true or false");
    }
    return { ...item, values: [[{ kind: "exists", expected: only.value }]] };
  },
  re: (item) => {
    first(item, "re");
    return eachValue(item, "re", (value) => {
      if (typeof value !== "string") throw new SigmaRuleError("the modifier re takes a regular expression, as text");
      return [checked({ kind: "regex", source: value, flags: "" })];
    });
  },
  i: regexFlag("i"),
  ignorecase: regexFlag("i"),
  m: regexFlag("m"),
  multiline: regexFlag("m"),
  s: regexFlag("s"),
  dotall: regexFlag("s"),
  cidr: (item) => {
    first(item, "cidr");
    return eachValue(item, "cidr", (value) => [parseNetwork(value)]);
  },
  lt: comparison("lt"),
  lte: comparison("lte"),
  gt: comparison("gt"),
  gte: comparison("gte"),
  ...Object.fromEntries(timeParts.map((part) => [part, takePart(part)])),
  windash: (item) => eachPattern(item, "windash", (pattern) => [{ kind: "pattern", pattern: loosenDashes(pattern) }]),
  wide: encodeText("utf16le", (text) => Buffer.from(text, "utf16le")),
  utf16le: encodeText("utf16le", (text) => Buffer.from(text, "utf16le")),
  utf16be: encodeText("utf16be", (text) => Buffer.from(text, "utf16le").swap16()),
  utf16: encodeText("utf16", (text) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")])),
  base64: (item) => eachEncodable(item, "base64", (bytes) => [literal(Buffer.from(bytes).toString("base64"))]),
  base64offset: (item) =>
    eachEncodable(item, "base64offset", (bytes) => [0, 1, 2].map((shift) => literal(base64AtOffset(bytes, shift)))),
  fieldref: (item) => {
    first(item, "fieldref");
    if (item.field === null) throw new SigmaRuleError("the modifier fieldref needs a field");
    return eachValue(item, "fieldref", (value) => {
      const name = typeof value === "string" ? literalOf(parsePattern(value)) : null;
      if (!name) throw new SigmaRuleError("the modifier fieldref takes the name of a field, without wildcards");
      return [{ kind: "field", field: name, comparison: "equals" }];
    });
  },
  // Placeholders are replaced before, so that their values pass through every modifier.
  expand: (item) => item,
};

/** Whether a value needs no further modifier. */
const isReady = (draft: Draft): draft is Operand => draft.kind !== "value" && draft.kind !== "bytes";

/**
 * Applies the modifiers of an item, left to right, to each of its values.
 *
 * @param field the item's field; null for keywords
 * @param names the modifiers, in the order written
 * @param values at least one
 * @param placeholders the values that `expand` inserts
 * @throws SigmaRuleError for an unknown modifier, or one in a place where it is not allowed
 */
export function applyModifiers(
  field: string | null,
  names: readonly string[],
  values: readonly SigmaValue[],
  placeholders: Placeholders,
): DetectionItem {
  let item: DraftItem = {
    field,
    values: values.map((value) => expand(value, names, placeholders).map((each) => ({ kind: "value", value: each }))),
    linking: "any",
    cased: false,
    negated: false,
    part: null,
    applied: [],
  };
  for (const name of names) {
    const modifier = Object.hasOwn(modifiers, name) ? modifiers[name] : undefined;
    if (modifier === undefined) {
      throw new SigmaRuleError(
        name === ""
          ? 'a modifier is missing beside "|"'
          : `unknown modifier "${name}"; this engine runs: ${Object.keys(modifiers).join(", ")}`,
      );
    }
    if (item.applied.includes(name) && name !== "base64") throw new SigmaRuleError(`the modifier ${name} stands twice`);
    if (item.applied.includes("exists") || (name === "exists" && item.applied.length > 0)) {
      throw new SigmaRuleError("the modifier exists stands alone");
    }
    item = { ...modifier(item), applied: [...item.applied, name] };
  }
  if (names.includes("base64offset") && !names.slice(names.indexOf("base64offset")).includes("contains")) {
    throw new SigmaRuleError("base64offset finds a part of a text: put contains behind it");
  }
  // A keyword matches anywhere in a value, unless a modifier says where.
  const anywhere = field === null && !names.includes("startswith") && !names.includes("endswith");
  const { applied: _, ...rest } = item;
  return {
    ...rest,
    values: item.values.map((drafts) =>
      drafts.map((draft) => {
        const ready = draft.kind === "value" ? plain(draft.value, item) : draft;
        if (!isReady(ready)) {
          throw new SigmaRuleError(
            "bytes of UTF-16 stand in no event: put base64 or base64offset behind this modifier",
          );
        }
        return anywhere && ready.kind === "pattern" ? { ...ready, pattern: pad(ready.pattern, "contains") } : ready;
      }),
    ),
  };
}

/** The operand of a value that no modifier changed. */
function plain(value: SigmaValue, item: DraftItem): Operand {
  if (item.part !== null) return literal(String(partValue(value, item.part)));
  if (value !== null) return { kind: "pattern", pattern: readPattern(value) };
  if (item.field === null) throw new SigmaRuleError("null is no keyword");
  if (item.cased) throw new SigmaRuleError("the modifier cased compares text, and null is none");
  return { kind: "null" };
}

function readPattern(value: Exclude<SigmaValue, null>): Pattern {
  return typeof value === "string" ? parsePattern(value) : literalPattern(String(value));
}

const literal = (text: string): Operand => ({ kind: "pattern", pattern: literalPattern(text) });

function each(item: DraftItem, change: (draft: Draft) => readonly Draft[]): DraftItem {
  return { ...item, values: item.values.map((drafts) => drafts.flatMap(change)) };
}

function first(item: DraftItem, name: string): void {
  const before = item.applied.filter((applied) => !["expand", "cased", "all", "neq"].includes(applied));
  if (before.length > 0) throw new SigmaRuleError(`the modifier ${name} comes first, and stands behind ${before[0]}`);
}

/** For modifiers that take values as they were written. */
function eachValue(item: DraftItem, name: string, change: (value: SigmaValue) => readonly Draft[]): DraftItem {
  return each(item, (draft) => {
    if (draft.kind !== "value") {
      throw new SigmaRuleError(`the modifier ${name} cannot stand behind ${item.applied.join("|")}`);
    }
    return change(draft.value);
  });
}

/** For modifiers of text: a value as written is read as a pattern first. */
function eachPattern(item: DraftItem, name: string, change: (pattern: Pattern) => readonly Draft[]): DraftItem {
  return each(item, (draft) => {
    if (item.part !== null)
      throw new SigmaRuleError(`the modifier ${name} compares text, and ${item.part} is a number`);
    if (draft.kind === "pattern") return change(draft.pattern);
    if (draft.kind === "value" && draft.value !== null) return change(readPattern(draft.value));
    const what = draft.kind === "value" ? "null is none" : `${item.applied.join("|")} leaves none`;
    throw new SigmaRuleError(`the modifier ${name} compares text, and ${what}`);
  });
}

function compareText(name: Exclude<TextComparison, "equals">): Modifier {
  return (item) =>
    each(item, (draft) => {
      if (draft.kind === "field") {
        if (draft.comparison !== "equals") throw new SigmaRuleError(`${name} cannot stand behind ${draft.comparison}`);
        return [{ ...draft, comparison: name }];
      }
      if (draft.kind === "regex") return [anchor(draft, name)];
      const { values } = eachPattern({ ...item, values: [[draft]] }, name, (pattern) => [
        { kind: "pattern", pattern: pad(pattern, name) },
      ]);
      return values.flat();
    });
}

/** A regular expression matches anywhere in the text by itself. */
function anchor(regex: Operand & { kind: "regex" }, name: Exclude<TextComparison, "equals">): Operand {
  if (name === "contains") return regex;
  const source = name === "startswith" ? `\\A(?:${regex.source})` : `(?:${regex.source})\\z`;
  return checked({ ...regex, source });
}

function regexFlag(flag: "i" | "m" | "s"): Modifier {
  return (item) =>
    each(item, (draft) => {
      if (draft.kind !== "regex") throw new SigmaRuleError(`the modifier ${flag} stands behind re`);
      return [checked({ ...draft, flags: draft.flags.includes(flag) ? draft.flags : draft.flags + flag })];
    });
}

function checked(regex: Operand & { kind: "regex" }): Operand {
  try {
    compileRegex(regex.source, regex.flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SigmaRuleError(
      `"${regex.source}" is no regular expression that runs in linear time, as every one here has to: ${reason}`,
    );
  }
  return regex;
}

function comparison(operator: ComparisonOperator): Modifier {
  return (item) => {
    if (item.field === null) throw new SigmaRuleError(`the modifier ${operator} needs a field`);
    return eachValue(item, operator, (value) => {
      if (typeof value !== "number" || !Number.isFinite(value)) {
        throw new SigmaRuleError(`the modifier ${operator} compares numbers: write one, without quotes`);
      }
      return [{ kind: "compare", operator, limit: value }];
    });
  };
}

function takePart(part: TimePart): Modifier {
  return (item) => {
    first(item, part);
    if (item.field === null) throw new SigmaRuleError(`the modifier ${part} needs a field`);
    return { ...item, part };
  };
}

function partValue(value: SigmaValue, part: TimePart): number {
  const [least, greatest] = rangeOf[part];
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > greatest) {
    throw new SigmaRuleError(`the modifier ${part} takes a whole number from ${least} to ${greatest}`);
  }
  return value;
}

function parseNetwork(value: SigmaValue): Operand {
  const [, network = "", prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(typeof value === "string" ? value : "") ?? [];
  const version = network.includes("%") ? 0 : isIP(network);
  const bits = version === 6 ? 128 : 32;
  const length = prefix === undefined ? bits : Number(prefix);
  if (version === 0 || length > bits) {
    throw new SigmaRuleError(`${JSON.stringify(value)} is no network: write an IPv4 or IPv6 one, such as 10.0.0.0/8`);
  }
  return { kind: "cidr", network, prefix: length };
}

function encodeText(name: string, encode: (text: string) => Uint8Array): Modifier {
  return (item) =>
    eachPattern(item, name, (pattern) =>
      textsOf(pattern, name).map((text) => ({ kind: "bytes", bytes: encode(text) })),
    );
}

/** Applies `change` to bytes, or to text without wildcards, which becomes its bytes in UTF-8. */
function eachEncodable(item: DraftItem, name: string, change: (bytes: Uint8Array) => readonly Draft[]): DraftItem {
  return each(item, (draft) => {
    if (draft.kind === "bytes") return change(draft.bytes);
    const { values } = eachPattern({ ...item, values: [[draft]] }, name, (pattern) =>
      textsOf(pattern, name).flatMap((text) => change(Buffer.from(text, "utf8"))),
    );
    return values.flat();
  });
}

function textsOf(pattern: Pattern, name: string): readonly string[] {
  const texts = writeOut(pattern, maximumVariants);
  if (texts === null) {
    throw new SigmaRuleError(
      pattern.includes(ANY_RUN)
        ? `the modifier ${name} encodes a whole text: it cannot hold wildcards, and contains stands behind it`
        : `the modifier ${name} encodes a whole text: it cannot hold wildcards, nor more than four dashes`,
    );
  }
  return texts;
}

/**
 * The base64 characters that depend on this text alone when it starts at an offset in the encoded stream: characters at
 * its edges that mix in neighbouring bytes are cut off (Sigma specification 2.1, "base64offset").
 */
function base64AtOffset(bytes: Uint8Array, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
  const cutStart = [0, 2, 3][shift] ?? 0;
  const cutEnd = [0, 3, 2][(bytes.length + shift) % 3] ?? 0;
  return encoded.slice(cutStart, encoded.length - cutEnd);
}

/** Replaces `%name%` by its values. Inserted text is literal; `\%` is a percent sign. */
function expand(value: SigmaValue, names: readonly string[], placeholders: Placeholders): readonly SigmaValue[] {
  if (!names.includes("expand")) return [value];
  if (typeof value !== "string") throw new SigmaRuleError("the modifier expand takes text with %placeholders%");
  const write = names.includes("re") ? escapeRegex : escapePattern;
  let texts = [""];
  for (const [piece, , name] of value.matchAll(/\\(.)|%([^%\s]+)%|[^\\%]+|[\\%]/gs)) {
    if (name === undefined) {
      const written = piece === "\\%" ? "%" : piece;
      texts = texts.map((text) => text + written);
      continue;
    }
    const values = Object.hasOwn(placeholders, name) ? placeholders[name] : undefined;
    if (values === undefined) {
      const known = Object.keys(placeholders);
      throw new SigmaRuleError(
        `the placeholder %${name}% is not defined in placeholders.yml (${known.length === 0 ? "which defines none" : `defined: ${known.join(", ")}`})`,
        [],
        name,
      );
    }
    texts = texts.flatMap((text) => values.map((each) => text + write(each)));
    if (texts.length > 100_000) throw new SigmaRuleError("the placeholders stand for over 100,000 values");
  }
  return texts;
}
