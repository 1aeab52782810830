/**
 * Values by key, of which no more than a number are made: those of further keys are null.
 *
 * @param maximum the most keys; those that come first are kept
 */
export function createBoundedMap<Key, Value>(maximum: number, create: () => Value) {
  const values = new Map<Key, Value>();
  return {
    /** The value of a key, made at its first use; null beyond the bound. */
    of(key: Key): Value | null {
      const found = values.get(key);
      if (found !== undefined) return found;
      if (values.size >= maximum) return null;
      const value = create();
      values.set(key, value);
      return value;
    },
    entries: () => values.entries(),
  };
}
