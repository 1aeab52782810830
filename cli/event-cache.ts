import { randomBytes, scryptSync } from "node:crypto";
import { appendFile, open, stat, truncate, writeFile } from "node:fs/promises";
import { CompactEncrypt, compactDecrypt } from "jose";
import * as z from "zod/mini";
import { codeOf, toError } from "../lambda/core/values/error.ts";
import { parseJson } from "../lambda/core/values/json.ts";
import { InputError } from "./command.ts";

const cachedQuery = z.object({
  orgUrl: z.string(),
  since: z.string(),
  until: z.string(),
  filter: z.nullable(z.string()),
});

/** The query of an org's System Log. Times are ISO 8601, UTC. */
export type CachedQuery = Readonly<z.output<typeof cachedQuery>>;

const kind = "okta-proxy-watch event cache 2";
/** The first line of the file. */
const header = z.object({ kind: z.literal(kind), salt: z.string(), query: cachedQuery });

/** Pages of an org's System Log on disk, encrypted: they are personal data. */
export interface EventCache {
  readonly query: CachedQuery;
  /** The stored pages. Null stands for the end: the cache is complete. */
  readonly pages: () => AsyncGenerator<readonly unknown[] | null>;
  /** Adds a page; null for the end. */
  readonly add: (items: readonly unknown[] | null) => Promise<void>;
}

/**
 * Opens a cache, or makes one. The first line holds the query and a salt. Each page is a line more, a JWE (RFC 7516) by
 * AES-256-GCM; scrypt derives its key from the passphrase and the whole first line, so that pages go with their query. A
 * line that was cut off is removed.
 *
 * @param query the query of a new file
 * @throws InputError when the file is not a cache, or the passphrase is wrong
 */
export async function openEventCache(path: string, passphrase: string, query: CachedQuery): Promise<EventCache> {
  let first = await firstLineOf(path);
  if (first === null) {
    first = JSON.stringify({ kind, salt: randomBytes(16).toString("base64"), query });
    await writeFile(path, `${first}\n`, { mode: 0o600, flag: "wx" });
  }
  const key = new Uint8Array(scryptSync(passphrase, first, 32));
  return {
    query: readQuery(first, path),
    async *pages() {
      const { size } = await stat(path);
      let end = 0;
      for await (const line of linesOf(path)) {
        const next = end + Buffer.byteLength(line) + 1;
        // A stopped run leaves its last line without an end.
        if (next > size) return truncate(path, end);
        if (end > 0) yield await decrypt(line, key, path);
        end = next;
      }
    },
    async add(items) {
      const text = new TextEncoder().encode(JSON.stringify(items));
      const line = await new CompactEncrypt(text).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(key);
      await appendFile(path, `${line}\n`);
    },
  };
}

async function decrypt(line: string, key: Uint8Array, path: string): Promise<readonly unknown[] | null> {
  try {
    const { plaintext } = await compactDecrypt(line, key);
    return z.parse(z.nullable(z.array(z.unknown())), JSON.parse(new TextDecoder().decode(plaintext)));
  } catch {
    throw new InputError(`${path}: cannot be decrypted: the passphrase is another, or the file was changed`);
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  await using file = await open(path);
  yield* file.readLines();
}

/** Null when there is no such file. */
async function firstLineOf(path: string): Promise<string | null> {
  try {
    for await (const line of linesOf(path)) return line;
    return "";
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw new InputError(`${path}: cannot be opened: ${toError(error).message}`);
  }
}

function readQuery(line: string, path: string): CachedQuery {
  const parsed = header.safeParse(parseJson(line));
  if (parsed.success) return parsed.data.query;
  throw new InputError(`${path} is no cache of this command; name another file, so that nothing is overwritten`);
}
