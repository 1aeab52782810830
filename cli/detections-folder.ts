import { fileURLToPath } from "node:url";
import { type Detections, loadDetections, RuleFileError } from "../build/load-detections.ts";
import { InputError } from "./command.ts";

/** The detections that are deployed. */
export const ourDetections = fileURLToPath(new URL("../lambda/detections", import.meta.url));

/** Loads a folder of detections, or throws an {@link InputError} that lists every fault. */
export async function readDetections(folder: string): Promise<Detections> {
  try {
    return await loadDetections(folder);
  } catch (error) {
    if (error instanceof RuleFileError) throw new InputError(error.message);
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") throw new InputError(`${folder}: no such folder`);
    throw error;
  }
}
