/**
 * JSON of a value, in which no text has a lone surrogate: `JSON.stringify` writes one as an escape, which becomes a text that
 * is no Unicode where it is read. Each becomes U+FFFD, in names of fields as well.
 *
 * @throws RangeError when the value is nested too deeply
 */
export function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value);
  // Only lone ones are escaped. An even number of backslashes before it is text, of which none escapes the `u`.
  return json.includes("\\ud") ? json.replace(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, "$1\ufffd") : json;
}
