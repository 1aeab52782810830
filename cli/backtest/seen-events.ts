/** The events read so far, by their uuids. */
export interface SeenEvents {
  /** Adds an event; false where it was added before. */
  readonly add: (uuid: string) => boolean;
  /** The same for a uuid of which only the {@link digest} is known. */
  readonly addDigest: (high: number, low: number) => boolean;
}

/** The initial number of slots, a power of two: 4 MB, of which a small export touches little, and enough for 300,000 events. */
const firstSlots = 2 ** 19;
/** The share of slots that are taken, above which their number doubles. */
const maximumLoad = 0.6;

/**
 * Remembers uuids by digests of 64 bits in an open-addressed table of two words a slot, outside of JavaScript's heap: 13 to 27
 * bytes an event, and half as much again while the table grows. Two different uuids among ten million meet in one digest, which
 * would count one event too few, with a probability of about 3 in a million (n²/2⁶⁵).
 */
export function rememberEvents(): SeenEvents {
  let slots = firstSlots;
  let table = new Uint32Array(slots * 2);
  let taken = 0;
  const words = new Uint32Array(2);

  /** Finds the digest, or the free slot for it: an index into the table. */
  const find = (high: number, low: number): number => {
    let slot = low & (slots - 1);
    for (;;) {
      const index = slot * 2;
      const first = table[index];
      const second = table[index + 1];
      if ((first === high && second === low) || (first === 0 && second === 0)) return index;
      slot = (slot + 1) & (slots - 1);
    }
  };
  const put = (index: number, high: number, low: number) => {
    table[index] = high;
    table[index + 1] = low;
  };
  const grow = () => {
    const before = table;
    slots *= 2;
    table = new Uint32Array(slots * 2);
    for (let index = 0; index < before.length; index += 2) {
      const high = before[index] ?? 0;
      const low = before[index + 1] ?? 0;
      if (high !== 0 || low !== 0) put(find(high, low), high, low);
    }
  };

  const addDigest = (high: number, low: number): boolean => {
    const index = find(high, low);
    if (table[index] !== 0 || table[index + 1] !== 0) return false;
    put(index, high, low);
    taken += 1;
    if (taken > slots * maximumLoad) grow();
    return true;
  };

  return {
    add(uuid) {
      digest(unitsOf(uuid), 0, uuid.length, words, 0);
      return addDigest(words[0] ?? 0, words[1] ?? 0);
    },
    addDigest,
  };
}

/**
 * Two words of 32 bits, of which one is not 0: by multiplications and rotations with odd constants of high entropy.
 *
 * @param units the text's UTF-16 code units, or its bytes where all of it is ASCII, which gives the same digest
 * @param into gets the words, from an index on
 */
export function digest(
  units: Uint8Array | Uint16Array,
  start: number,
  end: number,
  into: Uint32Array,
  index: number,
): void {
  let high = 0x9e37_79b9;
  let low = 0x85eb_ca6b;
  for (let at = start; at < end; at += 1) {
    const unit = units[at] as number;
    high = rotate(Math.imul(high ^ unit, 0xcc9e_2d51), 13);
    low = rotate(Math.imul(low + unit, 0x1b87_3593), 17) ^ high;
  }
  high = Math.imul(high ^ (high >>> 16), 0xc2b2_ae35);
  low = Math.imul(low ^ (low >>> 15), 0x27d4_eb2f);
  high = (high ^ (high >>> 13)) >>> 0;
  low = (low ^ (low >>> 16)) >>> 0;
  into[index] = high;
  into[index + 1] = high === 0 && low === 0 ? 1 : low;
}

function unitsOf(text: string): Uint16Array {
  const units = new Uint16Array(text.length);
  for (let index = 0; index < text.length; index += 1) units[index] = text.charCodeAt(index);
  return units;
}

const rotate = (word: number, bits: number) => (word << bits) | (word >>> (32 - bits));
