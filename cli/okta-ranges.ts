import { readFile } from "node:fs/promises";
import * as z from "zod";
import { whyUnreachable } from "../lambda/adapters/okta-api/unreachable.ts";
import { parseCidr } from "../lambda/core/network/cidr.ts";
import { plural } from "../lambda/core/text/shorten.ts";
import { parseJson } from "../lambda/core/values/json.ts";
import { createCommand, InputError, jsonLine, print } from "./command.ts";
import { withProgress } from "./progress.ts";

/**
 * Okta's list of the networks of its cells:
 * https://help.okta.com/oie/en-us/content/topics/security/ip-address-allow-listing.htm
 */
const published = "https://s3.amazonaws.com/okta-ip-ranges/ip_ranges.json";

const cells = z.record(z.string(), z.object({ ip_ranges: z.array(z.string()) }));

interface Options {
  readonly cell?: readonly string[];
  readonly from: string;
  readonly json: boolean;
}

async function printRanges({ cell: wanted = [], from, json }: Options): Promise<void> {
  const all = await withProgress(`reading ${from}`, () => readCells(from));
  if (wanted.length === 0) {
    for (const [cell, { ip_ranges: ranges }] of Object.entries(all))
      print(json ? jsonLine({ cell, networks: ranges.length }) : `${cell}  ${plural(ranges.length, "network")}`);
    if (json) return;
    process.stderr.write(
      "The footer of your org's admin console names its cell: OK1 is us_cell_1, EU1 emea_cell_1... Then: --cell NAME\n",
    );
    return;
  }
  const ranges = wanted.flatMap((name) => {
    const found = Object.hasOwn(all, name) ? all[name] : undefined;
    if (found === undefined) throw new InputError(`there is no cell "${name}": ${Object.keys(all).sort().join(", ")}`);
    return found.ip_ranges;
  });
  const unusable = ranges.filter((range) => parseCidr(range) === null);
  if (unusable.length > 0) throw new InputError(`${from} has what is no network: ${unusable.slice(0, 5).join(", ")}`);
  const sorted = [...new Set(ranges)].sort();
  print(json ? jsonLine(sorted) : `allowedCidrs: [${sorted.map((range) => `"${range}"`).join(", ")}]`);
}

async function readCells(from: string): Promise<z.infer<typeof cells>> {
  const content = parseJson(await readText(from));
  if (content === undefined) throw new InputError(`${from} is no JSON`);
  const parsed = cells.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new InputError(`${from} is no list of cells with "ip_ranges": ${parsed.error.issues[0]?.path.join(".")}`);
}

async function readText(from: string): Promise<string> {
  try {
    if (!/^https?:/.test(from)) return await readFile(from, "utf8");
    const response = await fetch(from, { signal: AbortSignal.timeout(30_000) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return await response.text();
  } catch (error) {
    throw new InputError(`${from} cannot be read: ${whyUnreachable(error)}`);
  }
}

export const command = createCommand(
  "okta-ranges",
  "Prints the networks that Okta's cells send from, as the setting allowedCidrs for settings.yml.",
)
  .option("--cell <name...>", "the org's cell; without it, the cells are listed")
  .option("--from <url or file>", "where the list is", published)
  .option("--json", "print each cell as a JSON line; with --cell, its networks as one", false)
  .addHelpText("after", "\nExit code: 0; 2 when the list cannot be read, or has no such cell.")
  .action(printRanges);
