import * as v from "valibot";
import { verdictSchema } from "../../lambda/core/history/verdict.ts";
import { type Incident, incidentAlertSchema, incidentUserSchema } from "../../lambda/core/incidents/incident.ts";
import { parseJson } from "../../lambda/core/values/json.ts";
import { finiteNumber } from "../../lambda/core/values/stored.ts";
import { InputError } from "../command.ts";
import { readTextFile } from "../text-file.ts";

const incidentSchema = v.object({
  id: v.string(),
  changed: v.string(),
  user: v.nullable(incidentUserSchema),
  alerts: v.array(incidentAlertSchema),
  count: finiteNumber(),
  verdict: v.nullable(verdictSchema),
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
    const parsed = v.safeParse(incidentSchema, parseJson(line));
    if (parsed.success) return [parsed.output];
    const expected = 'expected what "npx okta-proxy-watch incidents list --json" prints';
    throw new InputError(`${path}:${index + 1}: no incident; ${expected}`);
  });
}
