/**
 * Changes every text of a JSON value, except keys. It keeps its own stack: an event that nests a hundred thousand
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
        // Defining the key first keeps the order of keys; defineProperty treats `__proto__` as an ordinary key.
        Object.defineProperty(copy, name, { value: undefined, writable: true, enumerable: true, configurable: true });
        const set = (item: unknown) =>
          Object.defineProperty(copy, name, { value: item, writable: true, enumerable: true, configurable: true });
        pending.push({ value: each, put: set });
      }
    } else put(value);
  }
  return holder.root as Value;
}
