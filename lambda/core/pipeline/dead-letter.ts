import type { RefusedDelivery } from "../hook-endpoint/endpoint.ts";
import { type Delivery, type MalformedEvent, maximumDescribed } from "../okta/event-hook.ts";
import { describeFaults, type Fault } from "../okta/fault.ts";
import { queueMessageBytes } from "../text/message-limits.ts";
import { writeQueueJson } from "../text/queue-json.ts";

/*
 * Dead letters of input that could not be read. The dead-letter queue also holds work that failed too often: see
 * `work.ts`.
 */

/** The fields of every dead letter. */
interface Letter {
  readonly schemaVersion: "1.0";
  /** One sentence for the operator who finds it. */
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly receivedAt: string;
}

/** The fields of a dead letter about the delivery of its events. */
interface FromDelivery {
  /** How the events came. @default hook */
  readonly source?: Delivery["source"];
  readonly deliveryId: string | null;
  readonly eventHookId: string | null;
  readonly org: string | null;
}

/** A malformed event, with the reason. */
export interface DeadLetter extends Letter, FromDelivery {
  readonly kind: "malformed";
  readonly faults: readonly Fault[];
  /** The event as received; text, cut off, where it is too large or nests too deeply for the queue. */
  readonly event: unknown;
  readonly eventCut: boolean;
}

/** The malformed events of a delivery beyond the first {@link maximumDescribed}. */
export interface MalformedEventsLetter extends Letter, FromDelivery {
  readonly kind: "malformedEvents";
  /** As received. */
  readonly events: readonly unknown[];
}

/** A refused delivery that had the right secret, with the reason. Of its headers it holds the content type alone. */
export interface RefusedLetter extends Letter {
  readonly kind: "refused";
  /** The answer. */
  readonly status: RefusedDelivery["status"];
  readonly contentType: string | null;
  /** The body as received; cut off when it is too large for the queue. */
  readonly body: string;
  /** The encoding of the body: base64 where it is not UTF-8. */
  readonly bodyEncoding: "utf-8" | "base64";
  /** Bytes of the whole body. */
  readonly bodyBytes: number;
  readonly bodyCut: boolean;
}

type Origin = Pick<Delivery, "id" | "eventHookId" | "org" | "source">;

/**
 * Writes the malformed events of a delivery as the bodies of dead letters, each within the queue's limit. The first
 * {@link maximumDescribed} have a letter each; the others are together in as few as hold them, so that one body of empty events
 * cannot fill the queue.
 */
export function toDeadLetters(events: readonly MalformedEvent[], delivery: Origin, receivedAt: Date): string[] {
  const described = events.slice(0, maximumDescribed).map((each) => toDeadLetter(each, delivery, receivedAt));
  return described.concat(pack(events.slice(maximumDescribed), delivery, receivedAt));
}

/** Writes events into one letter; while they are too large for it, the halves into letters of their own. */
function pack(events: readonly MalformedEvent[], delivery: Origin, receivedAt: Date): string[] {
  const [first] = events;
  if (first === undefined) return [];
  const letter: MalformedEventsLetter = {
    schemaVersion: "1.0",
    kind: "malformedEvents",
    reason: `${events.length} events are malformed, of a delivery with more than ${maximumDescribed} such`,
    ...fromDelivery(delivery),
    receivedAt: receivedAt.toISOString(),
    events: events.map(({ event }) => event),
  };
  const body = writeWithinLimit(letter);
  if (body !== null) return [body];
  if (events.length === 1) return [toDeadLetter(first, delivery, receivedAt)];
  const middle = Math.ceil(events.length / 2);
  return [events.slice(0, middle), events.slice(middle)].flatMap((half) => pack(half, delivery, receivedAt));
}

/** Writes a malformed event as the body of a dead letter, within the queue's limit. */
export function toDeadLetter({ event, faults }: MalformedEvent, delivery: Origin, receivedAt: Date): string {
  const letter: DeadLetter = {
    schemaVersion: "1.0",
    kind: "malformed",
    reason: `The event is malformed: ${describeFaults(faults)}`,
    faults,
    ...fromDelivery(delivery),
    receivedAt: receivedAt.toISOString(),
    event,
    eventCut: false,
  };
  const whole = writeWithinLimit(letter);
  if (whole !== null) return whole;
  const text = serialize(event) ?? "nested too deeply to be written";
  return cutTextToFit(text, (part) => ({ ...letter, event: part, eventCut: true }));
}

/** Writes a refused delivery as the body of a dead letter, within the queue's limit. */
export function toRefusedLetter(
  { status, reason, detail, contentType, body }: RefusedDelivery,
  receivedAt: Date,
): string {
  const text = typeof body === "string" ? body : decode(body);
  const written = text ?? Buffer.from(body).toString("base64");
  const letter: RefusedLetter = {
    schemaVersion: "1.0",
    kind: "refused",
    reason: `The delivery was refused with ${status}: ${reason}${detail === null ? "" : `: ${detail.slice(0, 1_000)}`}`,
    receivedAt: receivedAt.toISOString(),
    status,
    contentType: contentType?.slice(0, 1_000) ?? null,
    body: written,
    bodyEncoding: text === null ? "base64" : "utf-8",
    bodyBytes: Buffer.byteLength(body),
    bodyCut: false,
  };
  return writeWithinLimit(letter) ?? cutTextToFit(written, (part) => ({ ...letter, body: part, bodyCut: true }));
}

function fromDelivery({ id, eventHookId, org, source }: Origin): FromDelivery {
  return { deliveryId: id, eventHookId, org, ...(source && { source }) };
}

/** Null for bytes that are not UTF-8. */
function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Writes a letter with the longest of the text's halves, quarters and so on that fits. */
function cutTextToFit(text: string, write: (part: string) => DeadLetter | RefusedLetter): string {
  // A character takes at least one byte, so that a text longer than the limit cannot fit.
  for (let length = Math.min(text.length, queueMessageBytes); ; length = Math.floor(length / 2)) {
    const body = writeWithinLimit(write(text.slice(0, length).toWellFormed()));
    if (body !== null || length === 0) return body ?? "";
  }
}

/** Null for a letter over the queue's limit, or one that nests too deeply. */
function writeWithinLimit(letter: unknown): string | null {
  const body = serialize(letter);
  return body !== null && Buffer.byteLength(body) <= queueMessageBytes ? body : null;
}

/** Null for a value that nests too deeply. */
function serialize(value: unknown): string | null {
  try {
    return writeQueueJson(value);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
