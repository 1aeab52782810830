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

/**
 * Calls `read` once for each text, of the last ones: the same few texts come again and again.
 *
 * @param most texts that are known; with one more, all are read anew, so that memory is bounded
 * @param read a pure function
 */
export function onceEachText<Value>(most: number, read: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, { readonly value: Value }>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found.value;
    const value = read(text);
    if (known.size >= most) known.clear();
    known.set(text, { value });
    return value;
  };
}
