import { createHash } from "node:crypto";
import { parseJson } from "../../lambda/core/values/json.ts";
import { isObject, type Json } from "../../lambda/core/values/object.ts";
import { fromElastic, fromOktaCustomLog, fromOktaV2, valueAtPath } from "./column-maps.ts";
import { keyPath } from "./key-path.ts";
import { isOfAnotherSource } from "./lookalikes.ts";
import { describeLostStructure } from "./lost-structure.ts";
import { isAsOktaWrites, isTextForObject, restoreEvent } from "./restore-event.ts";
import { timeOf } from "./times.ts";

/** A form in which exports hold events. A new form is a new row. */
interface Form {
  /** Shown to people, behind "of". */
  readonly name: string;
  /** The values within a record, in order; null for a record of another form. */
  readonly open: (record: Json) => readonly unknown[] | null;
  /** Whether the value within is the event itself, restored. @default false */
  readonly isEvent?: boolean;
}

/** The deepest nesting of wrappers: a CloudWatch export of EventBridge events in a list is four deep. */
const maximumDepth = 8;

/** The deepest event: Okta's are some ten deep, and deeper ones exhaust the call stack of JSON.stringify. */
const maximumEventDepth = 500;

/** A finding within a value: an event in Okta's form, or a record that is not an event. */
export type Found =
  | { readonly event: Json; readonly form: string }
  | { readonly fault: string }
  | { readonly unrecognized: unknown; readonly within: readonly unknown[] };

/** The form that needs no restoring. */
export const oktaForm = "Okta's own JSON";

/** The forms of tables' columns. */
export const flatForms: ReadonlySet<string> = new Set([
  oktaForm,
  "dotted keys",
  "underscored keys",
  "fields of JSON as text",
  "keys in another case",
]);

/** Finds the events within a value of an export. */
export function findEvents(value: unknown): readonly Found[] {
  return isWhole(value) && isOktas(value, [value]) ? [toFound(value, oktaForm)] : [...search(value, [], [])];
}

function isDeeper(value: unknown, limit: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (limit === 0) return true;
  const within: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return within.some((each) => isDeeper(each, limit - 1));
}

/** @param isRestored whether it may lack a uuid, as its form has none */
function toFound(event: Json, form: string, isRestored = false): Found {
  if (isDeeper(event, maximumEventDepth)) {
    return { fault: `no System Log event: objects are nested over ${maximumEventDepth} deep` };
  }
  const lost = describeLostStructure(event);
  if (lost !== null) return { fault: `no whole System Log event: ${lost}` };
  return { event: isRestored ? identified(event) : event, form };
}

function* search(value: unknown, names: readonly string[], outer: readonly unknown[]): Generator<Found> {
  const opened = typeof value === "string" ? jsonWithin(value) : value;
  if (isWhole(opened)) {
    if (!isOktas(opened, [opened, ...outer])) yield { unrecognized: opened, within: outer };
    else yield toFound(opened, names.length === 0 ? oktaForm : names.join(" in "));
    return;
  }
  for (const { name, open, isEvent } of isObject(opened) && outer.length < maximumDepth ? forms : []) {
    const inner = open(opened as Json);
    if (inner === null) continue;
    const named = name === "" ? names : [name, ...names];
    for (const each of inner) {
      if (isEvent && isOktas(each as Json, [opened, ...outer])) {
        yield toFound(each as Json, named.join(" in "), true);
      } else if (isEvent) yield { unrecognized: opened, within: outer };
      else yield* search(each, named, [...outer, opened]);
    }
    return;
  }
  yield { unrecognized: opened, within: outer };
}

/**
 * Okta's event types are lower-case words that dots divide
 * (https://developer.okta.com/docs/reference/api/event-types/). Types of two words may also be another product's: they
 * need a field of Okta's beside them.
 */
const oktaEventType = /^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+){2,}$/;

/** Fields that only Okta's events have, of those that have an event type; `uuid`, `client`, `device` and others are common. */
const oktaFields = [
  "authenticationContext",
  "securityContext",
  "debugContext",
  "displayMessage",
  "legacyEventType",
] as const;

