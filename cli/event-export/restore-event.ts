import type { OktaField } from "../../lambda/okta/log-event-fields.ts";
import { everyElement, type KeyPath, keyPath, pathBelow, type Step } from "./key-path.ts";
import { isoTime, readTime } from "./times.ts";

/** JSON's object. */
export type Json = Readonly<Record<string, unknown>>;
type Container = Record<PropertyKey, unknown>;

/** An event is nested a few levels deep. What lies deeper stays as it is: it must not exhaust the call stack. */
const maximumDepth = 32;

/**
 * Gives an event the shape in which Okta writes it: keys in Okta's case, flattened keys as objects and lists, numbers, true
 * and false that an export wrote as text, objects and lists that it wrote as JSON text. Keys that are not Okta's stay, and
 * where two keys stand for one field, the second stays under its own name, if that is another.
 */
export function restoreEvent(record: Json): Json {
  return restoreObject(record, keyPath, 0);
}

/** Whether Okta writes an event's top-level field so, or it is none of Okta's. */
export function isAsOktaWrites(key: string, value: unknown): boolean {
  const path = keyPath(key);
  if (path === null) return true;
  return path.steps.length === 1 && path.steps[0] === key && !isTextForObject(path, value);
}

/** Whether text stands where Okta has an object or a list. */
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
      columns.push({ key, steps, field: end, values: toList(value) });
    } else if (steps.length === 1 && first !== key && Object.hasOwn(record, first as string)) {
      put(restored, key, value);
    } else if (!place(restored, steps, restoreValue(value, end, depth + 1), lists) && !Object.hasOwn(restored, key)) {
      put(restored, key, value);
    }
  }
  for (const { key, steps, field: end, values } of alignedColumns(columns)) {
    const at = steps.indexOf(everyElement);
    values.forEach((value, index) => {
      const path = steps.with(at, index);
      if (!place(restored, path, restoreValue(value, end, depth + 1), lists)) put(restored, key, values);
    });
  }
  for (const each of lists) closeGaps(each);
  return restored;
}

/** A field of every element of a list. */
interface Column {
  readonly key: string;
  readonly steps: readonly Step[];
  readonly field: OktaField | null;
  readonly values: readonly unknown[];
}

/** Leaves out what is shorter than its list: Splunk drops nulls, and does not say which element lacks the value. */
function alignedColumns(columns: readonly Column[]): readonly Column[] {
  const lengths = new Map<string, number>();
  const listOf = ({ steps }: Column) => steps.slice(0, steps.indexOf(everyElement)).join(".");
  for (const column of columns) {
    lengths.set(listOf(column), Math.max(lengths.get(listOf(column)) ?? 0, column.values.length));
  }
  return columns.filter((column) => column.values.length === lengths.get(listOf(column)));
}

const toList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

function restoreValue(value: unknown, field: OktaField | null, depth: number): unknown {
  if (field === null || value === null || depth > maximumDepth) return value;
  if (typeof value === "string") return restoreText(value, field, depth);
  if (Array.isArray(value)) {
    // In the `fields` of a search engine's answer, every value is a list.
    if (isScalar(field) && value.length === 1) return restoreValue(value[0], field, depth + 1);
    if (field.kind !== "list") return value;
    return value.map((each) => (isObject(each) ? restoreChild(each, field, depth) : each));
  }
  if (isObject(value)) {
    const restored = field.children.size === 0 ? value : restoreChild(value, field, depth);
    return field.kind === "list" ? [restored] : restored;
  }
  if (field.kind === "time" && typeof value === "number") return isoTime(value);
  return value;
}

const isScalar = ({ kind }: OktaField) => !["any", "object", "list"].includes(kind);

function restoreChild(value: Json, field: OktaField, depth: number): Container {
  return restoreObject(value, (key) => pathBelow(field, key), depth + 1);
}

/** What an export wrote as text, and Okta does not. Text that is nothing of the kind stays. */
const readers: Partial<Record<OktaField["kind"], (text: string) => unknown>> = {
  number: (text) => (/^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : text),
  boolean: (text) => (/^(?:true|false)$/i.test(text) ? text.toLowerCase() === "true" : text),
  time: (text) => readTime(text),
  object: (text) => (/^\s*\{/.test(text) ? (parseJson(text) ?? text) : text),
  list: (text) => (/^\s*\[/.test(text) ? (parseJson(text) ?? text) : text),
};

function restoreText(text: string, field: OktaField, depth: number): unknown {
  const read = readers[field.kind];
  if (read === undefined) return text;
  if (field.kind !== "time" && /^\s*(?:null|none)?\s*$/i.test(text)) return null;
  const value = read(text);
  return typeof value === "object" ? restoreValue(value, field, depth + 1) : value;
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Puts a value to its place, and makes the objects and lists on the way.
 *
 * @returns false when something else stands there
 */
function place(start: Container, steps: readonly Step[], value: unknown, lists: unknown[][]): boolean {
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

/** Sets an own property, also one that is named `__proto__`. */
function put(container: Container, key: PropertyKey, value: unknown): void {
  if (key !== "__proto__") container[key] = value;
  else Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true });
}

/** An export that leaves out empty values leaves gaps. */
function closeGaps(list: unknown[]): void {
  const full = list.filter(() => true);
  list.splice(0, list.length, ...full);
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
