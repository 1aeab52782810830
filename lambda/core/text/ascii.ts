/** Text in printable ASCII: accents fall, and the rest becomes a question mark. */
export function toAscii(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .replace(/[^\x20-\x7e]+/g, "?");
}
