import { InputError } from "./command.ts";

/** A JSON value of a file, and the line that it starts on, from 1. */
export interface JsonValue {
  readonly value: unknown;
  readonly line: number;
}

/** A value larger than this is no event, nor a delivery of some. */
const maximumValueBytes = 64 * 1_048_576;

const [tab, newline, carriageReturn, space] = [0x09, 0x0a, 0x0d, 0x20];
const [quote, comma, backslash] = [0x22, 0x2c, 0x5c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads the JSON values of a file of any size, one after the other, in memory that does not grow with it: JSON lines,
 * values that span lines, and the elements of arrays at the top, also of several arrays in a row.
 *
 * Its own code, since faults have to be told by line, which no streaming parser on npm does.
 *
 * @param name names the file in errors
 * @throws InputError with file and line for what is no JSON
 */
export async function* readJsonValues(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<JsonValue> {
  const reader = new ValueReader(name);
  for await (const chunk of chunks) yield* reader.read(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  yield* reader.end();
}

/** Divides bytes into values. State lives from one chunk to the next: a value may be cut anywhere. */
class ValueReader {
  readonly #name: string;
  /** What is read and not yet given out: at most one value, and what came behind it in its chunk. */
  #buffer: Buffer = Buffer.alloc(0);
  /** The line that the buffer starts on. */
  #line = 1;
  /** How far the value at the buffer's start is scanned, and what was open there. */
  #scanned = 0;
  #depth = 0;
  #inString = false;
  /** Whether the values are elements of an array at the top. */
  #inArray = false;
  #isFirst = true;

  constructor(name: string) {
    this.#name = name;
  }

  *read(chunk: Buffer): Generator<JsonValue> {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    if (this.#isFirst) {
      if (this.#buffer.length < byteOrderMark.length) return;
      this.#isFirst = false;
      if (this.#buffer.subarray(0, byteOrderMark.length).equals(byteOrderMark)) this.#drop(byteOrderMark.length);
    }
    let start = 0;
    const take = (end: number): JsonValue => {
      const line = this.#line;
      const parsed = this.#parse(this.#buffer.toString("utf8", start, end), line);
      this.#line += countLines(this.#buffer, start, end);
      start = end;
      this.#scanned = 0;
      return { value: parsed, line };
    };
    for (;;) {
      if (this.#scanned === 0) start = this.#skipBetween(start);
      const end = this.#findEnd(start);
      if (end === null) break;
      yield take(end);
    }
    this.#drop(start);
    if (this.#buffer.length > maximumValueBytes) {
      throw this.#fault(this.#line, `a value of over ${maximumValueBytes / 1_048_576} MiB is no event`);
    }
  }

  *end(): Generator<JsonValue> {
    // A file shorter than a byte order mark was kept back until now.
    if (this.#isFirst) {
      this.#isFirst = false;
      yield* this.read(Buffer.alloc(0));
    }
    const rest = this.#buffer.toString("utf8");
    if (rest.trim() !== "") yield { value: this.#parse(rest, this.#line), line: this.#line };
    if (this.#inArray) throw this.#fault(this.#line, "the array does not end");
  }

  /** Skips what may stand between values; returns where the next one starts. */
  #skipBetween(from: number): number {
    const buffer = this.#buffer;
    let position = from;
    for (; position < buffer.length; position += 1) {
      const byte = buffer[position];
      if (byte === newline) this.#line += 1;
      else if (byte === openBracket && !this.#inArray) this.#inArray = true;
      else if (byte === closeBracket && this.#inArray) this.#inArray = false;
      else if (byte !== space && byte !== carriageReturn && byte !== tab && !(byte === comma && this.#inArray)) break;
    }
    return position;
  }

  /** The end of the value that starts there; null when it is not in the buffer yet. */
  #findEnd(start: number): number | null {
    const buffer = this.#buffer;
    const first = buffer[start];
    if (first === undefined) return null;
    if (first !== openBrace && first !== openBracket) return this.#findScalarEnd(start);
    let inString = this.#inString;
    let depth = this.#depth;
    let position = start + this.#scanned;
    for (; position < buffer.length; position += 1) {
      const byte = buffer[position];
      if (inString) {
        // An escaped character may lie in the next chunk; the loop then goes on behind it.
        if (byte === backslash) position += 1;
        else if (byte === quote) inString = false;
      } else if (byte === quote) {
        inString = true;
      } else if (byte === openBrace || byte === openBracket) {
        depth += 1;
      } else if (byte === closeBrace || byte === closeBracket) {
        depth -= 1;
        if (depth === 0) {
          this.#depth = 0;
          this.#inString = false;
          return position + 1;
        }
      }
    }
    this.#scanned = position - start;
    this.#depth = depth;
    this.#inString = inString;
    return null;
  }

  /** What is neither object nor array ends with its line: it is no event, and is told of by that line. */
  #findScalarEnd(start: number): number | null {
    const end = this.#buffer.indexOf(newline, start);
    this.#scanned = 0;
    return end < 0 ? null : end;
  }

  #drop(bytes: number): void {
    this.#buffer = this.#buffer.subarray(bytes);
  }

  #parse(text: string, line: number): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const [, within] = /\(line (\d+) column \d+\)/.exec(message) ?? [];
      throw this.#fault(line + Number(within ?? 1) - 1, `no JSON: ${message.slice(0, 200)}`);
    }
  }

  #fault(line: number, message: string): InputError {
    return new InputError(`${this.#name}:${line}: ${message}`);
  }
}

function countLines(buffer: Buffer, start: number, end: number): number {
  let lines = 0;
  for (let at = buffer.indexOf(newline, start); at >= 0 && at < end; at = buffer.indexOf(newline, at + 1)) lines += 1;
  return lines;
}
