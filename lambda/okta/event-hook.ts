import * as z from "zod/mini";
import { type Fault, faultsOf } from "./fault.ts";
import { type LogEvent, parseLogEvent } from "./log-event.ts";

/**
 * More events than this are no delivery of Okta's: of the body that is taken at most, 1 MiB, each would have 200 bytes.
 * Without it, one body of empty events would fill the dead-letter queue with hundreds of thousands.
 */
const maximumEvents = 5_000;

/** The envelope of a delivery. Older ones spell `eventId` as `eventID`. */
const envelope = z.object(
  {
    eventType: z.literal("com.okta.event_hook", 'expected "com.okta.event_hook"'),
    source: z.string("expected the URL of the event hook"),
    eventId: z.nullish(z.string()),
    eventID: z.nullish(z.string()),
    eventTime: z.nullish(z.string()),
    data: z.object(
      {
        events: z
          .array(z.unknown(), "expected a list of events")
          .check(z.maxLength(maximumEvents, `expected at most ${maximumEvents} events`)),
      },
      "expected an object with events",
    ),
  },
  "expected the envelope of an event hook, a JSON object",
);

/** One request of an event hook, taken apart. */
export interface Delivery {
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
  const parsed = envelope.safeParse(body);
  if (!parsed.success) return { ok: false, faults: faultsOf(parsed.error) };
  const { source, eventId, eventID, data } = parsed.data;
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
