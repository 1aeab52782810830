import { fstatSync, readSync } from "node:fs";
import { open } from "node:fs/promises";

/** Bytes that are read together: the time of a step divided by those of fewer ones no longer falls. */
const chunkBytes = 1_048_576;

/**
 * Reads a file in order. Each chunk is valid until the next one is asked for: the memory is used again, as a stream's
 * buffers of a large file take as long as its reading.
 *
 * A regular file is read on the spot, which takes less than to hand it to another thread and to wait for that. The event loop has its
 * turn before each chunk. What may have nothing to read yet, such as a pipe, is waited for.
 *
 * @param preferred the memory that a chunk is best read into; null for any
 */
export async function* readChunks(path: string, preferred: () => Buffer | null): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    const isFile = fstatSync(file.fd).isFile();
    let memory: Buffer | null = null;
    for (;;) {
      memory = preferred() ?? memory ?? Buffer.allocUnsafeSlow(chunkBytes);
      const bytesRead = isFile
        ? await readAtOnce(file.fd, memory)
        : (await file.read(memory, 0, memory.length, null)).bytesRead;
      if (bytesRead === 0) return;
      yield memory.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function readAtOnce(file: number, memory: Buffer): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve));
  return readSync(file, memory, 0, memory.length, null);
}
