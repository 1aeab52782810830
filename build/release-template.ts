import { readFile, writeFile } from "node:fs/promises";
import { everything, synthesize } from "../infra/synthesize.ts";

/*
 * Writes the template of this version, with every feature enabled, to test/infra/releases/: tests of later versions
 * check that its stack can be upgraded without loss.
 */

const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
const file = new URL(`../test/infra/releases/${version}.json`, import.meta.url);
await writeFile(file, `${JSON.stringify(synthesize(everything).template.toJSON(), null, 2)}\n`);