/**
 * Whether a record with an event type is Okta's: other products have event types too. Without a `uuid`, it must not be
 * of another source.
 *
 * @param origin the record in the export, and those around it
 */
function isOktas(event: Json, origin: readonly unknown[]): boolean {
  const { eventType, actor } = event;
  if (!(typeof eventType === "string" && oktaEventType.test(eventType))) {
    const isKnown = oktaFields.some((name) => event[name] !== undefined && event[name] !== null);
    if (!isKnown && !(isObject(actor) && typeof actor.alternateId === "string")) return false;
  }
  return hasUuid(event) || !isOfAnotherSource(origin);
}

const hasUuid = ({ uuid }: Json) => uuid !== undefined && uuid !== null && uuid !== "";

/** A table may lack the column `uuid`: its rows are then identified by their content. */
function identified(event: Json): Json {
  if (hasUuid(event)) return event;
  const digest = createHash("sha256").update(JSON.stringify(event)).digest("hex");
  return { ...event, uuid: `without-uuid-${digest.slice(0, 24)}` };
}

/** Whether it is an event as Okta writes it. */
function isWhole(value: unknown): value is Json {
  // The envelope of a delivery has an event type too.
  if (!isObject(value) || typeof value.eventType !== "string" || isObject(value.data)) return false;
  for (const key in value) if (!isAsOktaWrites(key, value[key])) return false;
  return true;
}

/** JSON that an exporter wrote as text, also behind a prefix such as syslog's. */
function jsonWithin(text: string): unknown {
  const start = text.indexOf("{");
  const list = text.trimStart().startsWith("[") ? parseJson(text) : undefined;
  return list ?? (start < 0 ? text : (parseJson(text.slice(start)) ?? text));
}

const holdsJson = (value: unknown): boolean => typeof value === "string" && isObject(jsonWithin(value));

/** A form in which one key holds a record, or JSON as text. */
const keyed = (name: string, ...path: readonly string[]): Form => ({
  name,
  open: (record) => {
    const value = valueAtPath(record, ...path);
    return isObject(value) || holdsJson(value) ? [value] : null;
  },
});

/** A form in which one key holds JSON as text. */
const textual = (name: string, ...path: readonly string[]): Form => ({
  name,
  open: (record) => {
    const value = valueAtPath(record, ...path);
    return holdsJson(value) ? [value] : null;
  },
});

/** A form in which one key, not of a known product, holds a whole event in Okta's form. */
const whole = (name: string, key: string): Form => ({
  name,
  open: (record) => {
    const value = valueAtPath(record, key);
    const opened = typeof value === "string" ? jsonWithin(value) : value;
    return isWhole(opened) && isOktas(opened, [opened]) ? [opened] : null;
  },
});

/** Names that exporters and pipelines give to an event within a record of theirs. */
const eventKeys = [
  "event",
  "payload",
  "jsonPayload",
  "textPayload",
  "okta",
  "line",
  "@rawstring",
  "json",
  "record",
  "source",
  "document",
  "data",
  "value",
] as const;

/** A form in which one key holds a list. */
const listed = (name: string, ...path: readonly string[]): Form => ({
  name,
  open: (record) => {
    let value: unknown = record;
    for (const key of path) value = isObject(value) ? value[key] : undefined;
    return Array.isArray(value) ? value : null;
  },
});

/**
 * A restored event, with its time, and without what Splunk adds (`_raw`, `_time`, `_cd`); null without an event type.
 */
function restored(record: Json | null): readonly Json[] | null {
  if (record === null) return null;
  const own = Object.entries(record).filter(([key]) => !key.startsWith("_"));
  const event = restoreEvent(Object.fromEntries(own));
  if (typeof event.eventType !== "string") return null;
  const time = timeOf(event) ?? timeOf(record);
  return [time === undefined || event.published === time ? event : { ...event, published: time }];
}

const hasKeys = (record: Json, separator: "." | "_") =>
  Object.keys(record).some((key) => keyPath(key)?.separator === separator);

const hasTextForObject = (record: Json) =>
  Object.entries(record).some(([key, value]) => isTextForObject(keyPath(key), value));

