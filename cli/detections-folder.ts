import { fileURLToPath } from "node:url";
import { type Detections, loadDetections, RuleFileError } from "../lambda/adapters/rule-files/load-detections.ts";
import { loadSeverity } from "../lambda/adapters/rule-files/load-severity.ts";
import type { AdjustmentDocument } from "../lambda/core/severity/compile-adjustments.ts";
import { codeOf } from "../lambda/core/values/error.ts";
import { InputError } from "./command.ts";

/** The detections that are deployed. */
export const ourDetections = fileURLToPath(new URL("../detections", import.meta.url));

/** Loads a folder of detections, or throws an {@link InputError} that lists every fault. */
export async function readDetections(folder: string): Promise<Detections> {
  try {
    return await loadDetections(folder);
  } catch (error) {
    if (error instanceof RuleFileError) throw new InputError(error.message);
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") throw new InputError(`${folder}: no such folder`);
    throw error;
  }
}

/**
 * Loads the adjustments of severity that are deployed, or throws an {@link InputError} that names the fault.
 *
 * @param onWarning called with each warning: `file:line: what`
 */
export async function readSeverity(onWarning?: (warning: string) => void): Promise<readonly AdjustmentDocument[]> {
  try {
    return await loadSeverity(fileURLToPath(new URL("../detections/severity.yml", import.meta.url)), onWarning);
  } catch (error) {
    if (error instanceof RuleFileError) throw new InputError(error.message);
    throw error;
  }
}
