/** Stands in an event for a value that is not known yet. Whatever a rule asks of it, the answer is "unknown". */
export const UNKNOWN: unique symbol = Symbol("not known yet");

/** What stands at a field's path: an array along the path yields the values of all its elements. */
export interface FieldValues {
  /** Scalars and objects found; null where the field is present and null. Empty when it is absent. */
  readonly values: readonly unknown[];
  /** Whether the path led to something that is not known yet. */
  readonly unknown: boolean;
}

/** Splits a field name into the keys of its path. */
export function parsePath(field: string): readonly string[] {
  return field.split(".");
}

/** Reads a field out of an event, through objects and, at any depth, through the elements of arrays. */
export function readField(event: unknown, path: readonly string[]): FieldValues {
  let unknown = false;
  const values: unknown[] = [];
  // A stack of our own: an event nested a hundred thousand arrays deep must not exhaust the call stack.
  const pending: { readonly value: unknown; readonly depth: number }[] = [{ value: event, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    if (value === UNKNOWN) {
      unknown = true;
    } else if (Array.isArray(value)) {
      for (let index = value.length - 1; index >= 0; index -= 1) pending.push({ value: value[index], depth });
    } else if (depth === path.length) {
      if (value !== undefined) values.push(value);
    } else if (typeof value === "object" && value !== null) {
      const key = path[depth] ?? "";
      if (Object.hasOwn(value, key)) {
        pending.push({ value: (value as Record<string, unknown>)[key], depth: depth + 1 });
      }
    }
  }
  return { values, unknown };
}
