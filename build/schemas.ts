import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { alertJsonSchema } from "./alert-schema.ts";
import { readScriptOptions } from "./script-options.ts";
import { exampleSettings, settingsSchemaText } from "./settings-schema.ts";

/** What is written from the schemas of alerts and settings, by the file's path. */
const files = {
  "docs/alert.schema.json": () => `${JSON.stringify(alertJsonSchema(), null, 2)}\n`,
  "docs/settings.schema.json": settingsSchemaText,
  "settings.example.yml": exampleSettings,
} as const;

const { options } = readScriptOptions(
  `Usage: npm run schema [-- --check]

Writes ${Object.keys(files).join(", ")} from the schemas of alerts and settings.

  --check      write nothing, and name each file that differs; exit code 1 when one does
  -h, --help   this text`,
  ["check"],
);
for (const [name, make] of Object.entries(files)) {
  const file = fileURLToPath(new URL(`../${name}`, import.meta.url));
  if (!options.has("check")) {
    await writeFile(file, make());
  } else if ((await readFile(file, "utf8").catch(() => "")) !== make()) {
    process.stderr.write(`${name} is not what alerts and settings are: npm run schema writes it anew\n`);
    process.exitCode = 1;
  }
}
