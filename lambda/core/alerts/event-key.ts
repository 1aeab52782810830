import { hash } from "node:crypto";

/**
 * The key by which receivers group the alerts about one event: its uuid where that is a plain word, as Okta's are, else
 * a hash of it (SHA-256, in hexadecimal). Never empty; at most 200 characters.
 */
export function eventKey(uuid: string): string {
  const isPlain = uuid.length <= 200 && /^[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*$/.test(uuid);
  return isPlain ? uuid : hash("sha256", uuid.toWellFormed(), "hex");
}
