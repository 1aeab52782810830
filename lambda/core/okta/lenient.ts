import { isObject, type Json } from "../values/object.ts";

/*
 * Reads values that may be of any kind: a value of another kind than the caller wants is null, not an error. Exports
 * write numbers and truth values as text, and keys in another case: these readers take both.
 */

/** Reads a value of an object by its key, in any case; a key in the exact case wins. */
export type Get = (name: string) => unknown;

/** A value of an object by its key, in any case; undefined for none. */
export function valueAt(json: Json, name: string): unknown {
  if (Object.hasOwn(json, name)) return json[name];
  const folded = name.toLowerCase();
  for (const key in json) {
    if (key.length === folded.length && key.toLowerCase() === folded && Object.hasOwn(json, key)) return json[key];
  }
  return undefined;
}

/** Text, or a number as text; "null", which Okta writes for some absent values, and empty text are null. */
export function text(value: unknown): string | null {
  if (typeof value === "string") return value === "" || value === "null" ? null : value;
  return Number.isFinite(value) ? String(value) : null;
}

/** A finite number, or one as text, in decimal digits with a point: `40.7`. */
export function number(value: unknown): number | null {
  if (typeof value === "string") return /^-?\d{1,30}(?:\.\d{1,30})?$/.test(value.trim()) ? Number(value) : null;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** True or false, or either as text, in any case. */
export function boolean(value: unknown): boolean | null {
  if (typeof value === "boolean") return value;
  const folded = typeof value === "string" ? value.trim().toLowerCase() : "";
  return folded === "true" ? true : folded === "false" ? false : null;
}

/** An object; null for any other value. */
export function object(value: unknown): Json | null {
  return isObject(value) ? value : null;
}

/** Reads an object; null for any other value. */
export function record<Value>(value: unknown, read: (get: Get) => Value): Value | null {
  const json = object(value);
  return json === null ? null : read((name) => valueAt(json, name));
}

/** Reads a list of objects, with null for each element that is not an object; empty for any other value. */
export function list<Value>(value: unknown, read: (get: Get) => Value): (Value | null)[] {
  return Array.isArray(value) ? value.map((each) => record(each, read)) : [];
}
