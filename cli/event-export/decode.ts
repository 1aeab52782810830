import { createGunzip } from "node:zlib";
import { toError } from "../../lambda/core/values/error.ts";
import { InputError } from "../command.ts";

/** The bytes that a gzip file starts with (RFC 1952). */
const gzipMagic = [0x1f, 0x8b];

/** The byte order marks of UTF-16, which PowerShell's `>` writes (https://www.unicode.org/faq/utf_bom). */
const encodings = [
  { name: "utf-16le", mark: [0xff, 0xfe] },
  { name: "utf-16be", mark: [0xfe, 0xff] },
] as const;

/** The first bytes of a stream, and the whole stream. */
export interface Peeked {
  /** At least as many as requested, unless the stream is shorter. */
  readonly start: Buffer;
  readonly chunks: AsyncIterable<Buffer>;
}

/**
 * Reads a stream's first bytes ahead. Each of its chunks is used only until the next one is asked for. A reader that stops
 * before the end ends the stream, which closes its file.
 */
export async function peek(chunks: AsyncIterator<Buffer>, bytes: number): Promise<Peeked> {
  const seen: Buffer[] = [];
  let length = 0;
  while (length < bytes) {
    const next = await chunks.next();
    if (next.done) break;
    seen.push(Buffer.from(next.value));
    length += next.value.length;
  }
  const [first, ...others] = seen;
  const start = first !== undefined && others.length === 0 ? first : Buffer.concat(seen);
  async function* all(): AsyncGenerator<Buffer> {
    try {
      if (start.length > 0) yield start;
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
    } finally {
      await chunks.return?.();
    }
  }
  return { start, chunks: all() };
}

/**
 * Unpacks gzip and turns UTF-16 into UTF-8; the first bytes decide.
 *
 * @param name names the file in errors
 * @throws InputError when gzip's data is damaged
 */
export async function* decode(chunks: AsyncIterator<Buffer>, name: string): AsyncGenerator<Buffer> {
  const packed = await peek(chunks, 2);
  const isPacked = gzipMagic.every((byte, index) => packed.start[index] === byte);
  const plain = isPacked ? gunzip(packed.chunks, name) : packed.chunks[Symbol.asyncIterator]();
  const { start, chunks: text } = await peek(plain, 2);
  const encoding = encodings.find(({ mark }) => mark.every((byte, index) => start[index] === byte));
  if (encoding === undefined) {
    yield* text;
    return;
  }
  const decoder = new TextDecoder(encoding.name);
  for await (const chunk of text) yield Buffer.from(decoder.decode(chunk, { stream: true }));
}

async function* gunzip(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const unpacker = createGunzip({ chunkSize: 65_536 });
  const fed = feed(chunks, unpacker);
  try {
    yield* unpacker as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `${name}: the gzip data is damaged: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    unpacker.destroy();
    await fed;
  }
}

/** Writes chunks to a stream as fast as it accepts them, and passes their failure on to it. */
export async function feed(chunks: AsyncIterable<Buffer>, stream: NodeJS.WritableStream & Destroyable): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (stream.destroyed) return;
      // The stream keeps it; the chunk itself lasts up to the next one.
      if (!stream.write(Buffer.from(chunk))) await drained(stream);
    }
    stream.end();
  } catch (error) {
    stream.destroy(toError(error));
  }
}

interface Destroyable {
  readonly destroyed: boolean;
  readonly destroy: (error?: Error) => void;
}

/** Waits until a stream accepts more, or is closed. */
function drained(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.on("drain", done);
    stream.on("close", done);
  });
}
