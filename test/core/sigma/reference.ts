import { isScalar } from "../../../lambda/core/sigma/field.ts";
import type { Json } from "../../fixtures/events.ts";

/*
 * A second evaluator of Sigma rules, for comparison: slow, obviously right, and made of nothing of the engine's own but
 * the question of what a scalar is. It evaluates the document as written. It knows the modifiers that random rules use.
 */

/** Whether an event matches a rule document with this detection. */
export function referenceMatches(detection: Json, event: unknown): boolean {
  const { condition, ...selections } = detection;
  const truths = new Map(Object.entries(selections).map(([name, body]) => [name, selectionMatches(body, event)]));
  return evaluateExpression(String(condition), truths);
}

/** JavaScript itself evaluates the condition, once every name and quantifier in it is written as true or false. */
function evaluateExpression(condition: string, truths: ReadonlyMap<string, boolean>): boolean {
  const written = condition
    .replace(/\b(1|any|all) of (\S+?)(?=[\s)]|$)/g, (_, quantifier: string, pattern: string) => {
      const named = [...truths].filter(([name]) => isNamed(name, pattern)).map(([, truth]) => truth);
      return String(quantifier === "all" ? named.every(Boolean) : named.some(Boolean));
    })
    .replace(/[\w-]+/g, (word) => {
      if (word === "and") return "&&";
      if (word === "or") return "||";
      if (word === "not") return "!";
      return truths.has(word) ? String(truths.get(word)) : word;
    });
  if (!/^(?:true|false|&&|\|\||!|[()\s])*$/.test(written)) throw new Error(`the reference cannot read ${written}`);
  return Function(`return ${written};`)() as boolean;
}

function isNamed(name: string, pattern: string): boolean {
  if (pattern === "them") return !name.startsWith("_");
  const [before = "", after = ""] = pattern.split("*");
  if (name.startsWith("_") && !pattern.startsWith("_")) return false;
  return pattern.includes("*") ? name.startsWith(before) && name.endsWith(after) : name === pattern;
}

function selectionMatches(body: unknown, event: unknown): boolean {
  if (Array.isArray(body)) return body.some((each) => selectionMatches(each, event));
  if (isScalar(body)) return allScalars(event).some((value) => wildcard(`*${body}*`, value, false));
  return Object.entries(body as Json).every(([key, value]) => itemMatches(key, value, event));
}

function itemMatches(key: string, written: unknown, event: unknown): boolean {
  const [field = "", ...modifiers] = key.split("|");
  const found = valuesAt(event, field.split("."));
  const isThere = isPresent(event, field.split("."));
  const wanted = Array.isArray(written) ? written : [written];
  const one = (value: unknown) => valueMatches(value, modifiers, found, isThere, event);
  const result = modifiers.includes("all") ? wanted.every(one) : wanted.some(one);
  return modifiers.includes("neq") ? !result : result;
}

function valueMatches(
  wanted: unknown,
  modifiers: readonly string[],
  found: unknown[],
  isThere: boolean,
  event: unknown,
): boolean {
  const cased = modifiers.includes("cased");
  if (modifiers.includes("exists")) return isThere === wanted;
  if (wanted === null) return found.length === 0 || found.includes(null);
  const scalars = found.filter(isScalar);
  if (modifiers.includes("re")) return scalars.some((value) => new RegExp(String(wanted), "u").test(String(value)));
  if (modifiers.includes("fieldref")) {
    const others = valuesAt(event, String(wanted).split(".")).filter(isScalar);
    return scalars.some((value) => others.some((other) => String(value).toLowerCase() === String(other).toLowerCase()));
  }
  for (const [name, compare] of comparisons) {
    if (modifiers.includes(name)) {
      return scalars.some((value) => {
        const number = typeof value === "boolean" || String(value).trim() === "" ? Number.NaN : Number(value);
        return compare(number, wanted as number);
      });
    }
  }
  const start = modifiers.includes("contains") || modifiers.includes("endswith") ? "*" : "";
  const end = modifiers.includes("contains") || modifiers.includes("startswith") ? "*" : "";
  return scalars.some((value) => wildcard(`${start}${wanted}${end}`, value, cased));
}

const comparisons = [
  ["lte", (a: number, b: number) => a <= b],
  ["gte", (a: number, b: number) => a >= b],
  ["lt", (a: number, b: number) => a < b],
  ["gt", (a: number, b: number) => a > b],
] as const;

/** Random rules hold no backslashes, so that every `*` and `?` is a wildcard. */
function wildcard(pattern: string, value: unknown, cased: boolean): boolean {
  const source = [...pattern].map((character) =>
    character === "*" ? "[^]*" : character === "?" ? "[^]" : character.replace(/[.+^${}()|[\]\\/-]/g, "\\$&"),
  );
  return new RegExp(`^${source.join("")}$`, cased ? "u" : "iu").test(String(value));
}

/** An empty array is there, though it holds no value. */
function isPresent(value: unknown, path: readonly string[]): boolean {
  if (path.length === 0) return true;
  if (Array.isArray(value)) return value.some((each) => isPresent(each, path));
  const [key = "", ...rest] = path;
  return has(value, key) !== null && isPresent(has(value, key)?.[1], rest);
}

function has(value: unknown, key: string): [name: string, value: unknown] | null {
  if (typeof value !== "object" || value === null) return null;
  const entries = Object.entries(value);
  const exact = entries.find(([name]) => name === key);
  return exact ?? entries.find(([name]) => name.toLowerCase() === key.toLowerCase()) ?? null;
}

/** The values of a field, through the elements of arrays. */
export function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((each) => valuesAt(each, path));
  const [key, ...rest] = path;
  if (key === undefined) return [value];
  const entry = has(value, key);
  return entry === null ? [] : valuesAt(entry[1], rest);
}

/** Every scalar of an event. */
export function allScalars(value: unknown): unknown[] {
  if (isScalar(value)) return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(allScalars) : [];
}
