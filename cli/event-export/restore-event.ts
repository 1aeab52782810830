import type { OktaField } from "../../lambda/core/okta/log-event-fields.ts";
import { parseJson } from "../../lambda/core/values/json.ts";
import { isObject, type Json } from "../../lambda/core/values/object.ts";
import { everyElement, type KeyPath, keyPath, type PathStep, pathBelow } from "./key-path.ts";
import { parsePython } from "./python-text.ts";
import { isoTime, readTime } from "./times.ts";

type Container = Record<PropertyKey, unknown>;

/** Events nest a few levels deep. Deeper values do not change, as they must not exhaust the call stack. */
const maximumDepth = 32;

/**
 * Restores an event to Okta's form: keys in Okta's case, objects and lists for flattened keys, and numbers, truth
 * values, objects and lists that an export wrote as text. Keys that are not Okta's stay. Where two keys mean one field,
 * the second keeps its own name.
 */
export function restoreEvent(record: Json): Json {
  return restoreObject(record, keyPath, 0);
}

/** Whether a top-level field has Okta's form, or is not Okta's. */
export function isAsOktaWrites(key: string, value: unknown): boolean {
  const path = keyPath(key);
  if (path === null) return true;
  return path.steps.length === 1 && path.steps[0] === key && !isTextForObject(path, value);
}

/** Whether a field that is an object or a list at Okta holds text. */
export function isTextForObject(path: KeyPath | null, value: unknown): boolean {
  return typeof value === "string" && (path?.field?.kind === "object" || path?.field?.kind === "list");
}

function restoreObject(record: Json, pathOf: (key: string) => KeyPath | null, depth: number): Container {
  const restored: Container = {};
  const lists: unknown[][] = [];
  const columns: Column[] = [];
  for (const [key, value] of Object.entries(record)) {
    const path = pathOf(key);
    if (path === null) {
      put(restored, key, value);
      continue;
    }
    const { steps, field: end } = path;
    const [first] = steps;
    if (steps.includes(everyElement)) {
      columns.push({ key, steps, field: end, values: toList(value, end) });
    } else if (steps.length === 1 && first !== key && Object.hasOwn(record, first as string)) {
      put(restored, key, value);
    } else if (!place(restored, steps, restoreValue(value, end, depth + 1), lists) && !Object.hasOwn(restored, key)) {
      put(restored, key, value);
    }
  }
  for (const { key, steps, field: end, value } of alignedColumns(columns)) {
    if (!place(restored, steps, restoreValue(value, end, depth + 1), lists)) put(restored, key, value);
  }
  for (const each of lists) closeGaps(each);
  return restored;
}

/** A field of every element of a list. */
interface Column {
  readonly key: string;
  readonly steps: readonly PathStep[];
  readonly field: OktaField | null;
  readonly values: readonly unknown[];
}

/** One value of a column, with its path. */
interface Cell extends Omit<Column, "values"> {
  readonly value: unknown;
}

/**
 * Assigns each value of a column to its element. Splunk drops nulls without their positions: the values of a column
 * that is shorter than its list become elements of their own, as do those of a list within several elements.
 */
function alignedColumns(columns: readonly Column[]): readonly Cell[] {
  const listOf = ({ steps }: Column) => steps.slice(0, steps.indexOf(everyElement)).join(".");
  const isNested = ({ steps }: Column) => steps.indexOf(everyElement) !== steps.lastIndexOf(everyElement);
  const lengths = new Map<string, number>();
  for (const column of columns.filter((each) => !isNested(each))) {
    lengths.set(listOf(column), Math.max(lengths.get(listOf(column)) ?? 0, column.values.length));
  }
  const added = new Map<string, number>();
  const add = (list: string, elements: number): number => {
    const next = added.get(list) ?? lengths.get(list) ?? 0;
    added.set(list, next + elements);
    return next;
  };
  const withinOne = new Map<string, number>();
  return columns.flatMap((column) => {
    const { values, steps, ...rest } = column;
    const list = listOf(column);
    const length = lengths.get(list) ?? 0;
    const at = steps.indexOf(everyElement);
    if (isNested(column)) {
      const outer = length < 2 ? 0 : (withinOne.get(list) ?? add(list, 1));
      withinOne.set(list, outer);
      return values.map((value, inner) => ({
        ...rest,
        steps: steps.map((step, index) => (index === at ? outer : step === everyElement ? inner : step)),
        value,
      }));
    }
    const first = values.length === length ? 0 : add(list, values.length);
    return values.map((value, index) => ({ ...rest, steps: steps.with(at, first + index), value }));
  });
}

/** Splunk's CSV joins the values of a column by newlines. */
function toList(value: unknown, field: OktaField | null): readonly unknown[] {
  if (typeof value === "string" && field?.kind !== "object" && field?.kind !== "list") return value.split(/\r?\n/);
  return Array.isArray(value) ? value : [value];
}

