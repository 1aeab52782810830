import { escapes as isEscape, suspects as isSuspect, KnownLines, Span } from "./known-lines.ts";
import { maximumFound, numberValue, textValue, truthValue } from "./known-lines-code.ts";
import type { FoundValues } from "./line-filter.ts";

const [tab, newline, carriageReturn, space] = [0x09, 0x0a, 0x0d, 0x20];
const [quote, plus, comma, minus, point, colon, backslash] = [0x22, 0x2b, 0x2c, 0x2d, 0x2e, 0x3a, 0x5c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];
const [zero, nine] = [0x30, 0x39];
const byte = (text: string) => text.charCodeAt(0);
const [letterE, letterU, letterN, letterT, letterF] = [byte("e"), byte("u"), byte("n"), byte("t"), byte("f")];

/** What a position of an object or list may hold. */
const keyOrEnd = 0;
const key = 1;
const value = 2;
const valueOrEnd = 3;
const behindValue = 4;

/** The numbers of the texts at the top. */
const [eventTypeTop, uuidTop, publishedTop] = [1, 2, 3];

/** The deepest value; Okta's events are some ten deep. */
const maximumDepth = 60;
/** The lines that are read before those behind them are compared with them, which takes some milliseconds to begin. */
const firstUnknown = 64;

const isHex = new Uint8Array(256);
for (const digit of "0123456789abcdefABCDEF") isHex[byte(digit)] = 1;

/** Text in a place of an object as PowerShell and Python write objects: `lost-structure.ts` has the expressions. */
export type IsSpoiled = (text: string) => boolean;

/**
 * Reads a line of JSON byte by byte, without making values of it: it checks the whole of JSON's grammar, finds the values
 * that events are distinguished by, and takes down the line's shape. JSON.parse takes two to three times as long.
 *
 * Its result lasts up to the next line.
 */
export class LineSkimmer implements FoundValues {
  /** The positions of the text of these values at the top, without its quotes; start 0 for none. */
  readonly eventType = new Span();
  readonly uuid = new Span();
  readonly published = new Span();
  /**
   * Digests of the line's keys in order, its brackets, and the kinds of its values: lines of the same shape differ only
   * in their text, their numbers, and which of true and false stand in them.
   */
  shape = 0;
  /** Whether a text of the line may hold `System.Object[]`. */
  mayHoldList = false;
  count = 0;
  #buffer: Buffer = Buffer.alloc(0);
  /** The same memory, for four bytes at once. */
  #words: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0));
  /** Four words for each value of a watched name: its index, the value's kind, start and end. */
  readonly #own = new Int32Array(4 * maximumFound);
  /** The same, of the line at hand: its own or those of the known lines, whose positions are moved. */
  #found: Int32Array = this.#own;
  #base = 0;
  readonly #open = new Uint8Array(maximumDepth + 1);
  /** The index of a watched name by the digest of its folded characters; a table of its last byte comes before. */
  readonly #watched: ReadonlyMap<number, number>;
  readonly #mayWatch = new Uint8Array(256);
  readonly #isSpoiled: IsSpoiled;
  #known: KnownLines | null = null;
  /** The lines that are still to be read before others are compared. */
  #unknown: number;

