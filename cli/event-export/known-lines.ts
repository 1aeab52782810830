import {
  type Compare,
  compileCompare,
  endOfLine,
  maximumFound,
  memoryLayout,
  type numberValue,
  stepLayout,
  textValue,
  type truthValue,
} from "./known-lines-code.ts";

/** A list of a watched name, within the text that lines share. */
const watchedList = 4;

/** The kinds of values that differ among lines of one shape; null, objects and lists are part of the shape. */
type ValueKind = typeof textValue | typeof numberValue | typeof truthValue;

/** The most values of a line that is remembered. */
const maximumValues = 1_024;
/** Bytes that are compared together, and that stand behind what is compared. */
const blockBytes = 16;
const newline = 0x0a;
/** What text that an exporter spoiled may begin with, a space beyond ASCII by its first byte. */
export const suspects: Uint8Array = flags([..."@S{[( \\", "\u00a0", "\u1680", "\u2000", "\u3000", "\ufeff"]);
/** What may follow a backslash, but for `u`. */
export const escapes: Uint8Array = flags([...'"\\/bfnrt']);

function flags(characters: readonly string[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[Buffer.from(character)[0] as number] = 1;
  return table;
}

interface KnownValue {
  readonly kind: number;
  readonly name: number;
  readonly top: number;
  readonly shape: number;
  readonly lists: readonly number[];
}

/** A part of a buffer. */
export class Span {
  start = 0;
  end = 0;

  set(start: number, end: number): void {
    this.start = start;
    this.end = end;
  }
}

/**
 * The lines that were read before, as a tree of steps: text that lines share, and behind it a value that differs among them,
 * or the line's end. The next line mostly differs from one of them in its values alone; then its other text is compared
 * sixteen bytes at once, in place of being read, by the code of `known-lines-code.ts`, in a memory of 3 MB.
 *
 * Its result lasts up to the next line.
 */
export class KnownLines {
  /** Four words for each value of a watched name: the name's index, the value's kind, and the addresses of its start and end. */
  readonly found: Int32Array;
  /** A part of the memory for what is read: lines in it are compared without being copied. */
  readonly memory: Buffer;
  /** What has to be added to a position in the buffer for its address in the memory. */
  base = 0;
  readonly #compare: Compare;
  readonly #bytes: Buffer;
  readonly #words: DataView<ArrayBuffer>;
  /** The buffer of which a part is in the memory, and the positions of the part. */
  #buffer: Buffer | null = null;
  #from = 0;
  #to = 0;
  #nextStep: number = memoryLayout.steps;
  /** The values of the line that is being read. */
  #count = 0;
  readonly #kinds = new Uint8Array(maximumValues);
  readonly #starts = new Int32Array(maximumValues);
  readonly #ends = new Int32Array(maximumValues);
  readonly #names = new Int32Array(maximumValues);
  readonly #tops = new Uint8Array(maximumValues);

  /** @throws where WebAssembly cannot be used: by a processor without 128-bit instructions, or in little address space */
  constructor() {
    const memory = new WebAssembly.Memory({ initial: memoryLayout.pages, maximum: memoryLayout.pages });
    this.#compare = compileCompare(memory);
    this.#bytes = Buffer.from(memory.buffer);
    this.#words = new DataView(memory.buffer);
    this.found = new Int32Array(memory.buffer, memoryLayout.found, 4 * maximumFound);
    this.memory = this.#bytes.subarray(memoryLayout.chunk, memoryLayout.chunk + memoryLayout.chunkBytes);
    this.#bytes.set(suspects, memoryLayout.suspects);
    this.#bytes.set(escapes, memoryLayout.escapes);
  }

  /**
   * Compares the line that starts there with those before it.
   *
   * @param buffer holds a newline at this position or behind it
   * @returns the position behind its object; -1 for a line that differs in more than its values, or that the reader has to decide on
   */
  compare(buffer: Buffer, start: number): number {
    if (buffer !== this.#buffer || start < this.#from || start >= this.#to) this.#hold(buffer, start);
    const end = this.#compare(start + this.base);
    return end < 0 ? -1 : end - this.base;
  }

  /** The number of values of watched names in the line that was compared. */
  get count(): number {
    return this.#words.getInt32(memoryLayout.count, true);
  }

  /** The shape of the line that was compared. */
  get shape(): number {
    return this.#words.getFloat64(memoryLayout.shape, true);
  }

  /** The positions of a text at the top, by its number from 1, in the line that was compared. */
  setTop(number: number, span: Span): void {
    const address = memoryLayout.tops + blockBytes * (number - 1);
    const start = this.#words.getInt32(address, true);
    if (start === 0) span.set(0, 0);
    else span.set(start - this.base, this.#words.getInt32(address + 4, true) - this.base);
  }

  /** Puts lines into the memory, where they are not there yet: whole ones but for one that is too long; a newline ends them in any case. */
  #hold(buffer: Buffer, start: number): void {
    this.#buffer = buffer;
    if (buffer.buffer === this.#bytes.buffer) {
      this.base = buffer.byteOffset;
      this.#from = 0;
      this.#to = buffer.length;
      return;
    }
    const { window, windowBytes } = memoryLayout;
    const most = Math.min(start + windowBytes, buffer.length);
    const lastNewline = buffer.lastIndexOf(newline, most - 1);
    const end = lastNewline < start ? most : lastNewline + 1;
    this.#bytes.set(buffer.subarray(start, end), window);
    this.#bytes[window + end - start] = newline;
    this.base = window - start;
    this.#from = start;
    this.#to = end;
  }

  /** Starts a line that is read. */
  start(): void {
    this.#count = 0;
  }

  /**
   * Takes down a value of the line, in their order.
   *
   * @param start its position, quotes included
   * @param end the position behind it
   * @param top which of the texts at the top it is, from 1; 0 for none
   */
  addValue(kind: ValueKind, start: number, end: number, name: number, top: number): void {
    this.#add(kind, start, end, name, top);
  }

  /** Takes down the start of a list that a watched name has. */
  addList(start: number, name: number): void {
    this.#add(watchedList, start, start, name, 0);
  }

  #add(kind: number, start: number, end: number, name: number, top: number): void {
    const index = this.#count;
    this.#count += 1;
    if (index >= maximumValues) return;
    this.#kinds[index] = kind;
    this.#starts[index] = start;
    this.#ends[index] = end;
    this.#names[index] = name;
    this.#tops[index] = top;
  }

  /** Remembers the line whose values were taken down. */
  remember(buffer: Buffer, start: number, end: number, shape: number): void {
    if (this.#count > maximumValues) return;
    let link: number = memoryLayout.first;
    let at = start;
    let lists: number[] = [];
    for (let index = 0; index < this.#count; index += 1) {
      const kind = this.#kinds[index] as number;
      const name = this.#names[index] as number;
      if (kind === watchedList) {
        lists.push(name);
        continue;
      }
      const isText = kind === textValue;
      // A value's quotes are of the shared text.
      const sharedEnd = (this.#starts[index] as number) + (isText ? 1 : 0);
      const value = { kind, name, top: this.#tops[index] as number, shape: 0, lists };
      const step = this.#stepAt(link, buffer.subarray(at, sharedEnd), value);
      if (step === 0) return;
      link = step + stepLayout.first;
      at = (this.#ends[index] as number) - (isText ? 1 : 0);
      lists = [];
    }
    this.#stepAt(link, buffer.subarray(at, end), { kind: endOfLine, name: -1, top: 0, shape, lists });
  }

  /** The address of a step that may stand at a link, which is added where there is none; 0 where there is no room. */
  #stepAt(firstLink: number, shared: Buffer, { kind, name, top, shape, lists }: KnownValue): number {
    const words = this.#words;
    const bytes = this.#bytes;
    let link = firstLink;
    for (let step = words.getInt32(link, true); step !== 0; step = words.getInt32(link, true)) {
      const isSame =
        words.getInt32(step + stepLayout.length, true) === shared.length &&
        words.getInt32(step + stepLayout.kind, true) === kind &&
        bytes.compare(shared, 0, shared.length, step + stepLayout.text, step + stepLayout.text + shared.length) === 0;
      if (isSame) return step;
      link = step + stepLayout.other;
    }
    const step = this.#nextStep;
    const listsAt = step + stepLayout.text + upToBlock(shared.length);
    const next = listsAt + upToBlock(4 * lists.length);
    if (next + blockBytes > memoryLayout.end) return 0;
    this.#nextStep = next;
    const put = (place: number, word: number) => words.setInt32(step + place, word, true);
    put(stepLayout.length, shared.length);
    put(stepLayout.kind, kind);
    put(stepLayout.name, name);
    put(stepLayout.top, blockBytes * top);
    put(stepLayout.lists, lists.length);
    put(stepLayout.more, name >= 0 || top > 0 || lists.length > 0 ? 1 : 0);
    put(stepLayout.listsAt, listsAt);
    words.setFloat64(step + stepLayout.shape, shape, true);
    const inLast = shared.length - (upToBlock(shared.length) - blockBytes);
    bytes.fill(0xff, step + stepLayout.mask, step + stepLayout.mask + inLast);
    bytes.set(shared, step + stepLayout.text);
    for (const [index, list] of lists.entries()) words.setInt32(listsAt + 4 * index, list, true);
    words.setInt32(link, step, true);
    return step;
  }
}

function upToBlock(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}
