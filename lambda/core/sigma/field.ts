import { isObject } from "../values/object.ts";

/** Stands in an event for a value that is not known yet. Every test of it is "unknown". */
export const UNKNOWN: unique symbol = Symbol.for("okta-proxy-watch: not known yet");

/** The values at a field's path: an array along the path yields the values of all its elements. */
export interface FieldValues {
  /** Scalars and objects found; null where the field is present and null. */
  readonly values: readonly unknown[];
  /** Whether the field is present, even as null or an empty array. */
  readonly present: boolean;
  /** Whether a value on the path is not known yet. */
  readonly unknown: boolean;
}

/** The values of a field that an event has not. */
export const absent: FieldValues = { values: [], present: false, unknown: false };
const notKnown: FieldValues = { values: [], present: false, unknown: true };

/** A field's name, ready to be looked up. */
export interface FieldPath {
  readonly name: string;
  readonly keys: readonly Key[];
}

/** A key of a path. */
export interface Key {
  readonly written: string;
  readonly folded: string;
}

/** Splits a field name into the keys of its path. */
export function parsePath(name: string): FieldPath {
  return { name, keys: name.split(".").map((written) => ({ written, folded: written.toLowerCase() })) };
}

/**
 * Top-level fields that are added to the event and override its own; they may hold {@link UNKNOWN} at any depth, and {@link OnDemand} below
 * the first.
 */
export type Enrichment = Readonly<Record<string, unknown>>;

/** Marks an {@link OnDemand}. */
const ON_DEMAND: unique symbol = Symbol.for("okta-proxy-watch: read on demand");

/** A value that is read when a rule asks for it, and then once. */
export interface OnDemand {
  readonly kind: typeof ON_DEMAND;
  readonly read: () => unknown;
}

/**
 * An accessor of an object in its place would give each object a hidden class of its own, which V8 collects late.
 *
 * @param read a pure function
 */
export function onDemand<Source>(source: Source, read: (source: Source) => unknown): OnDemand {
  let value: unknown;
  return {
    kind: ON_DEMAND,
    read: () => {
      value ??= read(source);
      return value;
    },
  };
}

/** The value, read where it is {@link OnDemand}. */
export function settled(value: unknown): unknown {
  return isObject(value) && value.kind === ON_DEMAND ? (value as unknown as OnDemand).read() : value;
}

/**
 * Reads a field out of an event, through objects and, at any depth, through the elements of arrays. A key is found by
 * its name as written, else by the first that differs in case alone. A key of the event that is the whole dotted name,
 * as in flattened exports, wins.
 */
export function readField(event: unknown, path: FieldPath, enrichment?: Enrichment): FieldValues {
  let value = event;
  let start = 0;
  const added = enrichment === undefined ? undefined : readKey(enrichment, path.keys[0] as Key);
  if (added !== undefined) {
    value = added;
    start = 1;
  } else if (path.keys.length > 1 && isObject(event) && Object.hasOwn(event, path.name)) {
    return valuesOf(event[path.name]);
  }
  for (let depth = start; depth < path.keys.length; depth += 1) {
    if (Array.isArray(value)) return readElements(value, path.keys, depth);
    if (value === UNKNOWN) return notKnown;
    if (!isObject(value)) return absent;
    value = readKey(value, path.keys[depth] as Key);
    if (added !== undefined) value = settled(value);
    if (value === undefined) return absent;
  }
  return valuesOf(value);
}

/** The values of a field that holds this value. */
export function valuesOf(value: unknown): FieldValues {
  if (value === UNKNOWN) return notKnown;
  if (Array.isArray(value)) return readElements(value, [], 0);
  return { values: [value], present: true, unknown: false };
}

function readElements(array: readonly unknown[], keys: readonly Key[], from: number): FieldValues {
  let unknown = false;
  let present = false;
  const values: unknown[] = [];
  // Its own stack: an event that nests a hundred thousand arrays deep must not exhaust the call stack.
  const pending: { readonly value: unknown; readonly depth: number }[] = [{ value: array, depth: from }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    if (value === UNKNOWN) unknown = true;
    else if (value === undefined) continue;
    else if (Array.isArray(value)) {
      present ||= depth === keys.length;
      for (let index = value.length - 1; index >= 0; index -= 1) pending.push({ value: value[index], depth });
    } else if (depth === keys.length) {
      present = true;
      values.push(value);
    } else if (isObject(value)) {
      pending.push({ value: readKey(value, keys[depth] as Key), depth: depth + 1 });
    }
  }
  return { values, present, unknown };
}

/** A value of an object by its key: by its name as written, else by the first that differs in case alone. */
export function readKey(object: Readonly<Record<string, unknown>>, key: Key): unknown {
  if (Object.hasOwn(object, key.written)) return object[key.written];
  for (const name in object) {
    if (name.length === key.folded.length && name.toLowerCase() === key.folded && Object.hasOwn(object, name)) {
      return object[name];
    }
  }
  return undefined;
}

/** A scalar of an event and where it stands, for example `target.displayName`. */
export interface EventValue {
  readonly path: string;
  readonly value: string | number | boolean;
}

/** Finds the first scalar in any field of an event that passes a test. Keywords are matched this way. */
export function findValue(event: unknown, test: (value: EventValue["value"]) => boolean): EventValue | null {
  const pending: { readonly path: string; readonly value: unknown }[] = [{ path: "", value: event }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { path, value } = next;
    if (isScalar(value)) {
      if (test(value)) return { path, value };
    } else if (Array.isArray(value)) {
      for (let index = value.length - 1; index >= 0; index -= 1) pending.push({ path, value: value[index] });
    } else if (isObject(value)) {
      const names = Object.keys(value);
      for (let index = names.length - 1; index >= 0; index -= 1) {
        const name = names[index] ?? "";
        pending.push({ path: path === "" ? name : `${path}.${name}`, value: value[name] });
      }
    }
  }
  return null;
}

/** Whether a value has a written form that rules compare with. */
export function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
