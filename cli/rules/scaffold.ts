import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { v4 as uuidv4 } from "uuid";
import { stringify } from "yaml";
import { casesEnding } from "../../lambda/adapters/rule-files/list-detections.ts";
import { parseLogEvent } from "../../lambda/core/okta/log-event.ts";
import { InputError } from "../command.ts";
import { setPath } from "./set-path.ts";

/** The two files of a new rule. */
export interface Scaffold {
  readonly ruleFile: string;
  readonly casesFile: string;
}

/**
 * Writes a new rule that matches an event, with cases to go on from.
 *
 * @param folder the folder of detections
 * @param name the name of the files, without an ending
 * @param eventFile a file with one event, as JSON
 * @param today the date of the rule, `YYYY-MM-DD`
 * @throws InputError when a file exists already, or the event cannot be read
 */
export async function scaffoldRule(folder: string, name: string, eventFile: string, today: string): Promise<Scaffold> {
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(name)) {
    throw new InputError(
      `"${name}" is no name for a rule: lower-case letters, digits, _ and -, as in admin_role_granted`,
    );
  }
  const ruleFile = join(folder, `${name}.yml`);
  const casesFile = join(folder, `${name}${casesEnding}`);
  for (const file of [ruleFile, casesFile]) {
    if (await exists(file)) throw new InputError(`${file} exists already: take another name`);
  }
  const event = await readEvent(eventFile);
  const { eventType, outcome } = event as {
    readonly eventType: string;
    readonly outcome?: { readonly result?: unknown };
  };
  const result = outcome?.result;
  const selection = { eventType, ...(typeof result === "string" ? { "outcome.result": result } : {}) };
  const rule = {
    title: `Okta ${name.replaceAll(/[_-]+/g, " ")}`,
    id: uuidv4(),
    status: "experimental",
    description: "TODO: what happens, and why it is worth a look.",
    references: ["https://developer.okta.com/docs/reference/api/event-types/"],
    date: today,
    logsource: { product: "okta", service: "okta" },
    detection: { selection, condition: "selection" },
    falsepositives: ["TODO: who does it as part of their work"],
    level: "medium",
  };
  const cases = [
    { title: `The event of ${today} that this rule is made from.`, matches: true, event },
    { title: "TODO: another that it has to match.", matches: true, event: { ...event, uuid: uuidv4() } },
    {
      title: "The same act of another kind.",
      matches: false,
      event: { ...event, uuid: uuidv4(), eventType: "user.session.end" },
    },
    ...(typeof result === "string"
      ? [
          {
            title: "The same, with another outcome.",
            matches: false,
            event: setPath(
              { ...event, uuid: uuidv4() },
              ["outcome", "result"],
              result === "SUCCESS" ? "FAILURE" : "SUCCESS",
            ),
          },
        ]
      : []),
  ];
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  // `wx` also refuses a file that another process has written meanwhile.
  await writeFile(ruleFile, stringify(rule, options), { flag: "wx" });
  await writeFile(casesFile, stringify({ cases }, options), { flag: "wx" });
  return { ruleFile, casesFile };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** Reads one event: as Okta's System Log has it, or the only one of an event hook's delivery. */
async function readEvent(file: string): Promise<Readonly<Record<string, unknown>>> {
  let read: unknown;
  try {
    read = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new InputError(`${file} cannot be read as JSON: ${(error as Error).message}`);
  }
  const delivered = (read as { readonly data?: { readonly events?: unknown } } | null)?.data?.events ?? read;
  const events: readonly unknown[] = Array.isArray(delivered) ? delivered : [delivered];
  if (events.length !== 1) throw new InputError(`${file} holds ${events.length} events: a rule is made from one`);
  const parsed = parseLogEvent(events[0]);
  if (parsed.ok) return parsed.event.received;
  throw new InputError(`${file}: ${parsed.faults.map(({ path, message }) => `${path}: ${message}`).join("; ")}`);
}
