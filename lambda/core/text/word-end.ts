/** Words that say nothing at the end of a text: the one that they lead to is cut off. */
const leading = /(?:[\s,;:(]| (?:a|an|and|by|for|from|in|now|of|or|the|then|through|to|with))+$/;

/**
 * The length of the longest beginning of a text, in UTF-16 code units, that ends behind a word, and behind none such as `to`. Where less
 * than half of the room were used, as with one long word, it is the room.
 *
 * @param room the most code units, at least 0
 */
export function wordEnd(text: string, room: number): number {
  if (text.length <= room) return text.length;
  const space = text.lastIndexOf(" ", room);
  const whole = text.slice(0, Math.max(space, 0)).replace(leading, "");
  return whole.length < room / 2 ? room : whole.length;
}
