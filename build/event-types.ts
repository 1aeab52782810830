import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { toError } from "../lambda/core/values/error.ts";
import { fillLines } from "./fill-lines.ts";
import { readScriptOptions } from "./script-options.ts";

/*
 * Writes lambda/core/okta/event-type-catalog.ts, the event types that Okta has, from a JSON file of its catalog
 * (developer.okta.com/docs/reference/api/event-types): npm run event-types -- CATALOG.json
 */

const file = fileURLToPath(new URL("../lambda/core/okta/event-type-catalog.ts", import.meta.url));

/** A release of Okta: year, month, and the number within the month, for example `2026.08.1`. */
const release = z.string().regex(/^20\d\d\.(0[1-9]|1[0-2])\.\d+$/, "expected a release such as 2026.08.1");

/** The fields of Okta's catalog: names, whether hooks deliver them, which are in beta, and its release. */
export const catalogSchema = z.object({
  release,
  eventTypes: z
    .array(
      z.object({
        id: z.string().regex(/^[\w-]+(\.[\w-]+)+$/, "expected an event type such as user.session.start"),
        hookEligible: z.boolean(),
        beta: z.boolean().optional(),
      }),
    )
    .min(1),
});

/** Okta's catalog of event types. */
export type Catalog = z.infer<typeof catalogSchema>;

/** Columns of a line of the written file. */
const width = 120;

/** The module that holds a catalog. */
export function renderCatalog({ release: of, eventTypes }: Catalog): string {
  const namesOf = (isWanted: (eventType: Catalog["eventTypes"][number]) => boolean) =>
    fillLines([...new Set(eventTypes.filter(isWanted).map(({ id }) => id))].sort(), width).join("\n");
  return `// Written by \`npm run event-types\`. A change made by hand is lost the next time.

/** The release of Okta whose catalog of event types this is (developer.okta.com/docs/reference/api/event-types). */
export const catalogRelease = "${of}";

/** The event types with the tag \`event-hook-eligible\`: Okta can deliver them to event hooks. Divided by white space. */
export const hookEligibleNames = \`
${namesOf(({ hookEligible }) => hookEligible)}
\`;

/** All others, which are in the System Log only. Divided by white space. */
export const systemLogOnlyNames = \`
${namesOf(({ hookEligible }) => !hookEligible)}
\`;

/** Of those for event hooks the ones in beta: an org has them where it has the feature. Divided by white space. */
export const betaNames = \`
${namesOf(({ hookEligible, beta }) => hookEligible && beta === true)}
\`;
`;
}

/** Reads a catalog; throws an Error with the fault of the text. */
function readCatalog(text: string): Catalog {
  const parsed = catalogSchema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  return parsed.data;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { positionals } = readScriptOptions(
    `Usage: npm run event-types -- CATALOG.json

Writes lambda/core/okta/event-type-catalog.ts from Okta's catalog of event types:
https://developer.okta.com/docs/reference/api/event-types

  -h, --help   this text

Exit code: 0; 2 when the file is no catalog.`,
    [],
    1,
  );
  const [path] = positionals;
  try {
    if (path === undefined) throw new Error("name it: npm run event-types -- CATALOG.json");
    const catalog = readCatalog(await readFile(path, "utf8"));
    await writeFile(file, renderCatalog(catalog));
    const { length } = catalog.eventTypes.filter(({ hookEligible }) => hookEligible);
    process.stdout.write(
      `release ${catalog.release}: ${catalog.eventTypes.length} event types, ${length} for event hooks\n`,
    );
  } catch (error) {
    process.stderr.write(`error: no catalog of event types can be read: ${toError(error).message}\n`);
    process.exitCode = 2;
  }
}
