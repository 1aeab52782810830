import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { baseEventsFolder, casesEnding } from "../../lambda/adapters/rule-files/list-detections.ts";
import { readDocumentsWithLines } from "../../lambda/adapters/rule-files/load-detections.ts";
import { checkEventValue, checkGiven } from "../../lambda/core/detections/known-fields.ts";
import { type LogEvent, parseLogEvent } from "../../lambda/core/okta/log-event.ts";
import { parseDocument } from "../../lambda/core/sigma/parse/parse-rule.ts";
import { SigmaRuleError } from "../../lambda/core/sigma/rule.ts";
import { isObject } from "../../lambda/core/values/object.ts";
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

/** An event of a stream, with what a case gives of its enrichment. */
export type StreamEvent = Pick<RuleCase, "event" | "enrichment">;

/** Events in order of time, with the last of which a correlation has to fire, or with none. */
export interface StreamCase extends Pick<RuleCase, "title" | "file" | "line"> {
  readonly fires: boolean;
  readonly events: readonly StreamEvent[];
}

/** The cases of one rule or correlation. */
export interface RuleCases {
  /** The id or name of the rule or correlation; null for the only one of `NAME.yml`. */
  readonly rule: string | null;
  /** Of a rule. */
  readonly cases: readonly RuleCase[];
  /** Of a correlation. */
  readonly streams: readonly StreamCase[];
}

const fields = z.record(z.string(), z.unknown(), "expected a map of fields");

const title = z.string("expected the reason, a sentence").min(1, "expected the reason, a sentence");

const caseDocument = z.strictObject({
  title,
  matches: z.boolean("expected true or false, without quotes"),
  event: fields,
  enrichment: fields.default({}),
});

/** A time between two events: a number and a unit, as in the timespan of a correlation. */
const duration = z
  .string("expected a number and a unit: 30s, 5m, 12h or 2d")
  .regex(/^\d{1,7}[smhd]$/, "expected a number and a unit: 30s, 5m, 12h or 2d");

const timesMessage = "expected how often the event occurs: a whole number of 1 to 1000, without quotes";

/** An event of a stream: a whole one, or a base event with changes, and when and how often it occurs. */
const streamEventDocument = z.looseObject(
  {
    after: duration.default("1s"),
    times: z.int(timesMessage).min(1, timesMessage).max(1_000, timesMessage).default(1),
    enrichment: fields.default({}),
  },
  "expected an event",
);

const streamDocument = z.strictObject({
  title,
  fires: z.boolean("expected true or false, without quotes"),
  /** Values by dotted paths, of every event. */
  change: fields.default({}),
  events: z.array(streamEventDocument, "expected a list of events").min(1, "expected a list of events"),
});

const casesDocument = z.strictObject(
  {
    rule: z.string("expected the id or name of a rule").optional(),
    cases: z.array(fields, "expected a list of cases"),
  },
  "expected a map with the key cases",
);

const changedEvent = z.strictObject({
  base: z.string("expected the name of a base event"),
  /** Values by dotted paths. */
  change: fields.default({}),
  /** Lists of values by dotted paths: the case is about an event for each. */
  each: z
    .record(z.string(), z.array(z.unknown(), "expected a list of values").min(1, "expected a list of values"))
    .default({}),
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
  const documents = await readDocumentsWithLines(text, file, (document, lineOf) => {
    const { rule = null, cases } = parseDocument(casesDocument, document);
    const read = cases.map((written, index) => {
      const path = ["cases", index] as const;
      const place = { file, line: lineOf(path) };
      return isStream(written)
        ? { cases: [], streams: [readStream(written, bases, path, place)] }
        : { cases: readCase(written, bases, path, place), streams: [] };
    });
    const content = {
      rule,
      cases: read.flatMap((each) => each.cases),
      streams: read.flatMap((each) => each.streams),
    };
    return { content, warnings: [] };
  });
  return documents.map(({ content }) => content);
}

type Fields = Readonly<Record<string, unknown>>;
type Bases = ReadonlyMap<string, string | undefined>;
type Path = readonly (string | number)[];
type Place = Pick<RuleCase, "file" | "line">;

/** Whether a case is about a correlation. */
function isStream(written: Fields): boolean {
  return Object.hasOwn(written, "fires") || Object.hasOwn(written, "events");
}

function readCase(written: Fields, bases: Bases, path: Path, place: Place): readonly RuleCase[] {
  const { event, ...rest } = parseDocument(caseDocument, written, path);
  checkEnrichment(rest.enrichment, [...path, "enrichment"]);
  return eventsOf(event, bases, [...path, "event"]).map(({ value, note }) => ({
    ...rest,
    ...place,
    title: `${rest.title}${note}`,
    event: toEvent(value, [...path, "event"]),
  }));
}

/**
 * Checks what a case gives under `enrichment.`, a field by dots or a part in full: a near miss with a misspelt field or
 * value would pass without testing anything.
 *
 * @throws SigmaRuleError with the path of a field or value that the pipeline never gives
 */
function checkEnrichment(given: Fields, path: Path, parent = "enrichment"): void {
  for (const [key, value] of Object.entries(given)) {
    const [name, place] = [`${parent}.${key}`, [...path, key]];
    if (isObject(value) && Object.keys(value).length > 0) {
      checkEnrichment(value, place, name);
      continue;
    }
    locate(place, () => checkGiven(name, value));
  }
}

/** Checks what a case gives of an event: a changed or a whole one. */
function checkEventValues(written: Fields, path: Path): void {
  for (const [field, value] of Object.entries(written)) locate([...path, field], () => checkEventValue(field, value));
}

/** @throws SigmaRuleError with the path of what is checked */
function locate(path: Path, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof SigmaRuleError) throw new SigmaRuleError(error.message, path);
    throw error;
  }
}

