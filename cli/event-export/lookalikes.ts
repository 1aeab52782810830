import { fold } from "../../lambda/core/okta/log-event-fields.ts";
import { isObject, type Json } from "../../lambda/core/values/object.ts";
import { valueAtPath } from "./column-maps.ts";

/** Records that are often mistaken for events of Okta's System Log. */
interface Lookalike {
  readonly name: string;
  readonly is: (record: Json) => boolean;
  /** How to get the event otherwise. */
  readonly instead: string;
  /** Whether an exporter's changes may make Okta's event look like this. @default false */
  readonly mayBeOktas?: boolean;
}

/** Whether a record has all these keys, in any case: a table's columns are often in lower case. */
function has(record: Json, ...keys: readonly string[]): boolean {
  const found = new Set(Object.keys(record).map(fold));
  return keys.every((key) => found.has(fold(key)));
}

/** The most certain come first. */
const lookalikes: readonly Lookalike[] = [
  {
    name: "an error of Okta's API",
    is: (record) => has(record, "errorCode", "errorSummary"),
    instead: "the download failed: check its token and scope (okta.logs.read), and run it again",
  },
  {
    name: "an OCSF event",
    is: (record) => has(record, "class_uid") || (has(record, "category_uid") && has(record, "metadata")),
    instead: "OCSF keeps a part of Okta's fields: export the source's own events, or keep them in raw_data",
  },
  {
    name: "an event of Google SecOps (UDM)",
    is: (record) =>
      isObject(record.udm) || (isObject(record.metadata) && has(record.metadata, "event_type", "log_type")),
    instead: "UDM keeps a part of Okta's fields: export the raw logs",
  },
  {
    name: "an event of Elastic Common Schema without event.original",
    mayBeOktas: true,
    is: (record) =>
      has(record, "@timestamp") && (has(record, "ecs") || isObject(record.event) || has(record, "ecs.version")),
    instead: "export documents of the dataset okta.system, with the integration's setting Preserve original event",
  },
  {
    name: "an event of Datadog whose attributes were renamed",
    mayBeOktas: true,
    is: (record) => isObject(record.evt) && (has(record, "usr") || has(record, "network")),
    instead:
      "export logs that keep Okta's eventType (the remappers' setting Preserve source attribute), or Okta's own log",
  },
  {
    name: "a user of Okta, not an event",
    is: (record) => isObject(record.profile) && has(record, "status"),
    instead: "ask /api/v1/logs, not /api/v1/users",
  },
  {
    name: "an event of Okta's older Events API",
    is: (record) => has(record, "eventId") && isObject(record.action),
    instead: "it says nothing of proxies: ask /api/v1/logs, not /api/v1/events",
  },
  {
    name: "an event of AWS CloudTrail",
    is: (record) => has(record, "eventSource", "eventName"),
    instead: "choose the log group or the event bus that Okta's log stream writes to",
  },
  {
    name: "an event of another source of EventBridge",
    is: (record) => has(record, "detail-type", "source") && !String(record.source).startsWith("aws.partner/okta.com"),
    instead: "choose the events of the source aws.partner/okta.com",
  },
  {
    name: "a sign-in of Microsoft Entra",
    is: (record) => has(record, "userPrincipalName") || has(record, "UserPrincipalName"),
    instead: "choose the table Okta_CL or OktaV2_CL",
  },
  {
    name: "an event of Microsoft Sentinel's ASIM",
    is: (record) => has(record, "EventProduct", "EventVendor") || has(record, "EventSchema"),
    instead: "ASIM keeps a part of Okta's fields: choose the table Okta_CL or OktaV2_CL",
  },
  {
    name: "an event of Suricata",
    is: (record) => has(record, "event_type", "src_ip") || has(record, "event_type", "flow_id"),
    instead: "choose the index or the log of Okta's events",
  },
  {
    name: "an event of Auth0",
    is: (record) => has(record, "log_id", "type") || has(record, "log_id", "tenant_name"),
    instead: "Auth0 keeps a log of its own: export Okta's System Log",
  },
  {
    name: "an event of Windows",
    is: (record) => has(record, "TimeCreated", "Computer") || has(record, "EventID", "Channel"),
    instead: "choose the index or the log of Okta's events",
  },
  {
    name: "a result of Splunk without _raw",
    mayBeOktas: true,
    is: (record) => (has(record, "preview") && isObject(record.result)) || has(record, "_time"),
    instead: "export the events themselves: end the search with | table _raw",
  },
];

/** The most keys of an unknown record that a message shows. */
const maximumKeys = 8;
const maximumKeyLength = 40;

/**
 * Describes an unknown value, and how to get events instead. It shows keys, never values, which may be personal.
 *
 * @param within the values around it, the outermost first
 */
export function describeUnrecognized(value: unknown, within: readonly unknown[] = []): string {
  const records = [value, ...within.toReversed()].filter(isObject);
  for (const record of records) {
    const found = lookalikes.find(({ is }) => is(record));
    if (found !== undefined) return `it seems to be ${found.name}; ${found.instead}`;
  }
  if (!isObject(value)) return `no System Log event: expected an object, found ${kindOf(value)}`;
  const keys = Object.keys(value);
  const shown = keys.slice(0, maximumKeys).map(toShown);
  const more = keys.length > shown.length ? ` and ${keys.length - shown.length} more` : "";
  const named = keys.length === 0 ? "an empty object" : `an object with the keys ${shown.join(", ")}${more}`;
  if (Object.keys(value).some((key) => fold(key) === "eventtype")) {
    return `no System Log event: ${named}; its event type is none of Okta's, as user.session.start`;
  }
  const missing = valueAtPath(value, "uuid") === undefined ? "uuid and eventType" : "eventType";
  return `no System Log event: ${named}, without ${missing}`;
}

/** Whether one of these records is surely of another source than Okta's System Log. */
export function isOfAnotherSource(records: readonly unknown[]): boolean {
  return records.some(
    (record) => isObject(record) && lookalikes.some(({ is, mayBeOktas }) => mayBeOktas !== true && is(record)),
  );
}

/** Hides keys that look like values: a table without a header has values in its first row. */
function toShown(key: string): string {
  return /[^\s]@|\d{4}|\d\.\d|[:/\\]/.test(key) ? "(a value)" : key.slice(0, maximumKeyLength);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list within a list" : typeof value === "string" ? "text" : `a ${typeof value}`;
}
