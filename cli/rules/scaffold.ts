import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { v4 as uuidv4 } from "uuid";
import { stringify } from "yaml";
import { casesEnding } from "../../lambda/adapters/rule-files/list-detections.ts";
import { parseLogEvent, publishedTime } from "../../lambda/core/okta/log-event.ts";
import { fieldsOf } from "../../lambda/core/values/object.ts";
import { InputError } from "../command.ts";
import { setPath } from "./set-path.ts";

/** The two files of a new rule. */
export interface Scaffold {
  readonly ruleFile: string;
  readonly casesFile: string;
}

/**
 * Writes a new rule that matches an event, with cases to go on from. The rule runs once it is deployed. It asks for what
 * tells the kind of the act; a near miss for each such field differs in it alone.
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
  const facts = kindOf(event);
  const selection = {
    eventType: event.eventType,
    ...Object.fromEntries(facts.map(({ field, value }) => [field, value])),
  };
  const rule = {
    title: `Okta ${name.replaceAll(/[_-]+/g, " ")}`,
    id: uuidv4(),
    // It runs as soon as it is deployed: an experimental rule would wait for its pack.
    status: "test",
    description: "TODO: what happens, and why it is worth a look.",
    references: ["https://developer.okta.com/docs/reference/api/event-types/"],
    date: today,
    logsource: { product: "okta", service: "okta" },
    detection: { selection, condition: "selection" },
    falsepositives: ["TODO: who does it as part of their work"],
    level: "medium",
    triage: ["TODO: what to do first"],
  };
  const another = () => ({ ...event, uuid: uuidv4() });
  const cases = [
    { title: `The event${dayOf(event)} that this rule is made from.`, matches: true, event },
    ...facts.map(({ path, change, nearMiss }) => ({
      title: nearMiss,
      matches: false,
      event: setPath(another(), path, change),
    })),
    { title: "Another kind of event.", matches: false, event: { ...another(), eventType: otherEventType(event) } },
    { title: "The same act of another person.", matches: true, event: byAnotherPerson(another()) },
  ];
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  // `wx` also refuses a file that another process has written meanwhile.
  await writeFile(ruleFile, stringify(rule, options), { flag: "wx" });
  await writeFile(casesFile, `${personalNote}${stringify({ cases }, options)}`, { flag: "wx" });
  return { ruleFile, casesFile };
}

/** Stands above the cases: they are meant for version control, and hold what the event says of a person. */
const personalNote = `# The events are as Okta sent the first one, with the login, name and addresses of a person, and ids of your org.
# Replace them by made-up ones before this file goes into version control.
`;

/** ` of 2026-11-24`, the day in UTC on which Okta published the event; empty where its time cannot be read. */
function dayOf({ published }: Readonly<Record<string, unknown>>): string {
  const time = publishedTime(String(published));
  return Number.isNaN(time) ? "" : ` of ${new Date(time).toISOString().slice(0, 10)}`;
}

/** A fact that tells the kind of an act, and a near miss that differs in it alone. */
interface Fact {
  /** The field, as a rule names it. */
  readonly field: string;
  readonly path: readonly string[];
  readonly value: string | boolean;
  /** The value of the near miss. */
  readonly change: string | boolean | null;
  /** The title of the near miss, a sentence. */
  readonly nearMiss: string;
}

/** Fields that tell the kind of an act, and not whose it is or where it comes from. */
const kindFields = [
  "outcome.reason",
  "actor.type",
  "debugContext.debugData.factor",
  "debugContext.debugData.privilegeGranted",
] as const;

/** What the event has of the facts that tell its kind, beside its type. */
function kindOf(event: Readonly<Record<string, unknown>>): readonly Fact[] {
  const facts: Fact[] = [];
  const result = valueAt(event, ["outcome", "result"]);
  if (typeof result === "string") {
    const change = result === "SUCCESS" ? "FAILURE" : "SUCCESS";
    const path = ["outcome", "result"];
    facts.push({ field: "outcome.result", path, value: result, change, nearMiss: "The same, with another outcome." });
  }
  const path = ["securityContext", "isProxy"];
  if (valueAt(event, path) === true) {
    facts.push({
      field: "securityContext.isProxy",
      path,
      value: true,
      change: false,
      nearMiss: "The same, through no proxy.",
    });
  }
  for (const field of kindFields) {
    const path = field.split(".");
    const value = valueAt(event, path);
    if (typeof value !== "string" || value === "") continue;
    facts.push({ field, path, value, change: null, nearMiss: `The same, where Okta gives no ${field}.` });
  }
  return facts;
}

function valueAt(event: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => fieldsOf(value)[key], event);
}

function otherEventType({ eventType }: Readonly<Record<string, unknown>>): string {
  return eventType === "user.session.end" ? "user.session.start" : "user.session.end";
}

function byAnotherPerson(event: unknown): unknown {
  return Object.entries({
    id: "00uanotherperson0000",
    alternateId: "another.person@example.com",
    displayName: "Another Person",
  }).reduce((changed, [key, value]) => setPath(changed, ["actor", key], value), event);
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
