import { readFile, writeFile } from "node:fs/promises";
import { everything, synthesize } from "../infra/synthesize.ts";

/*
 * Writes the template of this version, with all that can be switched on, to test/infra/releases/: a later version's tests see
 * whether a stack of this one could be upgraded with nothing lost.
 */

const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
const file = new URL(`../test/infra/releases/${version}.json`, import.meta.url);
await writeFile(file, `${JSON.stringify(synthesize(everything).template.toJSON(), null, 2)}\n`);
