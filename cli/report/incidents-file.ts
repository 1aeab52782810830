import * as z from "zod/mini";
import { verdictSchema } from "../../lambda/core/history/verdict.ts";
import { type Incident, incidentAlertSchema, incidentUserSchema } from "../../lambda/core/incidents/incident.ts";
import { parseJson } from "../../lambda/core/values/json.ts";
import { InputError } from "../command.ts";
import { readTextFile } from "../text-file.ts";

const incidentSchema = z.object({
  id: z.string(),
  changed: z.string(),
  user: z.nullable(incidentUserSchema),
  alerts: z.array(incidentAlertSchema),
  count: z.number(),
  verdict: z.nullable(verdictSchema),
});

/**
 * Reads incidents as `incidents list --json` prints them, one JSON line each.
 *
 * @throws InputError with file and line of what is no incident
 */
export async function readIncidentsFile(path: string): Promise<readonly Incident[]> {
  const text = await readTextFile(path);
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === "" || line.startsWith("> ")) return [];
    const parsed = z.safeParse(incidentSchema, parseJson(line));
    if (parsed.success) return [parsed.data];
    const expected = 'expected what "npx okta-proxy-watch incidents list --json" prints';
    throw new InputError(`${path}:${index + 1}: no incident; ${expected}`);
  });
}