function restoreValue(value: unknown, field: OktaField | null, depth: number): unknown {
  if (field === null || value === null || depth > maximumDepth) return value;
  if (typeof value === "string") return restoreText(value, field, depth);
  if (Array.isArray(value)) {
    // In the `fields` of a search engine's answer, every value is a list.
    if (isScalar(field) && value.length === 1) return restoreValue(value[0], field, depth + 1);
    const [only] = value;
    const isText = value.length === 1 && typeof only === "string" && isNearJson(only);
    if (field.kind === "any" && isText) return restoreValue(only, field, depth + 1);
    if (field.kind !== "list") return value;
    return value.map((each) => restoreElement(each, field, depth));
  }
  if (isObject(value)) {
    const restored = field.children.size === 0 ? value : restoreChild(value, field, depth);
    return field.kind === "list" ? [restored] : restored;
  }
  if (field.kind === "time" && typeof value === "number") return isoTime(value);
  return value;
}

/** Whether text is of objects in JSON, or nearly so. It takes linear time, whatever the text is. */
export function isNearJson(text: string): boolean {
  const trimmed = text.trim();
  const inside = trimmed.slice(1, -1);
  if (trimmed.startsWith("{") && trimmed.endsWith("}")) return /[:=]/.test(inside);
  if (!trimmed.startsWith("[") || !trimmed.endsWith("]")) return false;
  const only = inside.trim();
  return only.length > 1 && only.startsWith("{") && only.endsWith("}");
}

/** Reads an element of a list, which an export may have written as text. */
function restoreElement(element: unknown, field: OktaField, depth: number): unknown {
  const value = typeof element === "string" ? readers.object?.(element) : element;
  return isObject(value) ? restoreChild(value, field, depth) : element;
}

const isScalar = ({ kind }: OktaField) => !["any", "object", "list"].includes(kind);

function restoreChild(value: Json, field: OktaField, depth: number): Container {
  return restoreObject(value, (key) => pathBelow(field, key), depth + 1);
}

/** Reads a value that an export wrote as text, and Okta does not. Other text stays. */
const readers: Partial<Record<OktaField["kind"], (text: string) => unknown>> = {
  number: (text) => (/^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : text),
  boolean: (text) => (/^(?:true|false)$/i.test(text) ? text.toLowerCase() === "true" : text),
  time: (text) => readTime(text),
  object: (text) => (/^\s*\{/.test(text) ? (parseJson(text) ?? parsePython(text) ?? text) : text),
  list: (text) => (/^\s*\[/.test(text) ? (parseJson(text) ?? parsePython(text) ?? text) : text),
  // Okta itself writes some of these as text: JSON does not change.
  any: (text) => (/^\s*[[{].*'/s.test(text) && parseJson(text) === undefined ? (parsePython(text) ?? text) : text),
};

function restoreText(text: string, field: OktaField, depth: number): unknown {
  const read = readers[field.kind];
  if (read === undefined) return text;
  if (field.kind !== "time" && field.kind !== "any" && /^\s*(?:null|none)?\s*$/i.test(text)) return null;
  const value = read(text);
  return typeof value === "object" && field.kind !== "any" ? restoreValue(value, field, depth + 1) : value;
}

/**
 * Puts a value in its place, and creates the objects and lists above it.
 *
 * @returns false when the place holds another value
 */
function place(start: Container, steps: readonly PathStep[], value: unknown, lists: unknown[][]): boolean {
  let container = start;
  for (let at = 0; at < steps.length - 1; at += 1) {
    const step = steps[at] as PropertyKey;
    const isList = typeof steps[at + 1] === "number";
    const found = Object.hasOwn(container, step) ? container[step] : null;
    if (found === null || found === undefined) {
      const made: Container | unknown[] = isList ? [] : {};
      if (Array.isArray(made)) lists.push(made);
      put(container, step, made);
      container = made as Container;
    } else if (typeof found === "object" && Array.isArray(found) === isList) {
      container = found as Container;
    } else {
      return false;
    }
  }
  const last = steps.at(-1) as PropertyKey;
  const found = Object.hasOwn(container, last) ? container[last] : null;
  if (found === null || found === undefined) put(container, last, value);
  else if (value !== null && value !== found) {
    return isObject(found) && isObject(value) && merge(found as Container, value, 0);
  }
  return true;
}

function merge(into: Container, from: Json, depth: number): boolean {
  for (const [key, value] of Object.entries(from)) {
    const found = Object.hasOwn(into, key) ? into[key] : null;
    if (found === null || found === undefined) put(into, key, value);
    else if (isObject(found) && isObject(value) && depth < maximumDepth) merge(found as Container, value, depth + 1);
  }
  return true;
}

/** Sets an own property, also one named `__proto__`. */
function put(container: Container, key: PropertyKey, value: unknown): void {
  if (key !== "__proto__") container[key] = value;
  else Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Exports that leave out empty values cause gaps. */
function closeGaps(list: unknown[]): void {
  const full = list.filter(() => true);
  list.splice(0, list.length, ...full);
}
