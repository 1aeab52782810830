import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { patternDetection } from "../matching.ts";

/* Writes a folder of so many rules of patterns, of which none matches: `node bench/peers/write-rules.ts 3000 rules-3000`. */

const [, , count = "3000", folder = `rules-${count}`] = process.argv;
mkdirSync(folder, { recursive: true });
for (let index = 0; index < Number(count); index += 1) {
  const rule = {
    title: `Rule ${index}`,
    id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    status: "test",
    level: "low",
    logsource: { product: "okta", service: "okta" },
    detection: { selection: patternDetection(index), condition: "selection" },
  };
  writeFileSync(join(folder, `rule-${index}.yml`), stringify(rule));
}
