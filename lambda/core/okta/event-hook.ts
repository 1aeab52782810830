import { describeFaults, type Fault } from "./fault.ts";
import { object, text } from "./lenient.ts";
import { type LogEvent, parseLogEvent, readLogEvent } from "./log-event.ts";

/**
 * The malformed events of a delivery whose faults are described. A body of 6 MB can hold two million empty ones; the
 * dead-letter queue takes those after the first few together, see `dead-letters/dead-letter.ts`.
 */
export const maximumDescribed = 100;
/** The fault of each malformed event beyond those. */
const undescribed: readonly Fault[] = [
  { path: "data.events", message: `one of more than ${maximumDescribed} malformed events` },
];

/** Characters of the ids that an envelope gives; Okta's own are shorter than 100. */
const maximumIdLength = 255;

/**
 * Events that came together: one request of the event hook, one event of the log stream, or events of the System Log.
 */
export interface Delivery {
  /** How the events came. @default hook */
  readonly source?: EventSource | undefined;
  /** The envelope's `eventId`, of a streamed event the `id` that EventBridge gives it; null when it has none. */
  readonly id: string | null;
  /** Id of the event hook in the org, for example `who7hphp39JoHLni81d7`; null when the source names none. */
  readonly eventHookId: string | null;
  /** The org's domain, for example `example.okta.com`; null when the source names none. */
  readonly org: string | null;
  /** The usable events, each uuid once. */
  readonly events: readonly LogEvent[];
  /** The malformed events, which the pipeline parks. */
  readonly malformed: readonly MalformedEvent[];
}

/**
 * How an event came: by the event hook, by the org's log stream, or by reconciliation with the System Log, where
 * neither has delivered it.
 */
export const eventSources = ["hook", "streamed", "reconciled"] as const;
export type EventSource = (typeof eventSources)[number];

/** An event that cannot be judged, in a delivery that can be read. */
export interface MalformedEvent {
  /** The event as received. */
  readonly event: unknown;
  readonly faults: readonly Fault[];
}

/** The result of parsing a request's body. */
export type ParsedDelivery =
  | { readonly ok: true; readonly delivery: Delivery }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** The result of reading a request's body. */
export type ReadBody =
  | { readonly ok: true; readonly delivery: Delivery }
  | {
      readonly ok: false;
      /** The fault. It quotes nothing of the body. */
      readonly reason: string;
      /** The place of the fault, which may quote the body; null when the reason suffices. */
      readonly detail: string | null;
    };

/**
 * Replaces bytes that are not UTF-8 by U+FFFD, so that one bad text does not refuse the delivery. Removes a byte order
 * mark. The decoder is made here, as nearly all bodies come as text: what decodes is loaded by Node.js with the first one.
 */
function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Reads the body of a request as a delivery. */
export function readDelivery(received: string | Uint8Array): ReadBody {
  if (received.length === 0) {
    return { ok: false, reason: "the body is empty; expected an event hook delivery as JSON", detail: null };
  }
  const json = typeof received === "string" ? received.replace(/^\uFEFF/, "") : decode(received);
  let body: unknown;
  try {
    body = JSON.parse(json);
  } catch (error) {
    const detail = error instanceof Error ? error.message : "cannot be parsed";
    return { ok: false, reason: "the body is no JSON in UTF-8", detail };
  }
  const parsed = parseDelivery(body);
  if (parsed.ok) return parsed;
  return { ok: false, reason: `the body is no event hook delivery: ${describeFaults(parsed.faults)}`, detail: null };
}

/**
 * Reads an event hook's envelope. It refuses a body without a list of events, and the envelope of another kind of hook.
 * Optional fields never refuse a delivery: an id or a source that is not text is null, and a number is read as text. A
 * malformed event does not affect the others. An event that a delivery holds twice is kept once.
 */
export function parseDelivery(body: unknown): ParsedDelivery {
  const envelope = object(body);
  if (envelope === null) {
    return { ok: false, faults: [{ path: "", message: "expected the envelope of an event hook, a JSON object" }] };
  }
  const received = object(envelope.data)?.events;
  if (!Array.isArray(received) || isOfAnotherType(envelope.eventType)) {
    return { ok: false, faults: findFaults(envelope) };
  }
  const events = new Map<string, LogEvent>();
  const malformed: MalformedEvent[] = [];
  received.forEach((event: unknown, index) => {
    const read = readLogEvent(event);
    if (read === null) malformed.push({ event, faults: describe(event, index, malformed.length) });
    else if (!events.has(read.uuid)) events.set(read.uuid, read);
  });
  const { source, eventId, eventID } = envelope;
  const [, org = null, eventHookId = null] =
    typeof source === "string" ? (/^https?:\/\/([^/]+)(?:\/api\/v1\/eventHooks\/([^/?#]+))?/i.exec(source) ?? []) : [];
  return {
    ok: true,
    delivery: {
      // Older envelopes spell it `eventID`.
      id: shorten(text(eventId) ?? text(eventID)),
      eventHookId: shorten(eventHookId),
      org: shorten(org),
      events: [...events.values()],
      malformed,
    },
  };
}

/** What is wrong with the event at this place. */
function describe(event: unknown, index: number, before: number): readonly Fault[] {
  if (before >= maximumDescribed) return undescribed;
  const parsed = parseLogEvent(event, ["data", "events", index]);
  return parsed.ok ? [] : parsed.faults;
}

function shorten(id: string | null): string | null {
  return id === null ? null : id.slice(0, maximumIdLength).toWellFormed();
}

const envelopeType = "com.okta.event_hook";

/** Whether the envelope names another kind of hook, such as an inline hook. Without a type, its events decide. */
function isOfAnotherType(eventType: unknown): boolean {
  const type = text(eventType);
  return type !== null && type.trim().toLowerCase() !== envelopeType;
}

/** All faults of a refused envelope, including those that would not refuse it by themselves. */
function findFaults({ eventType, source, data }: Readonly<Record<string, unknown>>): Fault[] {
  const faults: Fault[] = [];
  const fault = (path: string, message: string) => void faults.push({ path, message });
  if (text(eventType) === null || isOfAnotherType(eventType)) fault("eventType", `expected "${envelopeType}"`);
  if (typeof source !== "string") fault("source", "expected the URL of the event hook");
  if (object(data) === null) fault("data", "expected an object with events");
  else if (!Array.isArray(object(data)?.events)) fault("data.events", "expected a list of events");
  return faults;
}
