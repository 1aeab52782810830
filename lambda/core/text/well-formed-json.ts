/**
 * JSON of a value without lone surrogates: each becomes U+FFFD, in names of fields as well. `JSON.stringify` escapes a
 * lone surrogate, so that a reader would get a text that is not Unicode.
 *
 * @throws RangeError when the value nests too deeply
 */
export function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value);
  // JSON.stringify escapes only lone surrogates. An even number of backslashes before the escape is text.
  return json.includes("\\ud") ? json.replace(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, "$1\ufffd") : json;
}
