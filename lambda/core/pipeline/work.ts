import * as v from "valibot";
import type { DetectionSource } from "../alerts/alert-source.ts";
import { type BriefSelection, briefMatches } from "../alerts/matched.ts";
import { cutToFit, uniteCuts } from "../okta/cut-event.ts";
import { type Delivery, eventSources } from "../okta/event-hook.ts";
import { describeFaults, faultsOf } from "../okta/fault.ts";
import { type LogEvent, parseLogEvent } from "../okta/log-event.ts";
import type { MatchedSelection } from "../sigma/compile.ts";
import { queueMessageBytes } from "../text/message-limits.ts";
import { writeQueueJson } from "../text/queue-json.ts";
import { finiteNumber, issuesOf, withoutValues } from "../values/stored.ts";
import { type DelayReason, readDelayReason } from "./delay-reason.ts";
import { type KeptFiring, keepFiring, keptFiring } from "./kept-firing.ts";

/** The origin of an event, as alerts name it. */
export type DeliveryReference = Pick<Delivery, "id" | "org" | "eventHookId" | "source">;

/** A piece of work on one event: all of its rules, or some. */
export interface Work {
  readonly event: LogEvent;
  readonly delivery: DeliveryReference;
  /** Ids of the undecided rules; null for all. */
  readonly rules: readonly string[] | null;
  /** Whether an alert about the event went out already, and this work is for the rules that it left undecided. */
  readonly followUp: boolean;
  /** Why and since when it waits; null for a new delivery. */
  readonly waiting: { readonly reason: DelayReason; readonly since: Date } | null;
  /** The rules that match, with the values that matched: they stay matched when the event is cut. @default none */
  readonly matched?: readonly Match[];
  /** Names of fields that the event lost to fit into a message. @default null, it is whole */
  readonly eventCut?: readonly string[] | null;
  /** What correlations group and count by, where the event is cut, by field. @default none, the event says it */
  readonly values?: Readonly<Record<string, readonly string[]>>;
  /** The publishes of its alert without an answer. @default 0 */
  readonly unconfirmed?: number;
  /** The window that this is the report on; such work handles no event. @default null */
  readonly report?: { readonly fingerprint: string; readonly windowId: string } | null;
  /**
   * The storm that this watches, by its source and its start (milliseconds since 1970); such work handles no event.
   * @default null
   */
  readonly storm?: { readonly source: string; readonly since: number; readonly watcher: string } | null;
  /**
   * The sign-ins that this reports together, by their source and their start (milliseconds since 1970); such work handles no event.
   * @default null
   */
  readonly gathering?: { readonly source: string; readonly start: number } | null;
  /** Whether an operator redrove it from the dead-letter queue. @default false */
  readonly again?: boolean;
}

/** A rule that matched, with the values that matched. */
export interface Match {
  readonly ruleId: string;
  readonly matched: readonly MatchedSelection[];
  /** The firing of a correlation. @default null, it is a rule */
  readonly firing?: KeptFiring | null;
}

/** Detections as work keeps them. */
export function matchesOf(
  detections: readonly (Pick<DetectionSource, "matched" | "firing"> & { readonly rule: { readonly id: string } })[],
): Match[] {
  return detections.map(({ rule, matched, firing }) => ({
    ruleId: rule.id,
    matched,
    ...(firing && { firing: keepFiring(firing) }),
  }));
}

/** SQS's limit for a message, 1 MiB, less the bytes that an operator's command adds. */
const maximumMessageBytes = queueMessageBytes - 256;

/** The most bytes for explanations of matches, and for values: the event is more important. */
const maximumExplanationBytes = 131_072;

const text = v.nullable(v.string());

/**
 * The message of a piece of work on the retry queue. Fields that came after the first release are optional, so that
 * each release reads the messages of another: a deployment runs both for a while.
 */