/** The start of every stream: a time of no importance. */
const streamStart = Date.parse("2026-11-24T09:30:00Z");

/**
 * Reads a stream. Each event has a uuid of its own, and is published as long after the one before it as the case says,
 * but for a `uuid` or `published` that the case gives.
 */
function readStream(written: Fields, bases: Bases, path: Path, place: Place): StreamCase {
  const { title, fires, change: ofAll, events } = parseDocument(streamDocument, written, path);
  checkEventValues(ofAll, [...path, "change"]);
  const read: StreamEvent[] = [];
  let time = streamStart;
  for (const [index, { after, times, enrichment, ...of }] of events.entries()) {
    const where = [...path, "events", index];
    checkEnrichment(enrichment, [...where, "enrichment"]);
    const repeated = Array.from({ length: times }, () => eventsOf(of, bases, where, ofAll)).flat();
    for (const { value, given } of repeated) {
      if (read.length > 0) time += millisecondsOf(after);
      const uuid = `00000000-0000-4000-8000-${String(read.length + 1).padStart(12, "0")}`;
      const own = { uuid, published: new Date(time).toISOString() };
      const rest = Object.entries(own).filter(([field]) => !given.has(field));
      read.push({ event: toEvent({ ...value, ...Object.fromEntries(rest) }, where), enrichment });
    }
  }
  return { ...place, title, fires, events: read };
}

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function millisecondsOf(duration: string): number {
  return Number(duration.slice(0, -1)) * units[duration.slice(-1) as keyof typeof units];
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

interface WrittenEvent {
  readonly value: Fields;
  /** What sets it apart from others of the same case; empty for the only event of a case. */
  readonly note: string;
  /** The fields that the case gives: dotted paths, or keys of a whole event. */
  readonly given: ReadonlySet<string>;
}

/**
 * The events of a case: a whole one, or a base event with changes, one for each value under `each`.
 *
 * @param ofAll changes that come before the event's own
 */
function eventsOf(written: Fields, bases: Bases, path: Path, ofAll: Fields = {}): readonly WrittenEvent[] {
  const isBase = Object.hasOwn(written, "base");
  const { base, change, each } = isBase
    ? parseDocument(changedEvent, written, path)
    : { base: null, change: {}, each: {} };
  const start = base === null ? written : parseBase(base, bases.get(base), path);
  checkEventValues(isBase ? change : written, isBase ? [...path, "change"] : path);
  checkEventValues(each, [...path, "each"]);
  const given = new Set([ofAll, isBase ? change : written, each].flatMap(Object.keys));
  const changes = [...Object.entries(ofAll), ...Object.entries(change)];
  const changed = changes.reduce((event, [field, value]) => setPath(event, field.split("."), value), start);
  let events = [{ value: changed as Fields, note: "", given }];
  for (const [field, values] of Object.entries(each)) {
    events = events.flatMap(({ value: event, note }) =>
      values.map((value) => ({
        value: setPath(event, field.split("."), value) as Fields,
        note: `${note} (${field}: ${typeof value === "string" ? value : JSON.stringify(value)})`,
        given,
      })),
    );
  }
  return events;
}

function parseBase(name: string, text: string | undefined, path: Path): unknown {
  const place = [...path, "base"];
  if (text === undefined) throw new SigmaRuleError(`there is no ${baseEventsFolder}/${name}.json`, place);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SigmaRuleError(`${baseEventsFolder}/${name}.json is no JSON: ${(error as Error).message}`, place);
  }
}

function toEvent(received: unknown, path: Path): LogEvent {
  const parsed = parseLogEvent(received);
  if (parsed.ok) return parsed.event;
  const [fault] = parsed.faults;
  throw new SigmaRuleError(`${fault?.path}: ${fault?.message}`, [...path]);
}
