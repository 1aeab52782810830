import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as z from "zod/mini";
import { alertSchema } from "../lambda/core/alerts/alert-schema.ts";

/*
 * Writes docs/alert.schema.json, the JSON Schema of an alert, from what alerts are typed by. With --check it writes
 * nothing, and fails when the file is not what would be written.
 */

const file = fileURLToPath(new URL("../docs/alert.schema.json", import.meta.url));

/** The JSON Schema of an alert. Fields may come to it without a new version: readers have to let them be. */
export function alertJsonSchema(): unknown {
  const schema = z.toJSONSchema(alertSchema, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return { ...schema, title: "An alert of okta-proxy-watch" };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = `${JSON.stringify(alertJsonSchema(), null, 2)}\n`;
  if (!process.argv.includes("--check")) {
    await writeFile(file, wanted);
  } else if ((await readFile(file, "utf8").catch(() => "")) !== wanted) {
    process.stderr.write("docs/alert.schema.json is not what alerts are: npm run schema writes it anew\n");
    process.exitCode = 1;
  }
}
