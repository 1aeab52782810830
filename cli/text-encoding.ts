import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { toError } from "../lambda/core/values/error.ts";
import { InputError } from "./command.ts";

/** The encoding of a text file. */
export interface TextEncoding {
  readonly name: "UTF-8" | "UTF-16LE" | "UTF-16BE" | "Windows-1252";
  /** A word of the file that shows the inferred encoding; null where the encoding is certain. */
  readonly inferredFrom: string | null;
}

/** The remedy for a file in another encoding, in the words of Excel's dialog. */
const saveAnew = 'save it as "CSV UTF-8 (Comma delimited)"';

/**
 * Files that are often mistaken for text, by their first bytes (https://en.wikipedia.org/wiki/List_of_file_signatures).
 */
const signatures: readonly (readonly [bytes: readonly number[], what: string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], `this is an Excel workbook or a ZIP archive: open it in Excel, and ${saveAnew}`],
  [[0xd0, 0xcf, 0x11, 0xe0], `this is an Excel workbook of the older form (.xls): open it in Excel, and ${saveAnew}`],
  [[0x1f, 0x8b], "this is compressed (gzip): unpack it first"],
];

/** Byte order marks (https://encoding.spec.whatwg.org/#bom-sniff). */
const marks: readonly (readonly [bytes: readonly number[], name: TextEncoding["name"]])[] = [
  [[0xef, 0xbb, 0xbf], "UTF-8"],
  [[0xff, 0xfe], "UTF-16LE"],
  [[0xfe, 0xff], "UTF-16BE"],
];

/**
 * Finds the encoding of a text file: by its byte order mark; else UTF-8 where the whole file is valid UTF-8, and
 * Windows-1252, which Excel writes for "CSV", where it is not.
 *
 * @throws InputError for a file that cannot be opened, is no text, or is in none of these encodings
 */
export async function findEncoding(path: string): Promise<TextEncoding> {
  const head = await readHead(path);
  const startsWith = (bytes: readonly number[]) => bytes.every((byte, index) => head[index] === byte);
  const signature = signatures.find(([bytes]) => startsWith(bytes));
  if (signature !== undefined) throw new InputError(`${path}: ${signature[1]}`);
  const mark = marks.find(([bytes]) => startsWith(bytes));
  if (mark !== undefined) return { name: mark[1], inferredFrom: null };
  if (head.includes(0))
    throw new InputError(`${path}: this is no text, or UTF-16 without a byte order mark: ${saveAnew}`);
  return (await isUtf8(path)) ? { name: "UTF-8", inferredFrom: null } : inferWindows1252(path);
}

/**
 * Reads a file as text.
 *
 * @throws InputError where the file breaks the encoding
 */
export async function* readText(path: string, { name }: TextEncoding): AsyncGenerator<string> {
  if (name === "Windows-1252") {
    for await (const chunk of createReadStream(path)) yield decodeWindows1252(chunk as Buffer);
    return;
  }
  const decoder = new TextDecoder(name, { fatal: true });
  try {
    for await (const chunk of createReadStream(path)) yield decoder.decode(chunk as Buffer, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InputError(`${path}: it has the byte order mark of ${name}, and is none: ${saveAnew}`);
  }
}

async function readHead(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1_024), 0, 1_024, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw new InputError(`${path}: cannot be opened: ${toError(error).message}`);
  }
}

async function isUtf8(path: string): Promise<boolean> {
  const decoder = new TextDecoder("UTF-8", { fatal: true });
  try {
    for await (const chunk of createReadStream(path)) decoder.decode(chunk as Buffer, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** The characters shown before and after one. */
const context = 30;

async function inferWindows1252(path: string): Promise<TextEncoding> {
  let word: string | null = null;
  let line = 1;
  let brokenLine: number | null = null;
  let isPartlyUtf8 = false;
  const asUtf8 = new TextDecoder("UTF-8");
  for await (const chunk of createReadStream(path)) {
    const bytes = chunk as Buffer;
    if (bytes.some((byte) => unassigned.has(byte))) {
      throw new InputError(`${path}: its letters are neither in UTF-8 nor in Windows-1252: ${saveAnew}`);
    }
    const index = word === null ? bytes.findIndex((byte) => byte > 0x7f) : -1;
    if (index >= 0) word = wordAt(bytes.subarray(Math.max(0, index - context), index + context), index);
    const text = asUtf8.decode(bytes, { stream: true });
    const before = text.split("\ufffd", 1)[0] ?? "";
    if (brokenLine === null && before.length < text.length) brokenLine = line + countLines(before);
    line += countLines(text);
    // Hardly any text in Windows-1252 has bytes that are a letter in UTF-8.
    if (/[^\p{ASCII}\ufffd]/u.test(text)) isPartlyUtf8 = true;
  }
  if (isPartlyUtf8) {
    throw new InputError(`${path}:${brokenLine ?? line}: this line is not in UTF-8, and others are: ${saveAnew}`);
  }
  return { name: "Windows-1252", inferredFrom: word };
}

const countLines = (text: string) => text.split("\n").length - 1;

function wordAt(bytes: Buffer, index: number): string {
  const text = decodeWindows1252(bytes);
  const at = Math.min(index, context);
  const isBetween = /[^\p{L}\p{M}\p{N}'’.-]/u;
  const before = text.slice(0, at).split(isBetween).at(-1) ?? "";
  const [after = ""] = text.slice(at + 1).split(isBetween);
  return before + (text[at] ?? "") + after;
}

/**
 * The characters of the bytes 0x80 to 0x9F in Windows-1252 (https://encoding.spec.whatwg.org/index-windows-1252.txt);
 * all others are those of Unicode. `TextDecoder` of several versions of Node.js reads these as control characters
 * (https://github.com/nodejs/node/issues/56542). The five spaces are unassigned.
 */
const c1 = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";
const unassigned: ReadonlySet<number> = new Set(
  [...c1].flatMap((letter, index) => (letter === " " ? [0x80 + index] : [])),
);

function decodeWindows1252(bytes: Buffer): string {
  return bytes.toString("latin1").replace(/[\x80-\x9f]/g, (control) => c1[control.charCodeAt(0) - 0x80] ?? control);
}
