import type { Json } from "../values/object.ts";
import { readAnonymousNetwork } from "./anonymous-network.ts";
import { decodeJson } from "./encoded-value.ts";
import type { Fault } from "./fault.ts";
import { type Get, list, number, object, boolean as readBoolean, record, text, valueAt } from "./lenient.ts";
import { debugDataOf, readIsProxy, securityContextOf, unreadable } from "./network-signals.ts";

/*
 * The fields of Okta's LogEvent that alerts use. Every field except uuid, published and eventType may be null or
 * missing. Fields that only describe an event are read leniently: a value of an undocumented kind is null, so that an
 * odd postal code cannot stop an alert. Fields that decide whether an event is alerted on are read strictly: an event
 * whose isProxy cannot be read is malformed, and the pipeline parks it.
 *
 * This code reads events by hand, not by a schema: it runs for every event, and every cold start loads it. A test
 * compares it with the schema.
 */

/** The event type of a sign-in itself. */
export const sessionStart = "user.session.start";

/**
 * The type of the event by which ThreatInsight tells of a request, before Okta knows its user. No hook delivers it: a log stream does,
 * and reconciliation finds it.
 */
export const threatDetected = "security.threat.detected";

/** Marks an event as a test by `npx okta-proxy-watch send-test-alert`. Okta sends no such field, and a sign-in cannot add it. */
export const testMark = { oktaProxyWatch: { test: true } } as const;

/** One event of the System Log, as an event hook delivers it. */
export interface LogEvent {
  readonly uuid: string;
  /** As Okta wrote it; a time in ISO 8601, UTC. */
  readonly published: string;
  readonly eventType: string;
  /** Whether it is marked by {@link testMark}. */
  readonly isTest: boolean;
  /** The fields that alerts use, read leniently and on first access: most events match no rule. */
  readonly fields: LogEventFields;
  /** The event as received: rules match against it, and alerts carry it. */
  readonly received: Readonly<Record<string, unknown>>;
  /**
   * Calls `read` once for each name while the event is in memory: several stages of the pipeline need the same value. A WeakMap of events
   * in its place takes a microsecond an entry, and as much to be collected.
   *
   * @param read a pure function of the event
   */
  once<Value>(name: string, read: (event: LogEvent) => Value): Value;
}

/** The fields that alerts use. A field that is absent or cannot be read is null. */
export type LogEventFields = Pick<Fields, keyof Fields>;

/** Where an address is, as Okta sees it. `country` is an English name, coordinates are degrees. */
export type GeographicalContext = ReturnType<typeof readGeographicalContext>;

/**
 * When an event was published, in milliseconds since 1970; NaN when that is no time. Okta writes ISO 8601 with `Z`;
 * exports also have a space for `T`, no zone, and nanoseconds, all of them UTC.
 */
export function publishedTime(published: string): number {
  if (isWrittenByOkta.test(published)) return Date.parse(published);
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(published) ? published : `${published}Z`;
  return Date.parse(zoned.replace(" ", "T").replace(/(\.\d{3})\d+/, "$1"));
}

/** As Okta writes it: nothing of it has to be replaced before it is read. */
const isWrittenByOkta = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The result of parsing one event. */
export type ParsedLogEvent =
  | { readonly ok: true; readonly event: LogEvent }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Reads one event of a delivery.
 *
 * @param received the event, as JSON
 * @param base its place in the delivery, for the paths of faults
 */
export function parseLogEvent(received: unknown, base: readonly PropertyKey[] = []): ParsedLogEvent {
  const event = readLogEvent(received);
  return event === null ? { ok: false, faults: findFaults(received, base) } : { ok: true, event };
}

/**
 * Reads one event of a delivery; null for one that cannot be judged. It describes no fault: a body may hold millions of
 * such events.
 */
export function readLogEvent(received: unknown): LogEvent | null {
  const event = object(received);
  if (event === null) return null;
  const { uuid, published, eventType } = event;
  if (!isRequiredText(uuid) || !isRequiredText(published) || !isRequiredText(eventType)) return null;
  if (faultOfSecurityContext(event) !== null) return null;
  return new ReceivedEvent(uuid, published, eventType, event);
}

/** Its accessors are of the class: one of each object would give the object a hidden class of its own, which is collected late. */
class ReceivedEvent implements LogEvent {
  readonly uuid: string;
  readonly published: string;
  readonly eventType: string;
  readonly received: Json;
  #fields: LogEventFields | undefined;
  #values: Map<string, unknown> | undefined;

  constructor(uuid: string, published: string, eventType: string, received: Json) {
    this.uuid = uuid;
    this.published = published;
    this.eventType = eventType;
    this.received = received;
  }

  get isTest(): boolean {
    return object(this.received.oktaProxyWatch)?.test === true;
  }

  get fields(): LogEventFields {
    this.#fields ??= new Fields(this.received);
    return this.#fields;
  }

