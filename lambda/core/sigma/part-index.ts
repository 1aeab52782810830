/** Finds which of many parts a text contains, in one pass over the text. */
export interface PartIndex<Value> {
  /** The values of each part that the text contains; of a part that it contains several times, as often. */
  readonly find: (text: string) => readonly Value[];
}

/** The characters by which a part is looked up. */
const gramLength = 3;
/** The slots of the table that rules out most positions of a text: 64 kB. */
const slots = 2 ** 16;

/** A part, and the place within it of the characters that it is looked up by. */
interface Entry<Value> {
  readonly part: string;
  readonly offset: number;
  readonly values: readonly Value[];
}

/**
 * Indexes parts by three characters of each, those that the fewest parts share: at each position of a text a table of
 * bits says whether any part can be there. The text's length decides the time, and the number of parts hardly does.
 *
 * An automaton of Aho and Corasick finds the same, but takes megabytes for thousands of parts, or a look-up in a map for
 * each character.
 *
 * @param parts values by part; a part of under three characters is looked for by itself
 */
export function createPartIndex<Value>(parts: ReadonlyMap<string, readonly Value[]>): PartIndex<Value> {
  const short = [...parts].filter(([part]) => part.length < gramLength);
  const long = [...parts].filter(([part]) => part.length >= gramLength);
  const shared = new Map<number, number>();
  for (const [part] of long) {
    for (const gram of new Set(gramsOf(part))) shared.set(gram, (shared.get(gram) ?? 0) + 1);
  }
  const entries = new Map<number, Entry<Value>[]>();
  const mayHold = new Uint8Array(long.length === 0 ? 0 : slots);
  for (const [part, values] of long) {
    const grams = gramsOf(part);
    const offset = grams.reduce(
      (best, gram, index) => ((shared.get(gram) ?? 0) < (shared.get(grams[best] ?? 0) ?? 0) ? index : best),
      0,
    );
    const gram = grams[offset] ?? 0;
    const entry = { part, offset, values };
    const known = entries.get(gram);
    if (known === undefined) entries.set(gram, [entry]);
    else known.push(entry);
    mayHold[slotOf(gram)] = 1;
  }
  return {
    find(text) {
      const found: Value[] = [];
      for (const [part, values] of short) if (text.includes(part)) found.push(...values);
      if (entries.size === 0) return found;
      let gram = 0;
      for (let index = 0; index < text.length; index += 1) {
        gram = next(gram, text.charCodeAt(index));
        if (index < gramLength - 1 || mayHold[slotOf(gram)] === 0) continue;
        for (const { part, offset, values } of entries.get(gram) ?? []) {
          if (text.startsWith(part, index - gramLength + 1 - offset)) found.push(...values);
        }
      }
      return found;
    },
  };
}

/** Ten bits for a character: characters beyond share them, which costs a comparison. */
const next = (gram: number, unit: number) => ((gram << 10) | (unit & 0x3ff)) & 0x3fff_ffff;

const slotOf = (gram: number) => (gram ^ (gram >>> 7) ^ (gram >>> 14)) & (slots - 1);

/** The codes of the characters that start at each position. */
function gramsOf(part: string): readonly number[] {
  const grams: number[] = [];
  let gram = 0;
  for (let index = 0; index < part.length; index += 1) {
    gram = next(gram, part.charCodeAt(index));
    if (index >= gramLength - 1) grams.push(gram);
  }
  return grams;
}