  /**
   * @param names the names of watched fields, folded, each with an index
   * @param unknown the lines that are read before others are compared with them; infinite for none that is
   */
  constructor(names: ReadonlyMap<string, number>, isSpoiled: IsSpoiled, unknown: number = firstUnknown) {
    this.#watched = new Map([...names].map(([name, index]) => [foldedDigest(name), index]));
    for (const digest of this.#watched.keys()) this.#mayWatch[digest & 0xff] = 1;
    this.#isSpoiled = isSpoiled;
    this.#unknown = unknown;
  }

  /** The memory that lines are compared in; null before there are known ones. */
  get memory(): Buffer | null {
    return this.#known?.memory ?? null;
  }

  nameAt(index: number): number {
    return this.#found[4 * index] ?? -1;
  }

  /** A list has any length; in a text, no character takes less than a byte; a number may be written shorter than it is compared: `1e3`. */
  lengthAt(index: number): number {
    const kind = this.#found[4 * index + 1];
    const start = this.#found[4 * index + 2] ?? 0;
    const end = this.#found[4 * index + 3] ?? 0;
    const isLonger = kind === zero && mayGrow(this.#buffer, start - this.#base, end - this.#base);
    return kind === openBracket || isLonger ? Number.POSITIVE_INFINITY : end - start;
  }

  textAt(index: number): string | null {
    const kind = this.#found[4 * index + 1];
    const start = (this.#found[4 * index + 2] ?? 0) - this.#base;
    const end = (this.#found[4 * index + 3] ?? 0) - this.#base;
    if (kind === openBracket) return null;
    if (kind === letterT) return this.#buffer[start] === letterT ? "true" : "false";
    const text = this.#buffer.toString("utf8", start, end);
    const written = kind === quote && !text.includes("\\") ? text.slice(1, -1) : String(JSON.parse(text));
    return written.toLowerCase();
  }

  /**
   * Reads the object that starts there.
   *
   * @param buffer holds a newline at this position or behind it
   * @returns the position behind the object; -1 for what is no JSON within one line, and for what it does not read: keys
   * with escapes or beyond ASCII, a second `eventType`, `uuid` or `published`, and spoiled text
   */
  skim(buffer: Buffer, start: number): number {
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.#words = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    }
    const known = this.#known?.compare(buffer, start) ?? -1;
    if (known >= 0 && this.#known !== null) {
      this.#take(this.#known);
      return known;
    }
    if (this.#known === null) this.#countLine();
    this.mayHoldList = true;
    const end = this.#skimNew(buffer, start);
    if (end >= 0) this.#known?.remember(buffer, start, end, this.shape);
    return end;
  }

  #take(known: KnownLines): void {
    known.setTop(eventTypeTop, this.eventType);
    known.setTop(uuidTop, this.uuid);
    known.setTop(publishedTop, this.published);
    this.shape = known.shape;
    this.mayHoldList = false;
    this.count = known.count;
    this.#found = known.found;
    this.#base = known.base;
  }

  #countLine(): void {
    this.#unknown -= 1;
    if (this.#unknown >= 0) return;
    this.#known = createKnownLines();
    this.#unknown = Number.POSITIVE_INFINITY;
  }

  /** Takes down the value of a watched name; false where there are too many. */
  #find(name: number, kind: number, start: number, end: number): boolean {
    const found = this.count;
    if (found === maximumFound) return false;
    this.count = found + 1;
    this.#own[4 * found] = name;
    this.#own[4 * found + 1] = kind;
    this.#own[4 * found + 2] = start;
    this.#own[4 * found + 3] = end;
    return true;
  }

  #reset(): void {
    this.eventType.start = 0;
    this.uuid.start = 0;
    this.published.start = 0;
    this.count = 0;
    this.#found = this.#own;
    this.#base = 0;
  }

  #skimNew(buffer: Buffer, start: number): number {
    this.#reset();
    const known = this.#known;
    known?.start();
    const words = this.#words;
    /** The last position with four bytes behind it. */
    const lastWord = buffer.length - 4;
    const open = this.#open;
    let depth = 1;
    open[1] = openBrace;
    let expected = keyOrEnd;
    let [high, low] = [0, 0];
    let folded = 0;
    let top: Span | null = null;
    let at = start + 1;
    for (;;) {
      let c = buffer[at] as number;
      while (c === space || c === carriageReturn || c === tab) c = buffer[++at] as number;
      if (expected === behindValue) {
        if (c === comma) {
          expected = open[depth] === openBrace ? key : value;
        } else if (c === closeBrace || c === closeBracket) {
          // The closing brackets follow the opening ones by two.
          if (open[depth] !== c - 2) return -1;
          high = ((high << 5) - high + c) | 0;
          depth -= 1;
          if (depth === 0) break;
        } else return -1;
        at += 1;
        continue;
      }
      if (expected <= key) {
        if (c === closeBrace && expected === keyOrEnd) {
          high = ((high << 5) - high + c) | 0;
          depth -= 1;
          if (depth === 0) break;
          at += 1;
          expected = behindValue;
          continue;
        }
        if (c !== quote) return -1;
        const keyStart = at + 1;
        folded = 0;
        let exact = 0;
        at = keyStart;
        while (at <= lastWord) {
          const four = words.getInt32(at, true);
          if (((special(four) | four) & highBits) !== 0) break;
          folded = mixWord(folded, four);
          exact = Math.imul(exact ^ four, 0x85eb_ca6b);
          exact ^= exact >>> 13;
          at += 4;
        }
        for (c = buffer[at] as number; c !== quote; c = buffer[++at] as number) {
          if (c < space || c > 0x7e || c === backslash) return -1;
          folded = mixByte(folded, c);
          exact = ((exact << 7) - exact + c) | 0;
        }
        high = Math.imul(high ^ folded, 0x9e37_79b1);
        high ^= high >>> 15;
        low = Math.imul(low + exact, 0xc2b2_ae35);
        low ^= low >>> 13;
        if (depth === 1) {
          top = this.#topOf(buffer, keyStart, at);
          if (top !== null && top.start !== 0) return -1;
        }
        c = buffer[++at] as number;
        while (c === space || c === carriageReturn || c === tab) c = buffer[++at] as number;
        if (c !== colon) return -1;
        at += 1;
        expected = value;
        continue;
      }
      if (c === closeBracket && expected === valueOrEnd) {
        high = ((high << 5) - high + c) | 0;
        depth -= 1;
        at += 1;
        expected = behindValue;
        continue;
      }
      const valueStart = at;
      let kind = c;
      if (c === quote) {
        let isEscaped = false;
        if (isSuspect[buffer[at + 1] as number] === 1 && this.#isSuspect(buffer, at + 1)) return -1;
        at += 1;
        for (;;) {
          while (at <= lastWord && (special(words.getInt32(at, true)) & highBits) === 0) at += 4;
          c = buffer[at] as number;
          while (c !== quote && c >= space && c !== backslash) c = buffer[++at] as number;
          if (c === quote) break;
          if (c !== backslash) return -1;
          c = buffer[++at] as number;
          if (c === letterU) {
            for (let digit = 1; digit <= 4; digit += 1) if (isHex[buffer[at + digit] as number] === 0) return -1;
            at += 4;
            isEscaped = true;
          } else if (isEscape[c] === 0) return -1;
          at += 1;
        }
        at += 1;
        if (isEscaped && this.#isSpoiled(JSON.parse(buffer.toString("utf8", valueStart, at)))) return -1;
        if (top !== null) top.set(valueStart + 1, at - 1);
      } else if (c === openBrace || c === openBracket) {
        if (depth === maximumDepth) return -1;
        depth += 1;
        open[depth] = c;
        at += 1;
      } else if (c === letterN) {
        if (!(buffer[at + 1] === letterU && buffer[at + 2] === byte("l") && buffer[at + 3] === byte("l"))) return -1;
        at += 4;
      } else if (c === letterT || c === letterF) {
        at = truthEnd(buffer, at);
        if (at < 0) return -1;
        kind = letterT;
      } else {
        at = numberEnd(buffer, at);
        if (at < 0) return -1;
        kind = zero;
      }
      high = ((high << 5) - high + kind) | 0;
      let name = -1;
      if (expected === value && open[kind === openBrace || kind === openBracket ? depth - 1 : depth] === openBrace) {
        if (this.#mayWatch[folded & 0xff] === 1 && kind !== letterN && kind !== openBrace) {
          name = this.#watched.get(folded) ?? -1;
          if (name >= 0 && !this.#find(name, kind, valueStart, at)) return -1;
        }
      }
      if (known !== null) {
        if (kind === openBracket && name >= 0) known.addList(valueStart, name);
        else if (kind === quote) known.addValue(textValue, valueStart, at, name, this.#numberOf(top));
        else if (kind === zero) known.addValue(numberValue, valueStart, at, name, 0);
        else if (kind === letterT) known.addValue(truthValue, valueStart, at, name, 0);
      }
      top = null;
      expected = kind === openBrace ? keyOrEnd : kind === openBracket ? valueOrEnd : behindValue;
    }
    // 53 bits: the most that a number holds exactly. Lines of the same keys have the same low word: all of the high one tells them apart.
    this.shape = (high & 0x1f_ffff) * 2 ** 32 + ((low ^ (high >>> 21)) >>> 0);
    return at + 1;
  }

  #numberOf(top: Span | null): number {
    if (top === null) return 0;
    return top === this.eventType ? eventTypeTop : top === this.uuid ? uuidTop : publishedTop;
  }

  #topOf(buffer: Buffer, start: number, end: number): Span | null {
    switch (end - start) {
      case 4:
        return holds(buffer, start, "uuid") ? this.uuid : null;
      case 9:
        return holds(buffer, start, "eventType")
          ? this.eventType
          : holds(buffer, start, "published")
            ? this.published
            : null;
      default:
        return null;
    }
  }

  /** Decides, where the first characters do not, by the whole text. */
  #isSuspect(buffer: Buffer, start: number): boolean {
    // "System.Object[]"
    if (buffer[start] === byte("S") && buffer[start + 1] !== byte("y")) return false;
    let at = start;
    while (buffer[at] === openBrace || buffer[at] === openBracket || buffer[at] === byte("(")) at += 1;
    const next = buffer[at] === backslash && buffer[at + 1] === quote ? quote : (buffer[at] as number);
    const isOrdinary = at > start && next > space && next < 0x7f && next !== backslash && next !== byte("'");
    if (isOrdinary) return false;
    let end = start;
    while (buffer[end] !== quote && buffer[end] !== newline) end += buffer[end] === backslash ? 2 : 1;
    try {
      return this.#isSpoiled(JSON.parse(buffer.toString("utf8", start - 1, end + 1)));
    } catch {
      return true;
    }
  }
}

/** Null where WebAssembly cannot be used: each line is read then. */
function createKnownLines(): KnownLines | null {
  try {
    return new KnownLines();
  } catch {
    return null;
  }
}

function holds(buffer: Buffer, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (buffer[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** The digest of a name's characters, folded as the skimmer folds them: it clears the case of letters. */
function foldedDigest(name: string): number {
  const bytes = Buffer.from(name, "latin1");
  let digest = 0;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) digest = mixWord(digest, bytes.readInt32LE(at));
  for (; at < bytes.length; at += 1) digest = mixByte(digest, bytes[at] as number);
  return digest;
}

/** The bit of each of four bytes that {@link special} sets. */
const highBits = 0x8080_8080 | 0;

/**
 * Whether any of four bytes is a quote, a backslash or a control character, which ends text or its plain part: then a bit of
 * {@link highBits} is set. By "Determine if a word has a byte less than n" and "equal to n" of Bit Twiddling Hacks, which may
 * also set the bit of a byte behind one that is
 * (https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord).
 */
function special(four: number): number {
  const quotes = four ^ 0x2222_2222;
  const backslashes = four ^ 0x5c5c_5c5c;
  return (
    ((quotes - 0x0101_0101) & ~quotes) | ((backslashes - 0x0101_0101) & ~backslashes) | ((four - 0x2020_2020) & ~four)
  );
}

/** Adds four characters of a name to its digest, and clears the case of letters. */
function mixWord(digest: number, four: number): number {
  const mixed = Math.imul(digest ^ (four | 0x2020_2020), 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
}

/** The same for one character. */
function mixByte(digest: number, character: number): number {
  return ((digest << 5) - digest + (character | 0x20)) | 0;
}

/** Digits of a number that are exact, as `Number.MIN_SAFE_INTEGER` has 16: rounding may add one to longer ones. */
const exactDigits = 15;

/** Whether a number's text in JavaScript may be longer than it is written. */
function mayGrow(buffer: Buffer, start: number, end: number): boolean {
  if (end - start > exactDigits) return true;
  for (let at = start; at < end; at += 1) if (((buffer[at] as number) | 0x20) === letterE) return true;
  return false;
}

/** The position behind `true` or `false`; -1 for neither. */
function truthEnd(buffer: Buffer, at: number): number {
  if (holds(buffer, at, "true")) return at + 4;
  return holds(buffer, at, "false") ? at + 5 : -1;
}

/** The position behind a number; -1 for none. */
function numberEnd(buffer: Buffer, start: number): number {
  let at = buffer[start] === minus ? start + 1 : start;
  if (!isDigit(buffer[at])) return -1;
  at = buffer[at] === zero ? at + 1 : digitsEnd(buffer, at);
  if (buffer[at] === point) {
    if (!isDigit(buffer[at + 1])) return -1;
    at = digitsEnd(buffer, at + 1);
  }
  if (((buffer[at] as number) | 0x20) !== letterE) return at;
  at += buffer[at + 1] === plus || buffer[at + 1] === minus ? 2 : 1;
  return isDigit(buffer[at]) ? digitsEnd(buffer, at) : -1;
}

function digitsEnd(buffer: Buffer, start: number): number {
  let at = start;
  while (isDigit(buffer[at])) at += 1;
  return at;
}

function isDigit(c: number | undefined): boolean {
  return c !== undefined && c >= zero && c <= nine;
}
