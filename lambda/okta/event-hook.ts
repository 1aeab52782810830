import type { Fault } from "./fault.ts";
import { object } from "./lenient.ts";
import { type LogEvent, parseLogEvent } from "./log-event.ts";

/**
 * More events than this are no delivery of Okta's: of the body that is taken at most, 1 MiB, each would have 200 bytes.
 * Without it, one body of empty events would fill the dead-letter queue with hundreds of thousands.
 */
const maximumEvents = 5_000;

/** One request of an event hook, taken apart; or events that Okta's System Log told of. */
export interface Delivery {
  /** How the events came. @default hook */
  readonly source?: EventSource | undefined;
  /** The envelope's `eventId`; null when it has none. */
  readonly id: string | null;
  /** Id of the event hook in the org, for example `who7hphp39JoHLni81d7`; null when the source names none. */
  readonly eventHookId: string | null;
  /** The org's domain, for example `example.okta.com`; null when the source names none. */
  readonly org: string | null;
  /** The usable events, each uuid once. */
  readonly events: readonly LogEvent[];
  /** What cannot be judged, to be parked. */
  readonly malformed: readonly MalformedEvent[];
}

/** How an event came: by the event hook, or by reconciliation with the System Log, as no hook had delivered it. */
export type EventSource = "hook" | "reconciled";

/** An event of a good delivery that cannot be judged. */
export interface MalformedEvent {
  /** The event as received. */
  readonly event: unknown;
  readonly faults: readonly Fault[];
}

/** What became of parsing a request's body. */
export type ParsedDelivery =
  | { readonly ok: true; readonly delivery: Delivery }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Reads an event hook's request body: strict on the envelope, lenient on the events, so that a bad one never costs the
 * good ones beside it. An event that stands twice in one delivery is taken once.
 */
export function parseDelivery(body: unknown): ParsedDelivery {
  const envelope = object(body);
  if (envelope === null) {
    return { ok: false, faults: [{ path: "", message: "expected the envelope of an event hook, a JSON object" }] };
  }
  const faults = findFaults(envelope);
  if (faults.length > 0) return { ok: false, faults };
  const { source, eventId, eventID, data } = envelope as unknown as Envelope;
  const events = new Map<string, LogEvent>();
  const malformed: MalformedEvent[] = [];
  data.events.forEach((event, index) => {
    const result = parseLogEvent(event, ["data", "events", index]);
    if (!result.ok) malformed.push({ event, faults: result.faults });
    else if (!events.has(result.event.uuid)) events.set(result.event.uuid, result.event);
  });
  const [, org = null, eventHookId = null] =
    /^https?:\/\/([^/]+)(?:\/api\/v1\/eventHooks\/([^/?#]+))?/.exec(source) ?? [];
  return {
    ok: true,
    delivery: { id: eventId ?? eventID ?? null, eventHookId, org, events: [...events.values()], malformed },
  };
}

/** The envelope of a delivery. Older ones spell `eventId` as `eventID`. */
interface Envelope {
  readonly source: string;
  readonly eventId?: string | null;
  readonly eventID?: string | null;
  readonly data: { readonly events: readonly unknown[] };
}

/** What keeps an envelope from being one. */
function findFaults({ eventType, source, data, ...ids }: Readonly<Record<string, unknown>>): Fault[] {
  const faults: Fault[] = [];
  const fault = (path: string, message: string) => void faults.push({ path, message });
  if (eventType !== "com.okta.event_hook") fault("eventType", 'expected "com.okta.event_hook"');
  if (typeof source !== "string") fault("source", "expected the URL of the event hook");
  for (const name of ["eventId", "eventID", "eventTime"] as const) {
    const id = ids[name] ?? null;
    if (id !== null && typeof id !== "string") fault(name, "expected text or null");
  }
  const events = object(data)?.events;
  if (object(data) === null) fault("data", "expected an object with events");
  else if (!Array.isArray(events)) fault("data.events", "expected a list of events");
  else if (events.length > maximumEvents) fault("data.events", `expected at most ${maximumEvents} events`);
  return faults;
}
