import { writeRules } from "../rule-loads.ts";

/* Writes a folder of so many rules of patterns, of which none matches: `node bench/peers/write-rules.ts 3000 rules-3000`. */

const [, , count = "3000", folder = `rules-${count}`] = process.argv;
writeRules(Number(count), folder);
