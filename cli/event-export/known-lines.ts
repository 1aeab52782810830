/** The kinds of values that differ among lines of one shape; null, objects and lists are part of the shape. */
export const endOfLine = 0;
export const textValue = 1;
export const numberValue = 2;
export const truthValue = 3;
/** A list of a watched name, within the text that lines share. */
const watchedList = 4;

type ValueKind = typeof endOfLine | typeof textValue | typeof numberValue | typeof truthValue;

/** The most steps of lines that are known, some 250 bytes each: further shapes are read as before. */
const maximumSteps = 8_192;
/** The most values of a line that is remembered. */
const maximumValues = 1_024;

/** A step through a line: text that lines share, and behind it a value that differs among them, or the line's end. */
export class Step {
  /** Bytes of the shared text. */
  readonly length: number;
  /** The shared text, four bytes each. */
  readonly words: Int32Array;
  /** Its last four bytes; all of it, where it is shorter. */
  readonly last: Uint8Array;
  readonly lastWord: number;
  /** The indices of the watched names whose lists start within the shared text. */
  readonly lists: readonly number[];
  readonly kind: ValueKind;
  /** The index of the watched name that the value has; -1 for none. */
  readonly name: number;
  /** Which of the texts at the top the value is, from 1; 0 for none. */
  readonly top: number;
  /** The shape of the line that ends here. */
  readonly shape: number;
  /** The first step behind this one. */
  first: Step | null = null;
  /** The next one that may stand in its place. */
  other: Step | null = null;

  constructor(shared: Buffer, { kind, name, top, shape, lists }: Omit<KnownValue, "start" | "end">) {
    this.length = shared.length;
    this.words = Int32Array.from({ length: shared.length >> 2 }, (_, index) => shared.readInt32LE(4 * index));
    this.last = Uint8Array.from(shared.subarray(-4));
    this.lastWord = shared.length < 4 ? 0 : shared.readInt32LE(shared.length - 4);
    this.kind = kind;
    this.name = name;
    this.top = top;
    this.shape = shape;
    this.lists = lists;
  }

  /** Whether the shared text stands there. */
  isAt(view: DataView<ArrayBufferLike>, at: number): boolean {
    const end = at + this.length;
    if (end > view.byteLength) return false;
    if (this.length < 4) return this.last.every((byte, index) => view.getUint8(at + index) === byte);
    const { words } = this;
    let position = at;
    for (let index = 0; index < words.length; index += 1) {
      if (view.getInt32(position, true) !== words[index]) return false;
      position += 4;
    }
    return view.getInt32(end - 4, true) === this.lastWord;
  }
}

interface KnownValue {
  readonly kind: ValueKind;
  readonly name: number;
  readonly top: number;
  readonly shape: number;
  readonly lists: readonly number[];
}

/**
 * The lines that were read before, as a tree of steps: the next line mostly differs from one of them in its values alone, and
 * its other text is compared four bytes at once in place of being read.
 */
export class KnownLines {
  /** The first of the steps that lines start with. */
  first: Step | null = null;
  #steps = 0;
  /** The values of the line that is being read. */
  #count = 0;
  readonly #kinds = new Uint8Array(maximumValues);
  readonly #starts = new Int32Array(maximumValues);
  readonly #ends = new Int32Array(maximumValues);
  readonly #names = new Int32Array(maximumValues);
  readonly #tops = new Uint8Array(maximumValues);

  /** Starts a line. */
  start(): void {
    this.#count = 0;
  }

  /**
   * Takes down a value of the line, in their order.
   *
   * @param start its position, quotes included
   * @param end the position behind it
   */
  addValue(kind: ValueKind, start: number, end: number, name: number, top: number): void {
    const index = this.#count;
    this.#count += 1;
    if (index >= maximumValues) return;
    this.#kinds[index] = kind;
    this.#starts[index] = start;
    this.#ends[index] = end;
    this.#names[index] = name;
    this.#tops[index] = top;
  }

  /** Takes down the start of a list that a watched name has. */
  addList(start: number, name: number): void {
    this.addValue(watchedList as ValueKind, start, start, name, 0);
  }

  /** Remembers the line whose values were taken down. */
  remember(buffer: Buffer, start: number, end: number, shape: number): void {
    if (this.#count > maximumValues) return;
    let before: Step | null = null;
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
      const value = { kind: kind as ValueKind, name, top: this.#tops[index] as number, shape: 0, lists };
      before = this.#stepBehind(before, buffer.subarray(at, sharedEnd), value);
      if (before === null) return;
      at = (this.#ends[index] as number) - (isText ? 1 : 0);
      lists = [];
    }
    this.#stepBehind(before, buffer.subarray(at, end), { kind: endOfLine, name: -1, top: 0, shape, lists });
  }

  /** The step behind another, which is added where there is none; null where there are too many. */
  #stepBehind(before: Step | null, shared: Buffer, value: KnownValue): Step | null {
    const view = new DataView(shared.buffer, shared.byteOffset, shared.byteLength);
    let last: Step | null = null;
    for (let step = before === null ? this.first : before.first; step !== null; step = step.other) {
      if (step.length === shared.length && step.kind === value.kind && step.isAt(view, 0)) return step;
      last = step;
    }
    if (this.#steps >= maximumSteps) return null;
    this.#steps += 1;
    const step = new Step(shared, value);
    if (last !== null) last.other = step;
    else if (before !== null) before.first = step;
    else this.first = step;
    return step;
  }
}
