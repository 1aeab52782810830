/** Exactly one character: Sigma's `?`. */
export const ANY_CHARACTER = 1;
/** Any run of characters, the empty one included: Sigma's `*`. */
export const ANY_RUN = 2;
/**
 * One of the characters that may introduce a command line's option: `windash` puts it in the place of a dash or slash.
 */
const ANY_DASH = 3;

/** `-`, `/`, en dash, em dash, horizontal bar (Sigma specification 2.1, appendix "Modifiers", windash). */
export const dashes: readonly string[] = ["-", "/", "\u2013", "\u2014", "\u2015"];

type Wildcard = typeof ANY_CHARACTER | typeof ANY_RUN | typeof ANY_DASH;

/** A string value after Sigma's escaping is resolved: literal text between wildcards. Plain JSON. */
export type Pattern = readonly (string | Wildcard)[];

/**
 * Resolves wildcards and escapes. A backslash escapes only `*`, `?` and itself; before anything else, and at the end,
 * it is a literal backslash (Sigma specification 2.1, "Escaping").
 */
export function parsePattern(text: string): Pattern {
  const pattern: (string | Wildcard)[] = [];
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

/** Writes text so that {@link parsePattern} reads it back as a literal. */
export function escapePattern(text: string): string {
  return text.replace(/[\\*?]/g, "\\$&");
}

/** A pattern that matches exactly this text, wildcard characters included. */
export function literalPattern(text: string): Pattern {
  return text === "" ? [] : [text];
}

/** The text that a pattern without wildcards matches; null when there are any. */
export function literalOf(pattern: Pattern): string | null {
  if (pattern.length === 0) return "";
  const [only] = pattern;
  return pattern.length === 1 && typeof only === "string" ? only : null;
}

/** Folds case as every comparison without `cased` does. */
export function fold(text: string): string {
  return text.toLowerCase();
}

/** The pattern of any text that holds this one, starts with it, or ends with it. */
export function pad(pattern: Pattern, where: "contains" | "startswith" | "endswith"): Pattern {
  const padded: Pattern = [
    ...(where === "startswith" ? [] : ([ANY_RUN] as const)),
    ...pattern,
    ...(where === "endswith" ? [] : ([ANY_RUN] as const)),
  ];
  // "**" matches what "*" does; one of them keeps the pattern in its quickest form.
  return padded.filter((part, index) => part !== ANY_RUN || padded[index - 1] !== ANY_RUN);
}

/**
 * Lets the dashes and slashes that begin a word stand for one another. Those inside a word stay (`-param-name`), as in
 * pySigma's reading of windash: not after a word character, and before one.
 */
export function loosenDashes(pattern: Pattern): Pattern {
  return pattern.flatMap((part): Pattern => {
    if (typeof part !== "string") return [part];
    return part
      .split(/((?<!\w)[-/\u2013\u2014\u2015](?=\w))/)
      .filter((piece) => piece !== "")
      .map((piece) => (dashes.includes(piece) ? ANY_DASH : piece));
  });
}

/** Writes out every text that a pattern of literals and dashes stands for; null when it has other wildcards. */
export function writeOut(pattern: Pattern, maximum: number): readonly string[] | null {
  let texts = [""];
  for (const part of pattern) {
    if (part === ANY_RUN || part === ANY_CHARACTER) return null;
    const next = part === ANY_DASH ? dashes : [part];
    texts = texts.flatMap((text) => next.map((each) => text + each));
    if (texts.length > maximum) return null;
  }
  return texts;
}

/**
 * Compiles a pattern into a test of a whole string. The time of a test grows at most with the product of the lengths
 * of pattern and text: no input makes it backtrack further.
 */
export function compilePattern(pattern: Pattern, cased: boolean): (text: string) => boolean {
  const folded = cased ? (text: string) => text : fold;
  const parts = pattern.map((part) => (typeof part === "string" ? folded(part) : part));
  const literal = literalOf(parts);
  if (literal !== null) return (text) => folded(text) === literal;
  const [first, second, third] = parts;
  if (parts.length === 1 && first === ANY_RUN) return () => true;
  if (parts.length === 2 && typeof first === "string" && second === ANY_RUN)
    return (text) => folded(text).startsWith(first);
  if (parts.length === 2 && first === ANY_RUN && typeof second === "string")
    return (text) => folded(text).endsWith(second);
  if (parts.length === 3 && first === ANY_RUN && typeof second === "string" && third === ANY_RUN) {
    return (text) => folded(text).includes(second);
  }
  if (parts.every((part) => typeof part === "string" || part === ANY_RUN)) return compileRuns(parts, folded);
  // One element for a character, so that "?" stands for a whole one, outside the Basic Multilingual Plane too.
  const characters = parts.flatMap((part): (string | Wildcard)[] => (typeof part === "string" ? [...part] : [part]));
  return (text) => matchWildcards(characters, [...folded(text)]);
}

/** Literals with runs between them: each is searched for as early as possible behind the one before. */
function compileRuns(parts: Pattern, folded: (text: string) => string): (text: string) => boolean {
  const literals = parts.filter((part) => typeof part === "string");
  const start = parts[0] === ANY_RUN ? "" : (literals.shift() ?? "");
  const end = parts.at(-1) === ANY_RUN ? "" : (literals.pop() ?? "");
  return (text) => {
    const whole = folded(text);
    if (whole.length < start.length + end.length || !whole.startsWith(start) || !whole.endsWith(end)) return false;
    let position = start.length;
    for (const literal of literals) {
      const found = whole.indexOf(literal, position);
      if (found < 0) return false;
      position = found + literal.length;
    }
    return position <= whole.length - end.length;
  };
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
    } else if (part !== undefined && matchesCharacter(part, text[textIndex] ?? "")) {
      patternIndex += 1;
      textIndex += 1;
    } else if (lastRun >= 0) {
      // Only the last "*" needs to grow: it can take every character that an earlier one could.
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

function matchesCharacter(part: string | Wildcard, character: string): boolean {
  if (part === ANY_CHARACTER) return true;
  if (part === ANY_DASH) return dashes.includes(character);
  return part === character;
}
