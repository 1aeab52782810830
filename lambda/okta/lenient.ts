/*
 * Reads values that may be of any kind: what is not of the kind that is asked for is null, and no error.
 */

/** An object of JSON. */
type Json = Readonly<Record<string, unknown>>;

/** Text, or a number as text; "null", which Okta writes for some absent values, and empty text are null. */
export function text(value: unknown): string | null {
  if (typeof value === "string") return value === "" || value === "null" ? null : value;
  return Number.isFinite(value) ? String(value) : null;
}

/** A finite number. */
export function number(value: unknown): number | null {
  return Number.isFinite(value) ? (value as number) : null;
}

export function boolean(value: unknown): boolean | null {
  return typeof value === "boolean" ? value : null;
}

/** An object, as it is, or as `read` makes of it. */
export function object(value: unknown): Json | null;
export function object<Value>(value: unknown, read: (json: Json) => Value): Value | null;
export function object<Value>(value: unknown, read?: (json: Json) => Value): Json | Value | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return read === undefined ? (value as Json) : read(value as Json);
}

/** A list of objects, each as `read` makes of it, null for what is none; empty for what is no list. */
export function list<Value>(value: unknown, read: (json: Json) => Value): (Value | null)[] {
  return Array.isArray(value) ? value.map((each) => object(each, read)) : [];
}
