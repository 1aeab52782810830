/**
 * Calls `read` once for each object while the object is in memory: several stages of the pipeline need the same value of an event.
 *
 * @param read a pure function of an object that never changes
 */
export function onceEach<Key extends object, Value>(read: (key: Key) => Value): (key: Key) => Value {
  const known = new WeakMap<Key, { readonly value: Value }>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found.value;
    const value = read(key);
    known.set(key, { value });
    return value;
  };
}
