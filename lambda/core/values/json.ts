/** The value of a text; undefined where it is no JSON. No error quotes the text: it may be a secret, or personal. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
