/** Any run of characters, the empty one included: Sigma's `*`. */
export const ANY_RUN: unique symbol = Symbol("*");
/** Exactly one character: Sigma's `?`. */
export const ANY_CHARACTER: unique symbol = Symbol("?");

/** Literal text, or a wildcard. */
type PatternPart = string | typeof ANY_RUN | typeof ANY_CHARACTER;

/** A string value after Sigma's escaping is resolved: literal text between wildcards. */
export type Pattern = readonly PatternPart[];

/**
 * Resolves wildcards and escapes. A backslash escapes only `*`, `?` and itself; before anything else, and at the end,
 * it is a literal backslash (Sigma specification 2.1, "Escaping").
 */
export function parsePattern(text: string): Pattern {
  const pattern: PatternPart[] = [];
  let literal = "";
  const flush = () => {
    if (literal !== "") pattern.push(literal);
    literal = "";
  };
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    const next = text.charAt(index + 1);
    if (character === "\\" && (next === "*" || next === "?" || next === "\\")) {
      literal += next;
      index += 1;
    } else if (character === "*" || character === "?") {
      flush();
      pattern.push(character === "*" ? ANY_RUN : ANY_CHARACTER);
    } else {
      literal += character;
    }
  }
  flush();
  return pattern;
}

/** A pattern that matches exactly this text, wildcard characters included. */
export function literalPattern(text: string): Pattern {
  return text === "" ? [] : [text];
}

/**
 * Compiles a pattern into a test of a whole string. The time of a test grows at most with the product of the lengths
 * of pattern and text: no input makes it backtrack further.
 */
export function compilePattern(pattern: Pattern, cased: boolean): (text: string) => boolean {
  const fold = cased ? (text: string) => text : (text: string) => text.toLowerCase();
  const parts = pattern.map((part) => (typeof part === "string" ? fold(part) : part));
  const [first, second, third] = parts;
  if (parts.length === 0) return (text) => text === "";
  if (parts.length === 1 && typeof first === "string") return (text) => fold(text) === first;
  if (parts.length === 1 && first === ANY_RUN) return () => true;
  if (parts.length === 2 && typeof first === "string" && second === ANY_RUN)
    return (text) => fold(text).startsWith(first);
  if (parts.length === 2 && first === ANY_RUN && typeof second === "string")
    return (text) => fold(text).endsWith(second);
  if (parts.length === 3 && first === ANY_RUN && typeof second === "string" && third === ANY_RUN) {
    return (text) => fold(text).includes(second);
  }
  // One element for a character, so that "?" stands for a whole one, outside the Basic Multilingual Plane too.
  const characters = parts.flatMap((part): PatternPart[] => (typeof part === "string" ? [...part] : [part]));
  return (text) => matchWildcards(characters, [...fold(text)]);
}

function matchWildcards(pattern: Pattern, text: readonly string[]): boolean {
  let patternIndex = 0;
  let textIndex = 0;
  let lastRun = -1;
  let runEnd = 0;
  while (textIndex < text.length) {
    const part = pattern[patternIndex];
    if (part === ANY_RUN) {
      lastRun = patternIndex;
      runEnd = textIndex;
      patternIndex += 1;
    } else if (part !== undefined && (part === ANY_CHARACTER || part === text[textIndex])) {
      patternIndex += 1;
      textIndex += 1;
    } else if (lastRun >= 0) {
      // Only the last "*" needs to be tried further: what an earlier one could still take, this one can.
      runEnd += 1;
      textIndex = runEnd;
      patternIndex = lastRun + 1;
    } else {
      return false;
    }
  }
  while (pattern[patternIndex] === ANY_RUN) patternIndex += 1;
  return patternIndex === pattern.length;
}
