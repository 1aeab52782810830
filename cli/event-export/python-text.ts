import { parseJson } from "../../lambda/core/values/json.ts";

/** The tokens of a Python value in the text of `repr` (https://docs.python.org/3/library/functions.html#repr). */
const token =
  /\s+|[[\]{},:]|True\b|False\b|None\b|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|'(?:[^'\\\n]|\\['"\\nrt])*'|"(?:[^"\\\n]|\\['"\\nrt])*"/iy;

const words: Readonly<Record<string, string>> = { True: "true", False: "false", None: "null" };
const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/**
 * Reads a list or an object that Python wrote as text, as pandas does in a CSV: `[{'type': 'Tor', 'isAnonymous':
 * True}]`.
 *
 * @returns undefined for other text, and for escapes other than those of quotes and white space
 */
export function parsePython(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const read = new RegExp(token);
  let json = "";
  for (let at = 0; at < text.length; at = read.lastIndex) {
    read.lastIndex = at;
    const [found] = read.exec(text) ?? [];
    if (found === undefined) return undefined;
    json += /^['"]/.test(found) ? quoted(found) : (words[found] ?? found);
  }
  return parseJson(json);
}

function quoted(literal: string): string {
  return JSON.stringify(literal.slice(1, -1).replace(/\\(.)/g, (_, escaped: string) => escapes[escaped] ?? escaped));
}
