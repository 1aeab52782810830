import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, truncate, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { codeOf, toError } from "../lambda/core/values/error.ts";
import { InputError } from "./command.ts";

/** The query of an org's System Log. Times are ISO 8601, UTC. */
export interface CachedQuery {
  readonly orgUrl: string;
  readonly since: string;
  readonly until: string;
  readonly filter: string | null;
}

/** Pages of an org's System Log on disk, encrypted: they are personal data. */
export interface EventCache {
  readonly query: CachedQuery;
  /** The stored pages. Null stands for the end: the cache is complete. */
  readonly pages: () => AsyncGenerator<readonly unknown[] | null>;
  /** Adds a page; null for the end. */
  readonly add: (items: readonly unknown[] | null) => Promise<void>;
}

/** The first line of the file. */
interface Header {
  readonly kind: "okta-proxy-watch event cache 1";
  readonly salt: string;
  readonly query: CachedQuery;
}

const kind = "okta-proxy-watch event cache 1";
const ivBytes = 12;
const tagBytes = 16;

/**
 * Opens a cache, or makes one. Each page is a line, encrypted by AES-256-GCM under a key that scrypt derives from the
 * passphrase, and bound to the first line, which holds the query. A line that was cut off is removed.
 *
 * @param query the query of a new file
 * @throws InputError when the file is not a cache, or the passphrase is wrong
 */
export async function openEventCache(path: string, passphrase: string, query: CachedQuery): Promise<EventCache> {
  const found = await readHeader(path);
  const header: Header = found ?? { kind, salt: randomBytes(16).toString("base64"), query };
  const first = JSON.stringify(header);
  if (found === null) await writeFile(path, `${first}\n`, { mode: 0o600, flag: "wx" });
  const key = scryptSync(passphrase, Buffer.from(header.salt, "base64"), 32);
  const bound = Buffer.from(first);

  const decrypt = (line: string, number: number): readonly unknown[] | null => {
    const bytes = Buffer.from(line, "base64");
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, ivBytes));
    decipher.setAAD(bound);
    decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    try {
      const text = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
      return JSON.parse(text.toString("utf8")) as readonly unknown[] | null;
    } catch {
      throw new InputError(
        `${path}:${number}: cannot be decrypted: the passphrase is another, or the file was changed`,
      );
    }
  };
  return {
    query: header.query,
    async *pages() {
      await cutOff(path);
      let number = 0;
      for await (const line of createInterface({
        input: createReadStream(path),
        crlfDelay: Number.POSITIVE_INFINITY,
      })) {
        number += 1;
        if (number > 1 && line !== "") yield decrypt(line, number);
      }
    },
    async add(items) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      cipher.setAAD(bound);
      const text = Buffer.concat([cipher.update(JSON.stringify(items), "utf8"), cipher.final()]);
      const line = Buffer.concat([iv, cipher.getAuthTag(), text]).toString("base64");
      await writeFile(path, `${line}\n`, { flag: "a" });
    },
  };
}

/** Null when there is no such file. */
async function readHeader(path: string): Promise<Header | null> {
  let line = "";
  try {
    for await (const each of createInterface({ input: createReadStream(path) })) {
      line = each;
      break;
    }
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw new InputError(`${path}: cannot be opened: ${toError(error).message}`);
  }
  try {
    const header = JSON.parse(line) as Header;
    if (header.kind === kind) return header;
  } catch {
    // The file is not a cache.
  }
  throw new InputError(`${path} is no cache of this command; name another file, so that nothing is overwritten`);
}

/** Removes an incomplete last line, which a stopped run leaves. */
async function cutOff(path: string): Promise<void> {
  const file = await open(path, "r");
  let whole: number;
  let size: number;
  try {
    ({ size } = await file.stat());
    const piece = Buffer.alloc(65_536);
    whole = 0;
    for (let end = size; end > 0 && whole === 0; end -= piece.length) {
      const start = Math.max(0, end - piece.length);
      const { bytesRead } = await file.read(piece, 0, end - start, start);
      const at = piece.subarray(0, bytesRead).lastIndexOf(0x0a);
      if (at >= 0) whole = start + at + 1;
    }
  } finally {
    await file.close();
  }
  if (whole < size) await truncate(path, whole);
}
