import { hash } from "node:crypto";

/**
 * The UUIDv5 of a name (RFC 9562, 5.5).
 *
 * @param name its UTF-8 is digested; a lone surrogate counts as U+FFFD
 * @param namespace a UUID
 */
export function uuidOf(name: string, namespace: string): string {
  const space = Buffer.from(namespace.replaceAll("-", ""), "hex");
  const digest = hash("sha1", Buffer.concat([space, Buffer.from(name)]), "hex");
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const [low, mid, high] = [digest.slice(0, 8), digest.slice(8, 12), digest.slice(13, 16)];
  return `${low}-${mid}-5${high}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
