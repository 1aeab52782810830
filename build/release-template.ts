import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { everything, synthesize } from "../infra/synthesize.ts";
import { readScriptOptions } from "./script-options.ts";

/*
 * Writes the template of this version, with every feature enabled, to test/infra/releases/: tests of later versions
 * check that its stack can be upgraded without loss.
 */

readScriptOptions(
  `Usage: npm run release-template

Builds, and writes the template of this version, with every feature on, to test/infra/releases/.

  -h, --help   this text`,
  [],
);
execFileSync(process.execPath, [fileURLToPath(new URL("bundle.ts", import.meta.url)), "--quiet"], { stdio: "inherit" });
const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
const file = new URL(`../test/infra/releases/${version}.json`, import.meta.url);
await writeFile(file, `${JSON.stringify(synthesize(everything).template.toJSON(), null, 2)}\n`);
