import { InvalidArgumentError } from "commander";
import { readPacks } from "../lambda/core/sigma/pack.ts";

/** Reads the packs of an option: `admin,mfa`. */
export function parsePacks(text: string): readonly string[] {
  const packs = readPacks(text);
  if (packs === null) throw new InvalidArgumentError("Expected packs such as admin,mfa.");
  return packs;
}