/** In order: forms with the unchanged event come before those that have to be restored. */
const forms: readonly Form[] = [
  listed("event hook deliveries", "data", "events"),
  { name: "alerts", open: ({ alertId, event }) => (typeof alertId === "string" && isObject(event) ? [event] : null) },
  textual("Elastic's event.original", "event", "original"),
  keyed("Elasticsearch's _source", "_source"),
  listed("Elasticsearch's hits", "hits", "hits"),
  {
    name: "EventBridge's detail",
    open: (record) =>
      (Object.hasOwn(record, "detail-type") || Object.hasOwn(record, "detailType")) &&
      (isObject(record.detail) || holdsJson(record.detail))
        ? [record.detail]
        : null,
  },
  // CloudWatch's test record of a subscription.
  { name: "", open: ({ messageType }) => (messageType === "CONTROL_MESSAGE" ? [] : null) },
  {
    name: "CloudWatch's logEvents",
    open: ({ logEvents }) =>
      Array.isArray(logEvents) ? logEvents.map((each) => (isObject(each) ? each.message : each)) : null,
  },
  keyed("CloudWatch's @message", "@message"),
  { name: "CloudWatch Logs Insights' results", open: openQueryResults },
  keyed("Splunk's result", "result"),
  // The last line of a search's export.
  { name: "", open: (record) => (record.lastrow === true && record.result === undefined ? [] : null) },
  textual("Splunk's _raw", "_raw"),
  {
    name: "Splunk's HTTP event",
    open: (record) =>
      ["sourcetype", "index", "time"].some((key) => Object.hasOwn(record, key)) &&
      (isObject(record.event) || holdsJson(record.event))
        ? [record.event]
        : null,
  },
  keyed("Datadog's content", "content"),
  keyed("Datadog's attributes", "attributes"),
  textual("OCSF's raw_data", "raw_data"),
  textual("Log Analytics' RawData", "RawData"),
  { name: "Log Analytics' tables", open: openTables },
  ...["message", "Message", "log", "body", "Body", "raw", "raw_log", "rawEvent"].map((key) =>
    textual(`the text of ${key}`, key),
  ),
  ...["Records", "records", "Messages", "events", "result", "results", "logs", "data", "items", "rows", "value"].map(
    (key) => listed(`the list ${key}`, key),
  ),
  ...eventKeys.map((key) => whole(`the event in ${key}`, key)),
  { name: "Elastic's okta fields", open: (record) => restored(fromElastic(record)), isEvent: true },
  keyed("Elasticsearch's fields", "fields"),
  { name: "Sentinel's OktaV2_CL", open: (record) => restored(fromOktaV2(record)), isEvent: true },
  { name: "Sentinel's Okta_CL", open: (record) => restored(fromOktaCustomLog(record)), isEvent: true },
  { name: "dotted keys", open: (record) => (hasKeys(record, ".") ? restored(record) : null), isEvent: true },
  { name: "underscored keys", open: (record) => (hasKeys(record, "_") ? restored(record) : null), isEvent: true },
  {
    name: "fields of JSON as text",
    open: (record) => (hasTextForObject(record) ? restored(record) : null),
    isEvent: true,
  },
  { name: "keys in another case", open: restored, isEvent: true },
];

/** The answer of Log Analytics' query API: columns by name, rows as lists. */
function openTables({ tables }: Json): readonly unknown[] | null {
  if (!Array.isArray(tables)) return null;
  return tables.flatMap((table) => {
    if (!isObject(table) || !Array.isArray(table.columns) || !Array.isArray(table.rows)) return [];
    const names = table.columns.map((column) => (isObject(column) ? String(column.name) : ""));
    return table.rows.map((row: unknown) =>
      Object.fromEntries(names.map((name, index) => [name, Array.isArray(row) ? row[index] : null])),
    );
  });
}

/** The answer of CloudWatch Logs Insights: a list of fields for each row. */
function openQueryResults({ results }: Json): readonly unknown[] | null {
  if (!Array.isArray(results) || results.length === 0 || !results.every(Array.isArray)) return null;
  return results.map((fields: readonly unknown[]) =>
    Object.fromEntries(fields.filter(isObject).map(({ field, value }) => [String(field), value])),
  );
}
