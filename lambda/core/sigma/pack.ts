/** The name of a pack of rules, as rules name theirs under `pack`. */
export const packPattern = /^[a-z0-9][a-z0-9-]{0,40}$/;

/** Packs, divided by spaces or commas; null when one of them is no name of a pack. */
export function readPacks(text: string): string[] | null {
  const packs = text.split(/[\s,]+/).filter((pack) => pack !== "");
  return packs.every((pack) => packPattern.test(pack)) ? packs : null;
}
