import { readFile } from "node:fs/promises";
import { toError } from "../lambda/core/values/error.ts";
import { InputError } from "./command.ts";

/**
 * Reads a file that a command is given, in UTF-8, without the byte order mark that some editors begin it with.
 *
 * @throws InputError naming the file, when it cannot be opened
 */
export async function readTextFile(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).replace(/^\uFEFF/, "");
  } catch (error) {
    throw new InputError(`${path}: cannot be opened: ${toError(error).message}`);
  }
}
