import { InvalidArgumentError } from "commander";
import { readPacks } from "../lambda/core/sigma/pack.ts";
import { readCount } from "../lambda/core/storms/storm.ts";

/** Reads the packs of an option: `admin,mfa`. */
export function parsePacks(text: string): readonly string[] {
  const packs = readPacks(text);
  if (packs === null) throw new InvalidArgumentError("Expected packs such as admin,mfa.");
  return packs;
}

/** Reads a distance, in kilometers. */
export function parseDistance(text: string): number {
  const distance = Number(text);
  if (!(distance > 0)) throw new InvalidArgumentError("Expected a number of kilometers over 0.");
  return distance;
}

/** The parser of a count of things, from 0 to the most. */
export const parseCount = (things: string, most: number) => (text: string) => {
  const count = readCount(text, most);
  if (count === null) throw new InvalidArgumentError(`Expected a whole number of ${things} from 0 to ${most}.`);
  return count;
};