  once<Value>(name: string, read: (event: LogEvent) => Value): Value {
    this.#values ??= new Map();
    return once(this.#values, name, () => read(this));
  }
}

/** The value that is known under a name, read where it is not. */
function once<Value>(known: Map<string, unknown>, name: string, read: () => Value): Value {
  const found = known.get(name);
  if (found !== undefined) return found as Value;
  const value = read();
  known.set(name, value);
  return value;
}

/** Required fields, as text. The limit keeps an alert within its size; Okta's values are far shorter. */
const required = {
  uuid: "expected the event's uuid",
  published: "expected a time",
  eventType: "expected an event type",
} as const;
const maximumLength = 255;

function isRequiredText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= maximumLength;
}

/** The faults that make an event malformed. */
function findFaults(received: unknown, base: readonly PropertyKey[]): Fault[] {
  const event = object(received);
  const fault = (path: readonly PropertyKey[], message: string): Fault => ({
    path: [...base, ...path].map(String).join("."),
    message,
  });
  if (event === null) return [fault([], "expected an object")];
  const faults = Object.entries(required)
    .filter(([name]) => !isRequiredText(event[name]))
    .map(([name, message]) => fault([name], message));
  const further = faultOfSecurityContext(event);
  return further === null ? faults : [...faults, fault(further.path, further.message)];
}

/** Null for a security context whose `isProxy` can be read, and where another signal decides. */
function faultOfSecurityContext(event: Json): { readonly path: readonly string[]; readonly message: string } | null {
  const value = valueAt(event, "securityContext");
  if (value === undefined || value === null) return null;
  const context = securityContextOf(event);
  if (context !== null && readIsProxy(valueAt(context, "isProxy")) !== unreadable) return null;
  if (readAnonymousNetwork(event).verdict === true) return null;
  return context === null
    ? { path: ["securityContext"], message: "expected an object or null" }
    : { path: ["securityContext", "isProxy"], message: "expected true, false or null" };
}

/** The fields of an event, each read on first access and once: several stages of the pipeline need the same ones. */
class Fields {
  readonly #event: Json;
  readonly #known = new Map<string, unknown>();

  constructor(event: Json) {
    this.#event = event;
  }

  #record<Value>(name: string, read: (get: Get) => Value): Value | null {
    return once(this.#known, name, () => record(decodeJson(valueAt(this.#event, name)), read));
  }

  get displayMessage() {
    return text(valueAt(this.#event, "displayMessage"));
  }

  get actor() {
    return this.#record("actor", readPrincipal);
  }

  get client() {
    return this.#record("client", readClient);
  }

  get outcome() {
    return this.#record("outcome", readOutcome);
  }

  get target() {
    return once(this.#known, "target", () => readTargets(decodeJson(valueAt(this.#event, "target"))));
  }

  get authenticationContext() {
    return this.#record("authenticationContext", readAuthenticationContext);
  }

  get device() {
    return this.#record("device", readDevice);
  }

  get securityContext() {
    return this.#record("securityContext", readSecurityContext);
  }

  get debugData() {
    return once(this.#known, "debugData", () => debugDataOf(this.#event));
  }
}

/** An actor or a target. */
const readPrincipal = (get: Get) => ({
  id: text(get("id")),
  type: text(get("type")),
  alternateId: text(get("alternateId")),
  displayName: text(get("displayName")),
});

const readGeographicalContext = (get: Get) => ({
  city: text(get("city")),
  state: text(get("state")),
  country: text(get("country")),
  postalCode: text(get("postalCode")),
  geolocation: record(get("geolocation"), (point) => ({ lat: number(point("lat")), lon: number(point("lon")) })),
});

const readAgent = (get: Get) => ({
  browser: text(get("browser")),
  os: text(get("os")),
  rawUserAgent: text(get("rawUserAgent")),
});

const readClient = (get: Get) => ({
  ipAddress: text(get("ipAddress")),
  zone: text(get("zone")),
  device: text(get("device")),
  userAgent: record(get("userAgent"), readAgent),
  geographicalContext: record(get("geographicalContext"), readGeographicalContext),
});

const readOutcome = (get: Get) => ({ result: text(get("result")), reason: text(get("reason")) });

const readAuthenticationContext = (get: Get) => ({
  externalSessionId: text(get("externalSessionId")),
  rootSessionId: text(get("rootSessionId")),
  credentialType: text(get("credentialType")),
  credentialProvider: text(get("credentialProvider")),
  authenticationProvider: text(get("authenticationProvider")),
});

const readDevice = (get: Get) => ({
  id: text(get("id")),
  name: text(get("name")),
  os_platform: text(get("os_platform")),
  registered: readBoolean(get("registered")),
  managed: readBoolean(get("managed")),
});

function readTargets(targets: unknown) {
  return list(Array.isArray(targets) ? targets : [targets].filter((each) => object(each) !== null), readPrincipal);
}

/** Okta's assessment of the request. Its signals come in several encodings, each with its own reader. */
function readSecurityContext(get: Get) {
  const isProxy = readIsProxy(get("isProxy"));
  return {
    isProxy: isProxy === unreadable ? null : isProxy,
    asNumber: number(get("asNumber")),
    asOrg: text(get("asOrg")),
    isp: text(get("isp")),
    domain: text(get("domain")),
    risk: get("risk"),
    userBehaviors: get("userBehaviors"),
  };
}
