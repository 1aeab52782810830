import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as z from "zod/mini";
import { alertSchema } from "../lambda/core/alerts/alert-schema.ts";

/*
 * Writes docs/alert.schema.json, the JSON Schema of an alert, from the schema of its type. With --check it writes
 * nothing, and fails when the file differs.
 */

const file = fileURLToPath(new URL("../docs/alert.schema.json", import.meta.url));

/** The JSON Schema of an alert. Releases may add fields without a new version: readers have to ignore unknown ones. */
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
