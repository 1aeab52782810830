import { alertJsonSchema } from "./alert-schema.ts";
import { readScriptOptions } from "./script-options.ts";
import { exampleSettings, settingsSchemaText } from "./settings-schema.ts";
import { writeOrCheck } from "./written-file.ts";

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
const fault = "is not what alerts and settings are: npm run schema writes it anew";
for (const [name, make] of Object.entries(files)) await writeOrCheck(name, make(), options.has("check"), fault);
