import { access, constants, type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { codeOf } from "../../lambda/core/values/error.ts";
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
  /** Flushes the buffer, and puts the file in the place of an earlier one. */
  readonly close: () => Promise<void>;
  /** Removes what was written, and leaves an earlier file as it is; best effort. After a close it does nothing. */
  readonly discard: () => Promise<void>;
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
 * Lines to a file, which its owner alone can read: alerts are personal data. The lines are written to a file beside it, which takes its
 * place once it is closed: an attempt that fails costs no earlier file. What is no regular file, such as a pipe, gets the lines itself.
 * Nothing is created before the first 64 KiB are written, or the file is closed.
 *
 * @throws InputError when the file cannot be written, before anything is written where that shows
 */
export async function linesToFile(path: string): Promise<LinesOfFile> {
  const naming = <Value>(work: Promise<Value>): Promise<Value> =>
    work.catch((error: Error) => {
      throw new InputError(`${path}: cannot be written: ${error.message}`);
    });
  const target = await naming(findTarget(path));
  const partial = target.isReplaced ? `${target.path}.${crypto.randomUUID().slice(0, 8)}.part` : null;
  let opened: FileHandle | null = null;
  const openOnce = async () => {
    opened ??= await (partial === null ? open(target.path, "w") : open(partial, "wx", 0o600));
    return opened;
  };
  const lines = inPieces(async (text) => naming((await naming(openOnce())).appendFile(text)));
  return {
    ...lines,
    async close() {
      await lines.flush();
      const file = await naming(openOnce());
      await naming(file.close());
      if (partial !== null) await naming(rename(partial, target.path));
    },
    async discard() {
      if (opened === null || partial === null) return;
      await opened.close().catch(() => {});
      await rm(partial, { force: true }).catch(() => {});
    },
  };
}

/** What a path stands for, behind links, and whether a new file can take its place; or throws why it cannot be written. */
async function findTarget(path: string): Promise<{ readonly path: string; readonly isReplaced: boolean }> {
  const real = await realpath(path).catch((error: Error) => {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  });
  if (real !== null) {
    const file = await stat(real);
    if (!file.isFile() && !file.isDirectory()) return { path: real, isReplaced: false };
    await (await open(real, "r+")).close();
  }
  const target = real ?? resolve(path);
  await access(dirname(target), constants.W_OK | constants.X_OK);
  return { path: target, isReplaced: true };
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
