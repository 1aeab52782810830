import { hash } from "node:crypto";
import { onceEachText } from "./once-each.ts";

/**
 * The UUID of a name within a namespace: version 5, by SHA-1 (RFC 9562, section 5.5). Two names have two ids, and a name
 * always has the same one.
 *
 * The package `uuid` makes the same in five times the time: a hash object for each, which is collected late.
 *
 * @param name well-formed text of any length
 * @param namespace a UUID, in any case
 * @throws RangeError for a namespace that is no UUID
 */
export function uuidV5(name: string, namespace: string): string {
  const bytes = Buffer.allocUnsafe(namespaceBytes + Buffer.byteLength(name));
  bytesOf(namespace).copy(bytes);
  bytes.write(name, namespaceBytes);
  const digest = hash("sha1", bytes, "hex");
  const variant = variants[Number.parseInt(digest.charAt(16), 16) & 3];
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}

/** The variant of RFC 9562, in two bits, with the two bits below it. */
const variants = "89ab";

const namespaceBytes = 16;

const bytesOf = onceEachText(64, (namespace) => {
  if (!/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(namespace)) {
    throw new RangeError(`the namespace ${JSON.stringify(namespace)} is no UUID`);
  }
  return Buffer.from(namespace.replaceAll("-", ""), "hex");
});
