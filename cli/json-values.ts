/** A JSON value of a file, and the line that it starts on, from 1. */
export interface JsonValue {
  readonly value: unknown;
  readonly line: number;
}

/** Text that is not JSON, and its line. */
export interface JsonFault {
  readonly fault: string;
  readonly line: number;
}

/** Lines that hold one value each, and whose values are not needed. */
export interface SkippedLines {
  /** The position behind them: the start of a line. */
  readonly end: number;
  readonly lines: number;
}

/**
 * Skips the lines at the start of which it is asked, up to the first whose value is needed.
 *
 * @param start the position of a line's first value in the buffer; no value is open there
 * @param isInList whether commas divide the lines
 * @returns null where the first line's value is needed
 */
export type SkipLines<Skipped extends SkippedLines> = (
  buffer: Buffer,
  start: number,
  isInList: boolean,
) => Skipped | null;

/** The largest value that is read: a value is held in memory as a whole. */
const maximumValueBytes = 64 * 1_048_576;
const largeValueBytes = 1_048_576;

const [tab, newline, carriageReturn, space] = [0x09, 0x0a, 0x0d, 0x20];
const [quote, comma, colon, backslash] = [0x22, 0x2c, 0x3a, 0x5c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads the JSON values of a file of any size, one after the other, in memory that does not grow with it: JSON lines,
 * values that span lines, and the elements of arrays at the top, also of several arrays in a row. A line that is not
 * JSON but holds an object is returned as text: its exporter may have put a prefix before the object.
 *
 * Text that is not JSON is skipped up to the end of its line, or, where its brackets match, of itself; reading goes on
 * behind it.
 *
 * They come in batches of a chunk each, as an asynchronous step for each value would take longer than its parsing. No streaming
 * parser on npm reports a fault by its line and reads on.
 *
 * @param chunks each is used only until the next one is asked for
 * @param skip skips lines without parsing them; null for none
 */
export async function* readJsonBatches<Skipped extends SkippedLines>(
  chunks: AsyncIterable<Uint8Array>,
  skip: SkipLines<Skipped> | null,
): AsyncGenerator<Iterable<JsonValue | JsonFault | Skipped>> {
  const reader = new ValueReader(skip);
  for await (const chunk of chunks) yield reader.read(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  yield reader.end();
}

/** The position of a value's end: `broken` for invalid JSON; null where the end is not in the buffer yet. */
type EndPosition = number | "broken" | null;

/** Divides bytes into values. Its state lasts from one chunk to the next: a value may be cut anywhere. */
class ValueReader<Skipped extends SkippedLines> {
  readonly #skipLines: SkipLines<Skipped> | null;
  /** Bytes that are read and not yet returned: at most one value, and the rest of its chunk. */
  #buffer: Buffer = Buffer.alloc(0);
  /** Chunks that are read and not yet in the buffer. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** The line and the column that the buffer starts on. */
  #line = 1;
  #column = 0;
  /**
   * The state of scanning the value at the buffer's start: the position, the open brackets, and the last byte that is
   * not a space.
   */
  #scanned = 0;
  #open: number[] = [];
  #inString = false;
  #isEscaped = false;
  #before = 0;
  /** Whether the values are elements of an array at the top. */
  #inArray = false;
  /** Behind a broken value: the indentation down to which its lines are skipped. */
  #skipped: { readonly indentation: number; readonly any: boolean } | null = null;
  #isFirst = true;
  #isEnd = false;

  constructor(skipLines: SkipLines<Skipped> | null) {
    this.#skipLines = skipLines;
  }

  *read(chunk: Buffer): Generator<JsonValue | JsonFault | Skipped> {
    // A line that the chunk before cut is read on its own, so that the rest of this chunk is not copied.
    const isCut = this.#buffer.length > 0 && this.#buffer.length < largeValueBytes && this.#waitingBytes === 0;
    const lineEnd = isCut ? chunk.indexOf(newline) : -1;
    if (lineEnd >= 0) yield* this.#add(chunk.subarray(0, lineEnd + 1));
    yield* this.#add(chunk.subarray(lineEnd + 1));
  }

  *#add(chunk: Buffer): Generator<JsonValue | JsonFault | Skipped> {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#mayWait()) {
      this.#waiting.push(Buffer.from(this.#waiting.pop() as Buffer));
      return;
    }
    const isBorrowed = this.#buffer.length === 0 && this.#waiting.length === 1;
    this.#buffer = isBorrowed ? chunk : Buffer.concat([this.#buffer, ...this.#waiting]);
    this.#waiting = [];
    this.#waitingBytes = 0;
    yield* this.#readBuffer();
    if (isBorrowed) this.#buffer = Buffer.from(this.#buffer);
  }

  /** A large value is not copied again for every chunk of it. */
  #mayWait(): boolean {
    const [buffered, waiting] = [this.#buffer.length, this.#waitingBytes];
    const isLarge = buffered > largeValueBytes && buffered + waiting <= maximumValueBytes;
    return isLarge && waiting < buffered / 2 && !this.#isEnd;
  }

  *#readBuffer(): Generator<JsonValue | JsonFault | Skipped> {
    if (this.#isFirst) {
      if (this.#buffer.length < byteOrderMark.length && !this.#isEnd) return;
      this.#isFirst = false;
      if (this.#buffer.subarray(0, byteOrderMark.length).equals(byteOrderMark)) this.#drop(byteOrderMark.length);
    }
    let start = 0;
    for (;;) {
      if (this.#skipped !== null) {
        const next = this.#findNextLine(start, this.#skipped);
        this.#line += countLines(this.#buffer, start, next.at);
        start = next.at;
        if (!next.found) break;
        this.#skipped = null;
      }
      if (this.#scanned === 0) start = this.#skipBetween(start);
      const skipped = this.#scanned === 0 ? (this.#skipLines?.(this.#buffer, start, this.#inArray) ?? null) : null;
      if (skipped !== null) {
        yield skipped;
        start = skipped.end;
        this.#line += skipped.lines;
        continue;
      }
      const line = this.#line;
      const whole = this.#scanned === 0 ? this.#readLine(start) : null;
      if (whole !== null) {
        yield { value: whole.value, line };
        start = whole.end;
        continue;
      }
      let end = this.#findEnd(start);
      if (end === null && this.#isEnd && start < this.#buffer.length) end = "broken";
      if (end === null) break;
      this.#scanned = 0;
      if (end === "broken") {
        yield { fault: this.#describeBroken(start), line };
        start = this.#skip(start, { indentation: this.#columnOf(start), any: false });
        continue;
      }
      const parsed = parse(this.#buffer.toString("utf8", start, end), line);
      yield parsed;
      const isMultiLine = this.#buffer.subarray(start, end).includes(newline);
      if ("fault" in parsed && !isMultiLine && !this.#inArray) {
        start = this.#skip(start, { indentation: 0, any: true });
        continue;
      }
      this.#line += countLines(this.#buffer, start, end);
      start = end;
    }
    this.#drop(start);
    if (this.#buffer.length > maximumValueBytes) {
      const size = `${maximumValueBytes / 1_048_576} MiB`;
      const fault = `one JSON value of over ${size} is not read: divide it first, as jq -c '.events[]' does with a list of events`;
      yield { fault, line: this.#line };
      this.#drop(this.#skip(0, { indentation: this.#columnOf(0), any: false }));
      yield* this.#readBuffer();
    }
  }

  *end(): Generator<JsonValue | JsonFault | Skipped> {
    this.#isEnd = true;
    yield* this.read(Buffer.alloc(0));
    if (this.#inArray) yield { fault: "the array does not end: the file was cut off", line: this.#line };
  }

  /** Nearly all exports have one object a line, whose end needs no search. Null for any other text. */
  #readLine(start: number): { readonly value: unknown; readonly end: number } | null {
    const buffer = this.#buffer;
    if (buffer[start] !== openBrace) return null;
    const lineEnd = buffer.indexOf(newline, start);
    let end = lineEnd;
    while (end > start && isSpace(buffer[end - 1])) end -= 1;
    if (this.#inArray && buffer[end - 1] === comma) end -= 1;
    if (end <= start || buffer[end - 1] !== closeBrace) return null;
    try {
      return { value: JSON.parse(buffer.toString("utf8", start, end)), end: lineEnd };
    } catch {
      return null;
    }
  }

  /** Skips separators between values; returns the start of the next one. */
  #skipBetween(from: number): number {
    const buffer = this.#buffer;
    let position = from;
    for (; position < buffer.length; position += 1) {
      const byte = buffer[position];
      if (byte === newline) this.#line += 1;
      else if (byte === openBracket && !this.#inArray) this.#inArray = true;
      else if (byte === closeBracket && this.#inArray) this.#inArray = false;
      else if (!isSpace(byte) && !(byte === comma && this.#inArray)) break;
    }
    return position;
  }

  /** The end of the value that starts there. */
  #findEnd(start: number): EndPosition {
    const first = this.#buffer[start];
    if (first === undefined) return null;
    if (first === openBrace || first === openBracket) return this.#findContainerEnd(start);
    return first === quote ? this.#findTextEnd(start) : this.#findScalarEnd(start);
  }

  #findContainerEnd(start: number): EndPosition {
    const buffer = this.#buffer;
    const open = this.#scanned === 0 ? [] : this.#open;
    let inString = this.#scanned > 0 && this.#inString;
    let isEscaped = this.#scanned > 0 && this.#isEscaped;
    let before = this.#scanned === 0 ? 0 : this.#before;
    let position = start + this.#scanned;
    for (; position < buffer.length; position += 1) {
      const byte = buffer[position] as number;
      if (inString) {
        if (byte === newline) return "broken";
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) inString = false;
        continue;
      }
      if (isSpace(byte) || byte === newline) continue;
      if (byte === quote) {
        inString = true;
      } else if (byte === openBrace || byte === openBracket) {
        if (open.length > 0 && !mayOpen(open.at(-1), before)) return "broken";
        open.push(byte);
      } else if (byte === closeBrace || byte === closeBracket) {
        if (open.pop() !== (byte === closeBrace ? openBrace : openBracket)) return "broken";
        if (open.length === 0) return position + 1;
      }
      before = byte;
    }
    this.#scanned = position - start;
    this.#open = open;
    this.#inString = inString;
    this.#isEscaped = isEscaped;
    this.#before = before;
    return null;
  }

  #findTextEnd(start: number): EndPosition {
    const buffer = this.#buffer;
    for (let position = start + 1; position < buffer.length; position += 1) {
      const byte = buffer[position];
      if (byte === backslash) position += 1;
      else if (byte === quote) return position + 1;
      else if (byte === newline) return position;
    }
    return null;
  }

  /** Any other value ends with its line: it is not an event, and is reported by that line. */
  #findScalarEnd(start: number): EndPosition {
    const buffer = this.#buffer;
    for (let position = start; position < buffer.length; position += 1) {
      const byte = buffer[position];
      if (byte === newline || (this.#inArray && (byte === comma || byte === closeBracket))) {
        return position === start ? position + 1 : position;
      }
    }
    return this.#isEnd ? buffer.length : null;
  }

  /** Goes on behind the line of a broken value. */
  #skip(start: number, skipped: { readonly indentation: number; readonly any: boolean }): number {
    this.#scanned = 0;
    this.#skipped = skipped;
    const lineEnd = this.#buffer.indexOf(newline, start);
    return lineEnd < 0 ? this.#buffer.length : lineEnd;
  }

  /** The start of the next line that may start a value, no deeper indented than the broken one. */
  #findNextLine(
    from: number,
    { indentation, any }: { readonly indentation: number; readonly any: boolean },
  ): { readonly at: number; readonly found: boolean } {
    const buffer = this.#buffer;
    for (let at = buffer.indexOf(newline, from); at >= 0; at = buffer.indexOf(newline, at + 1)) {
      let first = at + 1;
      while (first < buffer.length && isSpace(buffer[first])) first += 1;
      const byte = buffer[first];
      if (byte === undefined && !this.#isEnd) return { at, found: false };
      const starts = byte === openBrace || byte === openBracket || (byte === closeBracket && this.#inArray);
      if (any || (starts && first - at - 1 <= indentation)) return { at, found: true };
    }
    return { at: buffer.length, found: false };
  }

  #columnOf(position: number): number {
    const before = position === 0 ? -1 : this.#buffer.lastIndexOf(newline, position - 1);
    return before < 0 ? this.#column + position : position - before - 1;
  }

  #describeBroken(start: number): string {
    const found = this.#buffer.indexOf(newline, start);
    const end = found < 0 ? this.#buffer.length : found;
    if (end - start > largeValueBytes) return "no JSON: the value does not end with its line";
    const parsed = parse(this.#buffer.toString("utf8", start, end), this.#line);
    return "fault" in parsed ? parsed.fault : "no JSON: what follows on the next line does not belong to it";
  }

  #drop(bytes: number): void {
    this.#column = this.#columnOf(bytes);
    this.#buffer = this.#buffer.subarray(bytes);
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === space || byte === carriageReturn || byte === tab;
}

/** Whether an object or array may start, within an open one, behind this byte. */
function mayOpen(within: number | undefined, before: number): boolean {
  return within === openBrace ? before === colon : before === comma || before === openBracket;
}

function parse(text: string, line: number): JsonValue | JsonFault {
  try {
    return { value: JSON.parse(text), line };
  } catch (error) {
    if (/^[^{["].*\{/.test(text)) return { value: text, line };
    const message = error instanceof Error ? error.message : String(error);
    const [, within] = /\(line (\d+) column \d+\)/.exec(message) ?? [];
    return { fault: `no JSON: ${reasonOf(message)}`, line: line + Number(within ?? 1) - 1 };
  }
}

/** V8's message without its quotation of the file, which may be personal. */
function reasonOf(message: string): string {
  const [, reason] = /^([^"]{1,80}) (?:in|after) JSON at position \d+/.exec(message) ?? [];
  const [, column] = /\(line \d+ column (\d+)\)/.exec(message) ?? [];
  if (reason !== undefined) return column === undefined ? reason : `${reason} (column ${column})`;
  return message.startsWith("Unexpected end") ? "Unexpected end" : "Unexpected token";
}

function countLines(buffer: Buffer, start: number, end: number): number {
  let lines = 0;
  for (let at = buffer.indexOf(newline, start); at >= 0 && at < end; at = buffer.indexOf(newline, at + 1)) lines += 1;
  return lines;
}
