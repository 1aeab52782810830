import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { baseEventsFolder, casesEnding } from "../../lambda/adapters/rule-files/list-detections.ts";
import { readDocuments } from "../../lambda/adapters/rule-files/load-detections.ts";
import { type LogEvent, parseLogEvent } from "../../lambda/core/okta/log-event.ts";
import { SigmaRuleError } from "../../lambda/core/sigma/rule.ts";
import { setPath } from "./set-path.ts";

/** An event that a rule has to match, or must not. */
export interface RuleCase {
  /** The reason, a sentence. */
  readonly title: string;
  readonly matches: boolean;
  readonly event: LogEvent;
  /** Fields under `enrichment.` that the case gives; what the event itself shows is computed from it. */
  readonly enrichment: Readonly<Record<string, unknown>>;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** The cases of one rule. */
export interface RuleCases {
  /** The id or name of the rule; null for the only rule of `NAME.yml`. */
  readonly rule: string | null;
  readonly cases: readonly RuleCase[];
}

const fields = z.record(z.string(), z.unknown(), "expected a map of fields");

const caseDocument = z.strictObject({
  title: z.string("expected the reason, a sentence").min(1, "expected the reason, a sentence"),
  matches: z.boolean("expected true or false"),
  event: fields,
  enrichment: fields.default({}),
});

const casesDocument = z.strictObject(
  {
    rule: z.string("expected the id or name of a rule").optional(),
    cases: z.array(caseDocument, "expected a list of cases"),
  },
  "expected a map with the key cases",
);

const changedEvent = z.strictObject({
  base: z.string("expected the name of a base event"),
  /** Values by dotted paths. */
  change: fields.default({}),
  /** Lists of values by dotted paths: the case is about an event for each. */
  each: z.record(z.string(), z.array(z.unknown(), "expected a list of values").min(1)).default({}),
});

/**
 * Reads the cases of the rules of one file, from `NAME.cases.yml`.
 *
 * @param baseFolders folders with base events, `NAME.json`; the first that has one counts
 * @throws RuleFileError naming file, line and reason of the first fault
 */
export async function readCases(file: string, baseFolders: readonly string[]): Promise<readonly RuleCases[]> {
  const text = await readFile(file, "utf8");
  const names = new Set([...text.matchAll(/\bbase:\s*["']?([\w-]+)/g)].map(([, name = ""]) => name));
  const bases = new Map(
    await Promise.all([...names].map(async (name) => [name, await readBase(name, baseFolders)] as const)),
  );
  const documents = readDocuments(text, file, (document, lineOf) => {
    const parsed = casesDocument.safeParse(document);
    if (!parsed.success) throw faultOf(parsed.error);
    const cases = parsed.data.cases.flatMap(({ event, ...each }, index): RuleCase[] => {
      const path = ["cases", index] as const;
      return eventsOf(event, bases, path).map(({ value, note }) => ({
        ...each,
        title: `${each.title}${note}`,
        event: value,
        file,
        line: lineOf(path),
      }));
    });
    return { content: { rule: parsed.data.rule ?? null, cases }, warnings: [] };
  });
  return documents.map(({ content }) => content);
}

/** The file of a rule's cases: `NAME.cases.yml` for `NAME.yml`. */
export function casesFileOf(ruleFile: string): string {
  return ruleFile.replace(/\.yml$/, casesEnding);
}

/** The file of the rules that cases are about. */
export function ruleFileOf(casesFile: string): string {
  return casesFile.slice(0, -casesEnding.length).concat(".yml");
}

/** The text of a base event; undefined where no folder has it. */
async function readBase(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const text = await readFile(join(folder, baseEventsFolder, `${name}.json`), "utf8").catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** An event, and what sets it apart from others of the same case. */
interface NotedEvent {
  readonly value: LogEvent;
  /** Empty for the only event of a case. */
  readonly note: string;
}

/** The events of a case: a whole one, or a base event with changes, one for each value under `each`. */
function eventsOf(
  written: Readonly<Record<string, unknown>>,
  bases: ReadonlyMap<string, string | undefined>,
  path: readonly (string | number)[],
): readonly NotedEvent[] {
  if (!Object.hasOwn(written, "base")) return [{ value: toEvent(written, path), note: "" }];
  const parsed = changedEvent.safeParse(written);
  if (!parsed.success) throw faultOf(parsed.error, [...path, "event"]);
  const { base, change, each } = parsed.data;
  const changed = Object.entries(change).reduce(
    (event, [field, value]) => setPath(event, field.split("."), value),
    parseBase(base, bases.get(base), path),
  );
  let events = [{ event: changed, note: "" }];
  for (const [field, values] of Object.entries(each)) {
    events = events.flatMap(({ event, note }) =>
      values.map((value) => ({
        event: setPath(event, field.split("."), value),
        note: `${note} (${field}: ${typeof value === "string" ? value : JSON.stringify(value)})`,
      })),
    );
  }
  return events.map(({ event, note }) => ({ value: toEvent(event, path), note }));
}

function parseBase(name: string, text: string | undefined, path: readonly (string | number)[]): unknown {
  const place = [...path, "event", "base"];
  if (text === undefined) throw new SigmaRuleError(`there is no ${baseEventsFolder}/${name}.json`, place);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SigmaRuleError(`${baseEventsFolder}/${name}.json is no JSON: ${(error as Error).message}`, place);
  }
}

function toEvent(received: unknown, path: readonly (string | number)[]): LogEvent {
  const parsed = parseLogEvent(received);
  if (parsed.ok) return parsed.event;
  const [fault] = parsed.faults;
  throw new SigmaRuleError(`${fault?.path}: ${fault?.message}`, [...path, "event"]);
}

function faultOf(error: z.ZodError, base: readonly (string | number)[] = []): SigmaRuleError {
  const [issue] = error.issues;
  const path = (issue?.path ?? []).filter((key): key is string | number => typeof key !== "symbol");
  return new SigmaRuleError(issue?.message ?? "cannot be read", [...base, ...path]);
}
