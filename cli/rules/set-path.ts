/**
 * Sets the value at a path, in a copy. Objects that are missing or null on the way are made; a number is the place of an
 * element of a list.
 *
 * @param path keys from the top: `["outcome", "result"]`, `["target", "0", "displayName"]`
 */
export function setPath(value: unknown, path: readonly string[], wanted: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return wanted;
  if (/^\d+$/.test(key) && (Array.isArray(value) || value === null || value === undefined)) {
    const copy: unknown[] = [...(value ?? [])];
    copy[Number(key)] = setPath(copy[Number(key)], rest, wanted);
    return copy;
  }
  const object = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  return { ...object, [key]: setPath((object as Readonly<Record<string, unknown>>)[key], rest, wanted) };
}
