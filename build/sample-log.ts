import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { inventMonth } from "./invented-month.ts";
import { readScriptOptions } from "./script-options.ts";

/*
 * The sample export in examples/sample-log/: two weeks of invented people, to try a backtest on before there is an export of one's own.
 */

const folder = fileURLToPath(new URL("../examples/sample-log/", import.meta.url));
const log = `${folder}system-log.jsonl.gz`;
const profiles = `${folder}profiles.csv`;

/** What the sample holds: lines of JSON, and a file of profile locations. */
export function makeSample(): { readonly log: string; readonly profiles: string } {
  const { events, profiles } = inventMonth({ persons: 20, days: 14 });
  return { log: `${events.map((event) => JSON.stringify(event)).join("\n")}\n`, profiles };
}

/** Reads the sample as it is in the repository. */
export async function readSample(): Promise<{ readonly log: string; readonly profiles: string }> {
  return { log: gunzipSync(await readFile(log)).toString(), profiles: await readFile(profiles, "utf8") };
}

if (import.meta.main) {
  readScriptOptions(
    `Usage: node build/sample-log.ts

Writes examples/sample-log/ anew.

  -h, --help   this text`,
    [],
  );
  const made = makeSample();
  await writeFile(log, gzipSync(made.log, { level: 9 }));
  await writeFile(profiles, made.profiles);
}
