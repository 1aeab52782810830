/*
 * Okta writes some values of an event as text: as JSON, or in a form that is nearly JSON. Exports write objects as
 * text, too. This module reads all of these forms.
 */

/** Text beyond this many UTF-16 code units is not read; a delivery has no more than six million. */
const maximumLength = 1_000_000;
/** Space from a position on. */
const spaces = /\s*/y;
/** A value without quotes from a position on, and keys before the separators of pairs. */
const plainValue = /[^,}\]]*/y;
const plainKeys: Readonly<Record<string, RegExp>> = { "=:": /[^=:,}]*/y, "=": /[^=,}]*/y, ":": /[^:,}]*/y };
/** Objects and lists within one another. */
const maximumDepth = 8;

/**
 * The value that text stands for, read leniently: JSON (also JSON that is text within JSON), `{New Device=POSITIVE, New
 * IP=NEGATIVE}` with braces or without, and `[{"anonymous":true,"operator":NORD_VPN}]`, where quotes are missing.
 * Truncated text is read up to where it ends.
 *
 * @returns the value itself where it is no text; the text itself where it holds no object, list or pair
 */
export function decode(value: unknown): unknown {
  if (typeof value !== "string" || value.length > maximumLength) return value;
  const text = value.trim();
  // An object without a quoted key is none of JSON's: that is cheaper to see than an exception is to make.
  if (/^(?:["[]|\{\s*["}])/.test(text)) {
    try {
      const parsed: unknown = JSON.parse(text);
      return typeof parsed === "string" && parsed.length < text.length ? decode(parsed) : parsed;
    } catch {
      // Not JSON: it may be the form that is nearly JSON.
    }
  }
  if (plainPairs.test(text)) return readPlainPairs(text);
  if (/^[{[]/.test(text)) return createReader(text).value(0);
  return /^[^=,]+=/.test(text) ? createReader(text).pairs(0) : value;
}

/** Pairs as Okta mostly writes them: `{New Geo-Location=NEGATIVE, New IP=POSITIVE}`. Keys start with a letter, so that none is a number. */
const plainPairs = /^\{[A-Za-z][\w -]*=[A-Z_]+(?:, [A-Za-z][\w -]*=[A-Z_]+)*\}$/;

/** Reads what {@link plainPairs} matches, in a fifth of the time that the reader of all forms takes. */
function readPlainPairs(text: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (let start = 1; start < text.length; ) {
    const comma = text.indexOf(",", start);
    const end = comma < 0 ? text.length - 1 : comma;
    const sign = text.indexOf("=", start);
    found[text.slice(start, sign).trim()] = text.slice(sign + 1, end);
    start = end + 2;
  }
  return found;
}

/** The object or list that text in JSON stands for; the value itself where it is none. */
export function decodeJson(value: unknown): unknown {
  if (typeof value !== "string" || value.length > maximumLength || !/^\s*[{[]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * An expression for {@link mayHold}.
 *
 * @param words of ASCII letters alone
 */
export function wordsInText(...words: readonly string[]): RegExp {
  // Behind a backslash a letter may be written otherwise, and other alphabets have letters of which one of ASCII is the other case.
  return new RegExp(`${words.join("|")}|\\\\|[^\\x00-\\x7f]`, "i");
}

/**
 * Whether a value may hold one of some words as a key or a value, in any case, once it is decoded. Most are text without any, which is
 * cheaper to see than to decode.
 *
 * @param words made by {@link wordsInText}
 */
export function mayHold(value: unknown, words: RegExp): boolean {
  return typeof value === "string" ? words.test(value) : value !== undefined && value !== null;
}

/** Reads the form that is nearly JSON, in one pass. */
function createReader(text: string) {
  let at = 0;
  /** Goes on behind what matches, which may be nothing. */
  const pass = (pattern: RegExp) => {
    // Behind the end of the text, where a quote without its pair leads, an expression would start over.
    if (at >= text.length) return;
    pattern.lastIndex = at;
    pattern.test(text);
    at = pattern.lastIndex;
  };
  const skipSpace = () => pass(spaces);

  /** Text in quotes, without them. */
  const quoted = (): string => {
    at += 1;
    let read = "";
    for (; at < text.length && text[at] !== '"'; at += 1) {
      if (text[at] === "\\") at += 1;
      read += text[at] ?? "";
    }
    at += 1;
    return read;
  };

  /** Text as far as a pattern goes. */
  const read = (pattern: RegExp): string => {
    const start = at;
    pass(pattern);
    return text.slice(start, at).trim();
  };

  const value = (depth: number): unknown => {
    skipSpace();
    const first = text[at];
    if ((first === "{" || first === "[") && depth >= maximumDepth) {
      at = text.length;
      return null;
    }
    if (first === "{") {
      at += 1;
      return pairs(depth + 1);
    }
    if (first === "[") return items(depth + 1);
    return first === '"' ? quoted() : scalar(read(plainValue));
  };

  const items = (depth: number): unknown[] => {
    const read: unknown[] = [];
    at += 1;
    for (;;) {
      skipSpace();
      if (at >= text.length) return read;
      if (text[at] === "]") {
        at += 1;
        return read;
      }
      const start = at;
      const item = value(depth);
      if (item !== "") read.push(item);
      // Skips a comma, or a character that cannot be read, so that the position always advances.
      if (text[at] !== "]" && (text[at] === "," || at === start)) at += 1;
    }
  };

  /** The pairs of an object, behind its brace. A comma divides them only where a new pair begins: a value may hold commas. */
  const pairs = (depth: number): Record<string, unknown> => {
    const found = new Map<string, unknown>();
    let separators = "=:";
    let last: string | null = null;
    for (;;) {
      skipSpace();
      if (at >= text.length) break;
      if (text[at] === "}") {
        at += 1;
        break;
      }
      if (text[at] === ",") {
        at += 1;
        continue;
      }
      const key = text[at] === '"' ? quoted() : read(plainKeys[separators] ?? plainValue);
      skipSpace();
      const separator = text[at] ?? "";
      if (separator !== "" && separators.includes(separator)) {
        // The separator of the first pair is that of all pairs.
        separators = separator;
        at += 1;
        found.set(key, value(depth));
        last = key;
      } else if (last !== null && typeof found.get(last) === "string") {
        found.set(last, `${found.get(last)}, ${key}`);
      }
    }
    return Object.fromEntries(found);
  };

  return { value, pairs };
}

/** A word without quotes: null, true and false are those of JSON. */
function scalar(word: string): string | boolean | null {
  if (word === "null") return null;
  return word === "true" ? true : word === "false" ? false : word;
}