const message = v.object({
  schemaVersion: v.picklist(["1.0"]),
  kind: v.picklist(["retry"]),
  reason: v.string(),
  // Alerts and metrics need a time that can be read.
  since: v.pipe(
    v.string(),
    v.check((text) => !Number.isNaN(Date.parse(text)), "expected a time"),
  ),
  rules: v.nullable(v.array(v.string())),
  followUp: v.boolean(),
  delivery: v.object({
    id: text,
    org: text,
    eventHookId: text,
    source: v.optional(v.picklist(eventSources)),
  }),
  event: v.unknown(),
  eventCut: v.nullable(v.array(v.string())),
  matched: v.optional(
    v.array(
      v.object({
        ruleId: v.string(),
        matched: v.array(
          v.object({
            selection: v.string(),
            fields: v.array(
              v.object({
                field: v.string(),
                values: v.array(v.nullable(v.union([v.string(), finiteNumber(), v.boolean()]))),
              }),
            ),
          }),
        ),
        // One of another release is found again in its group.
        firing: v.exactOptional(v.fallback(v.nullable(keptFiring), null)),
      }),
    ),
    [],
  ),
  values: v.exactOptional(v.record(v.string(), v.array(v.string()))),
  unconfirmed: v.optional(finiteNumber(), 0),
  again: v.optional(v.boolean(), false),
  report: v.exactOptional(v.nullable(v.object({ fingerprint: v.string(), windowId: v.string() }))),
  storm: v.exactOptional(v.nullable(v.object({ source: v.string(), since: finiteNumber(), watcher: v.string() }))),
  gathering: v.exactOptional(v.nullable(v.object({ source: v.string(), start: finiteNumber() }))),
});

/**
 * Writes waiting work as a message within the queue's limit: an event that does not fit loses its largest fields, and
 * last the fields that its rules matched.
 *
 * @param reason the reason for an operator who reads it on the dead-letter queue. @default why it waits
 */
export function writeWork(work: Work, now: Date, reason: string = work.waiting?.reason ?? ""): string {
  const { event, rules, report, storm, gathering } = work;
  const { id, org, eventHookId, source } = work.delivery;
  const matched = briefly(work.matched ?? []);
  const fields = matched.flatMap((match) => match.matched.flatMap((selection) => selection.fields));
  const needed = new Set(fields.map(({ field }) => field.split(".")[0] ?? field));
  return cutToFit(
    event.received,
    maximumMessageBytes,
    (received, cut) => {
      const cuts = uniteCuts(work.eventCut ?? null, cut);
      return writeQueueJson({
        schemaVersion: "1.0",
        kind: "retry",
        reason: reason.slice(0, 1_000),
        since: (work.waiting?.since ?? now).toISOString(),
        rules: rules === null ? null : [...rules],
        followUp: work.followUp,
        delivery: { id, org, eventHookId, ...(source && { source }) },
        event: received,
        eventCut: cuts && [...cuts],
        matched,
        ...(cuts && work.values && { values: fitting(work.values) }),
        unconfirmed: work.unconfirmed ?? 0,
        again: work.again ?? false,
        ...(report && { report }),
        ...(storm && { storm }),
        ...(gathering && { gathering }),
      } satisfies v.InferOutput<typeof message>);
    },
    needed,
  );
}

/** Keeps every rule that matched; the values that matched as far as there is room. */
function briefly(matches: readonly Match[]): (Match & { matched: BriefSelection[] })[] {
  const brief = matches.map((match) => ({ ...match, matched: briefMatches(match.matched) }));
  const isLarge = Buffer.byteLength(JSON.stringify(brief)) > maximumExplanationBytes;
  return isLarge ? brief.map((match) => ({ ...match, matched: [] })) : brief;
}

/** The values as far as there is room: fields come one after the other. */
function fitting(values: NonNullable<Work["values"]>): Record<string, string[]> {
  let room = maximumExplanationBytes;
  const kept = Object.entries(values).filter(([field, all]) => {
    room -= Buffer.byteLength(JSON.stringify([field, all]));
    return room >= 0;
  });
  return Object.fromEntries(kept.map(([field, all]) => [field, all.map((value) => value.toWellFormed())]));
}

/** A message that cannot be read: a retry cannot mend it. */
export class UnreadableWorkError extends Error {
  override readonly name = "UnreadableWorkError";
}

/**
 * Reads a message of the retry queue.
 *
 * @throws UnreadableWorkError with the fault
 */
export function readWork(body: string): Work {
  const parsed = v.safeParse(message, parseJson(body), withoutValues);
  if (!parsed.success)
    throw new UnreadableWorkError(`the message is no work: ${describeFaults(faultsOf(issuesOf(parsed.issues)))}`);
  const { schemaVersion: _version, kind: _kind, reason, since, event, ...kept } = parsed.output;
  const read = parseLogEvent(event, ["event"]);
  if (!read.ok) throw new UnreadableWorkError(`the message holds no event: ${describeFaults(read.faults)}`);
  return { ...kept, event: read.event, waiting: { reason: readDelayReason(reason), since: new Date(since) } };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new UnreadableWorkError(`the message is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
