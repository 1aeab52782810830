/** Text in printable ASCII: accents are removed, and other characters become question marks. */
export function toAscii(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .replace(/[^\x20-\x7e]+/g, "?");
}
