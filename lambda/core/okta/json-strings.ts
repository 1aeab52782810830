/**
 * A value of JSON with every text in it changed, keys but for. It keeps a stack of its own: an event nested a hundred thousand
 * objects deep must not exhaust the call stack.
 */
export function mapStrings<Value>(root: Value, change: (text: string) => string): Value {
  const holder: Record<string, unknown> = {};
  const pending: { readonly value: unknown; readonly put: (value: unknown) => void }[] = [
    { value: root, put: (value) => Object.assign(holder, { root: value }) },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, put } = next;
    if (typeof value === "string") put(change(value));
    else if (Array.isArray(value)) {
      const copy = new Array<unknown>(value.length);
      put(copy);
      for (const [index, each] of value.entries()) pending.push({ value: each, put: (item) => (copy[index] = item) });
    } else if (typeof value === "object" && value !== null) {
      const copy: Record<string, unknown> = {};
      put(copy);
      for (const [name, each] of Object.entries(value)) {
        // Defined first, and not only once it is changed, so that the order of the keys stays; `__proto__` is a key like others.
        Object.defineProperty(copy, name, { value: undefined, writable: true, enumerable: true, configurable: true });
        const set = (item: unknown) =>
          Object.defineProperty(copy, name, { value: item, writable: true, enumerable: true, configurable: true });
        pending.push({ value: each, put: set });
      }
    } else put(value);
  }
  return holder.root as Value;
}
