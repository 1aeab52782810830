/** A part of a line, and its share of the room: a fraction, of all parts together at most 1. */
export interface Part {
  readonly text: string;
  readonly share: number;
}

/**
 * The most characters of each part of a line. Each part has its share; room that it leaves goes to parts that need
 * more, the one that needs least first.
 *
 * @param maximum characters of all parts together
 */
export function shareRoom(parts: readonly Part[], maximum: number): readonly number[] {
  const rooms = parts.map(({ text, share }) => Math.min(text.length, Math.floor(share * maximum)));
  let spare = maximum - rooms.reduce((sum, room) => sum + room, 0);
  const needs = parts.map(({ text }, index) => ({ index, need: text.length - (rooms[index] ?? 0) }));
  for (const { index, need } of needs.sort((first, second) => first.need - second.need)) {
    const more = Math.min(need, spare);
    rooms[index] = (rooms[index] ?? 0) + more;
    spare -= more;
  }
  return rooms;
}
