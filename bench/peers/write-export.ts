import { closeSync, openSync, writeSync } from "node:fs";
import { logLine } from "../events.ts";

/* Writes an export of so many events: `node bench/peers/write-export.ts 300000 log.jsonl`. */

const [, , count = "300000", path = "log.jsonl"] = process.argv;
const file = openSync(path, "w");
for (let index = 0; index < Number(count); index += 1) writeSync(file, `${JSON.stringify(logLine(index))}\n`);
closeSync(file);
