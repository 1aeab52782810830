import { shorten } from "./shorten.ts";
import { wellFormedJson } from "./well-formed-json.ts";

/** What is left of a value that is too large, in the order in which it is tried: elements of a list, characters of a text. */
const cuts = [
  { items: 100, characters: 500 },
  { items: 30, characters: 200 },
  { items: 10, characters: 100 },
  { items: 3, characters: 20 },
] as const;

/**
 * JSON of a value for a message. The bytes are those of the JSON as text in other JSON, as SNS takes the body of each protocol. Of a
 * value that is too large, long texts and long lists are cut, no more than it takes: a message that the topic refuses would tell nothing.
 *
 * @throws RangeError when the value nests too deeply
 */
export function fitJson(value: unknown, maximumBytes: number): string {
  let json = wellFormedJson(value);
  for (const { items, characters } of cuts) {
    if (Buffer.byteLength(JSON.stringify(json)) <= maximumBytes) return json;
    json = wellFormedJson(cut(value, items, characters));
  }
  return json;
}

function cut(value: unknown, items: number, characters: number): unknown {
  if (typeof value === "string") return shorten(value, characters);
  if (Array.isArray(value)) return value.slice(0, items).map((each) => cut(each, items, characters));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, cut(each, items, characters)]));
}
