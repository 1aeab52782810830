import { readdirSync } from "node:fs";
import { basename } from "node:path";

/** The names of the outputs that there are: every file of `lambda/core/outputs/` is one. */
export const knownOutputs: readonly string[] = readdirSync(new URL("../lambda/core/outputs", import.meta.url)).map(
  (file) => basename(file, ".ts"),
);
