import * as z from "zod/mini";
import { cutToFit } from "../okta/cut-event.ts";
import type { Delivery } from "../okta/event-hook.ts";
import { describeFaults, faultsOf } from "../okta/fault.ts";
import { type LogEvent, parseLogEvent } from "../okta/log-event.ts";

/** Where an event came from, as alerts tell of it. */
export type DeliveryReference = Pick<Delivery, "id" | "org" | "eventHookId" | "source">;

/** A piece of work on one event: all of it, or what had to wait. */
export interface Work {
  readonly event: LogEvent;
  readonly delivery: DeliveryReference;
  /** Ids of the rules that are still to be decided; null for all. */
  readonly rules: readonly string[] | null;
  /** Whether an alert about the event went out already, and this is about what that could not decide. */
  readonly followUp: boolean;
  /** Why and since when it waits; null for what was just delivered. */
  readonly waiting: { readonly reason: string; readonly since: Date } | null;
}

/** SQS's limit for a message: 1 MiB. */
const maximumMessageBytes = 1_048_576;

const text = z.nullable(z.string());

/** The message of a piece of work on the retry queue. */
const message = z.object({
  schemaVersion: z.literal("1.0"),
  kind: z.literal("retry"),
  reason: z.string(),
  since: z.string(),
  rules: z.nullable(z.array(z.string())),
  followUp: z.boolean(),
  delivery: z.object({
    id: text,
    org: text,
    eventHookId: text,
    source: z.optional(z.enum(["hook", "reconciled"])),
  }),
  event: z.unknown(),
  eventCut: z.nullable(z.array(z.string())),
});

/** Writes waiting work as a message within the queue's limit: an event that does not fit loses its largest fields. */
export function writeWork({ event, delivery, rules, followUp, waiting }: Work, now: Date): string {
  const { id, org, eventHookId, source } = delivery;
  return cutToFit(event.received, maximumMessageBytes, (received, eventCut) =>
    JSON.stringify({
      schemaVersion: "1.0",
      kind: "retry",
      reason: (waiting?.reason ?? "").slice(0, 1_000),
      since: (waiting?.since ?? now).toISOString(),
      rules: rules === null ? null : [...rules],
      followUp,
      delivery: { id, org, eventHookId, ...(source && { source }) },
      event: received,
      eventCut: eventCut === null ? null : [...eventCut],
    } satisfies z.infer<typeof message>),
  );
}

/** Work that cannot be read: nobody's retry can mend it. */
export class UnreadableWorkError extends Error {
  override readonly name = "UnreadableWorkError";
}

/**
 * Reads a message of the retry queue.
 *
 * @throws UnreadableWorkError saying what is wrong with it
 */
export function readWork(body: string): Work {
  const parsed = message.safeParse(parseJson(body));
  if (!parsed.success)
    throw new UnreadableWorkError(`the message is no work: ${describeFaults(faultsOf(parsed.error))}`);
  const { event, delivery, rules, followUp, reason, since } = parsed.data;
  const read = parseLogEvent(event, ["event"]);
  if (!read.ok) throw new UnreadableWorkError(`the message holds no event: ${describeFaults(read.faults)}`);
  return { event: read.event, delivery, rules, followUp, waiting: { reason, since: new Date(since) } };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new UnreadableWorkError(`the message is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
