import type { Delivery, MalformedEvent } from "../okta/event-hook.ts";
import { describeFaults, type Fault } from "../okta/fault.ts";

/** An event that could not be judged, and why. Beside it lies what was tried in vain: see `retries/work.ts`. */
export interface DeadLetter {
  readonly schemaVersion: "1.0";
  readonly kind: "malformed";
  /** One sentence for the operator who finds it. */
  readonly reason: string;
  readonly faults: readonly Fault[];
  readonly deliveryId: string | null;
  readonly eventHookId: string | null;
  readonly org: string | null;
  /** ISO 8601, UTC. */
  readonly receivedAt: string;
  /** The event as received; text, cut off, when it is too large or nested too deeply for the queue. */
  readonly event: unknown;
  readonly eventCut: boolean;
}

/** SQS's limit for a message: 1 MiB. */
export const maximumDeadLetterBytes = 1_048_576;

/** Writes a malformed event as the body of a dead letter, within the queue's limit. */
export function toDeadLetter(
  { event, faults }: MalformedEvent,
  delivery: Pick<Delivery, "id" | "eventHookId" | "org">,
  receivedAt: Date,
): string {
  const letter: DeadLetter = {
    schemaVersion: "1.0",
    kind: "malformed",
    reason: `The event is malformed: ${describeFaults(faults)}`,
    faults,
    deliveryId: delivery.id,
    eventHookId: delivery.eventHookId,
    org: delivery.org,
    receivedAt: receivedAt.toISOString(),
    event,
    eventCut: false,
  };
  const body = serialize(letter);
  if (body !== null && Buffer.byteLength(body) <= maximumDeadLetterBytes) return body;
  // Escaping can take up to six bytes for a character, hence an eighth of the limit.
  const text = (serialize(event) ?? "nested too deeply to be written").slice(0, maximumDeadLetterBytes / 8);
  return JSON.stringify({ ...letter, event: text.toWellFormed(), eventCut: true });
}

function serialize(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
