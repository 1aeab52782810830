import { readdirSync } from "node:fs";
import { basename } from "node:path";

/** The names of all outputs, one for each file of `lambda/core/outputs/`. */
export const knownOutputs: readonly string[] = readdirSync(new URL("../lambda/core/outputs", import.meta.url)).map(
  (file) => basename(file, ".ts"),
);
