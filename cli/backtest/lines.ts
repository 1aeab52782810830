import { open } from "node:fs/promises";
import { InputError } from "../command.ts";

/** A writer of lines. */
export interface Lines {
  /** Writes one line, and waits for a slow reader. */
  readonly write: (line: string) => Promise<void>;
  /** Flushes the buffer. */
  readonly flush: () => Promise<void>;
}

/** Lines that go nowhere. */
export const noLines: Lines = { write: async () => {}, flush: async () => {} };

/** Lines of a file. */
export interface LinesOfFile extends Lines {
  /** Flushes the buffer, and closes the file. */
  readonly close: () => Promise<void>;
}

/** Characters that are written together. */
const pieceSize = 65_536;

/** Lines to standard output. */
export function linesToStandardOutput(): Lines {
  return inPieces(async (text) => {
    if (process.stdout.write(text)) return;
    await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
  });
}

/**
 * Lines to a file, which is replaced, and which its owner alone can read: alerts are personal data.
 *
 * @throws InputError when the file cannot be written
 */
export async function linesToFile(path: string): Promise<LinesOfFile> {
  const naming = <Value>(work: Promise<Value>): Promise<Value> =>
    work.catch((error: Error) => {
      throw new InputError(`${path}: cannot be written: ${error.message}`);
    });
  const file = await naming(open(path, "w", 0o600));
  // An existing file keeps its mode.
  if ((await file.stat()).isFile()) await naming(file.chmod(0o600));
  const lines = inPieces(async (text) => void (await naming(file.appendFile(text))));
  return {
    ...lines,
    async close() {
      await lines.flush();
      await file.close();
    },
  };
}

function inPieces(send: (text: string) => Promise<void>): Lines {
  let pending = "";
  const flush = async () => {
    const text = pending;
    pending = "";
    if (text !== "") await send(text);
  };
  return {
    flush,
    async write(line) {
      pending += `${line}\n`;
      if (pending.length >= pieceSize) await flush();
    },
  };
}
