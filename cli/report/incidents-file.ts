import { verdictSchema } from "../../lambda/core/history/verdict.ts";
import { type Incident, incidentAlertSchema, incidentUserSchema } from "../../lambda/core/incidents/incident.ts";
import { parseJson } from "../../lambda/core/values/json.ts";
import * as stored from "../../lambda/core/values/stored.ts";
import { InputError } from "../command.ts";
import { readTextFile } from "../text-file.ts";

const incidentSchema = stored.object({
  id: stored.string(),
  changed: stored.string(),
  user: stored.nullable(incidentUserSchema),
  alerts: stored.array(incidentAlertSchema),
  count: stored.number(),
  verdict: stored.nullable(verdictSchema),
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
    const parsed = stored.safeParse(incidentSchema, parseJson(line));
    if (parsed.success) return [parsed.data];
    const expected = 'expected what "npx okta-proxy-watch incidents list --json" prints';
    throw new InputError(`${path}:${index + 1}: no incident; ${expected}`);
  });
}
