/**
 * The lines that a text takes on a screen that breaks between words, and within a word that is longer than a line.
 *
 * @param columns characters of a line (UTF-16 code units), at least 1
 */
export function countLines(text: string, columns: number): number {
  let lines = 1;
  let used = 0;
  for (const { length } of text.split(" ")) {
    const joined = used === 0 ? length : used + 1 + length;
    if (joined <= columns) {
      used = joined;
      continue;
    }
    const own = Math.max(1, Math.ceil(length / columns));
    lines += own - (used === 0 ? 1 : 0);
    used = length - (own - 1) * columns;
  }
  return lines;
}

/**
 * The longest beginning of a text that takes at most so many lines.
 *
 * @param cut cuts the text to a number of UTF-16 code units
 */
export function fitLines(
  text: string,
  lines: number,
  columns: number,
  cut: (text: string, maximum: number) => string,
): string {
  if (countLines(text, columns) <= lines) return text;
  // A space at which a line breaks takes no room.
  for (let length = Math.min(text.length, lines * (columns + 1)); length > 1; length--) {
    const shorter = cut(text, length);
    if (countLines(shorter, columns) <= lines) return shorter;
  }
  return cut(text, 1);
}
