/** Values by key, of which no more than a number are made: those of further keys are null. */
export interface BoundedMap<Key, Value> {
  /** The value of a key, made at its first use; null beyond the bound. */
  readonly of: (key: Key) => Value | null;
  readonly entries: () => IterableIterator<[Key, Value]>;
  readonly size: () => number;
}

/** @param maximum the most keys; those that come first are kept */
export function createBoundedMap<Key, Value>(maximum: number, create: () => Value): BoundedMap<Key, Value> {
  const values = new Map<Key, Value>();
  return {
    of(key) {
      const found = values.get(key);
      if (found !== undefined) return found;
      if (values.size >= maximum) return null;
      const value = create();
      values.set(key, value);
      return value;
    },
    entries: () => values.entries(),
    size: () => values.size,
  };
}
