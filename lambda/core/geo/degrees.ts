/** A decimal number, as JSON writes one and as Java writes a double: no comma, no group of digits, no unit. */
const decimal = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/**
 * Degrees of a latitude or a longitude: a number, or the text of one, as exports and tables have it (`"40.7"`). Null
 * for any other value, such as a decimal comma (`"40,7"`). `usableCoordinates` checks the range.
 */
export function readDegrees(value: unknown): number | null {
  const degrees = typeof value === "string" && decimal.test(value.trim()) ? Number(value) : value;
  return typeof degrees === "number" && Number.isFinite(degrees) ? degrees : null;
}
