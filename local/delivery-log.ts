import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { observationChannelName } from "../lambda/adapters/telemetry/observation-channel.ts";
import type { Delivery } from "../lambda/core/okta/event-hook.ts";
import type { LogEvent } from "../lambda/core/okta/log-event.ts";
import { personOf } from "../lambda/core/okta/person.ts";
import { looksLikeLogin, masked } from "../lambda/core/okta/stranger.ts";
import type { Observation } from "../lambda/core/pipeline/observation.ts";
import { shorten } from "../lambda/core/text/shorten.ts";
import { toError } from "../lambda/core/values/error.ts";

/** What became of an event: `waiting` while it is in progress; the others are the pipeline's results. */
export const outcomes = {
  waiting: "in progress",
  alerted: "alerted",
  grouped: "grouped",
  excepted: "excepted",
  inStorm: "in a storm",
  gathered: "gathered",
  duplicate: "duplicate",
  parked: "parked",
  deadLettered: "dead-lettered",
  failed: "failed",
  unmatched: "no alert",
} as const;
export type Outcome = keyof typeof outcomes;

/** One event of a delivery. Its texts are others': they are shortened, and not escaped. */
export interface LoggedEvent {
  readonly uuid: string;
  readonly eventType: string;
  /** The person by name, or else the login; a login that may be a password is masked. */
  readonly who: string;
  /** City and country, or else the address; null where the event has neither. */
  readonly where: string | null;
  readonly outcome: Outcome;
  /** Why, in a sentence without a full stop. */
  readonly detail: string;
  /** The alert about it; null for none. */
  readonly alertId: string | null;
}

/** One request, or one event of the log stream. */
export interface LoggedDelivery {
  /** Counts up from 1. */
  readonly number: number;
  readonly at: Date;
  readonly inlet: "event hook" | "log stream";
  /** The HTTP status of the answer; null before it, and for the log stream. */
  readonly status: number | null;
  /** Why it was refused; null where it was not. */
  readonly refusal: string | null;
  /** Its first events, at most {@link maximumEvents}. */
  readonly events: readonly LoggedEvent[];
  /** The events of each outcome, those beyond the first too. */
  readonly counts: Readonly<Partial<Record<Outcome, number>>>;
}

/** The deliveries that are kept, and the events of one that are shown. */
export const maximumDeliveries = 100;
export const maximumEvents = 25;

interface Open extends Pick<LoggedDelivery, "number" | "at" | "inlet"> {
  status: number | null;
  refusal: string | null;
  hasEnded: boolean;
  readonly events: Map<string, LoggedEvent>;
  malformed: { count: number; outcome: Outcome };
}

/**
 * Keeps the last deliveries, and learns from the functions' observations in this process what became of each event.
 *
 * @param onChange called with a delivery that is new, has ended, or has changed since
 */
export function followDeliveries(onChange: (delivery: LoggedDelivery) => void, now: () => Date = () => new Date()) {
  let last = 0;
  let open: Open[] = [];
  let hasStopped = false;
  const onObservation = (message: unknown) => {
    const observation = message as Observation;
    const became = readObservation(observation);
    if (became === null) return;
    const changed = new Set<Open>();
    for (const { uuid } of observation.subject.events) {
      // A delivery may come twice: the observation is about the latest one in which the event is not settled.
      const holders = open.filter(({ events }) => events.has(uuid));
      const holder = holders.find(({ events }) => isOpen(events.get(uuid)?.outcome)) ?? holders[0];
      const event = holder?.events.get(uuid);
      if (holder === undefined || event === undefined || !replaces(event.outcome, became.outcome)) continue;
      holder.events.set(uuid, { ...event, ...became });
      changed.add(holder);
    }
    if (observation.kind === "malformedParked" || observation.kind === "malformedFailed") {
      const holder = open.find(({ malformed }) => malformed.outcome === "waiting" && malformed.count > 0);
      if (holder !== undefined) {
        holder.malformed.outcome = became.outcome;
        changed.add(holder);
      }
    }
    for (const each of changed) if (each.hasEnded) onChange(toLogged(each));
  };
  subscribe(observationChannelName, onObservation);
  return {
    /** The last deliveries, newest first. */
    deliveries: () => open.map(toLogged),
    /** Follows a delivery; `null` for a request without one that can be read. */
    begin(inlet: LoggedDelivery["inlet"], delivery: Delivery | null) {
      last += 1;
      const entry: Open = {
        number: last,
        at: now(),
        inlet,
        status: null,
        refusal: null,
        hasEnded: false,
        events: new Map((delivery?.events ?? []).map((event) => [event.uuid, describeEvent(event)])),
        malformed: { count: delivery?.malformed.length ?? 0, outcome: "waiting" },
      };
      open = [entry, ...open].slice(0, maximumDeliveries);
      return {
        /** The function has answered: events without an observation matched no detection. After the log's stop it says nothing. */
        end(status: number | null, refusal: string | null) {
          // What was observed after the stop is unknown: an event without an observation may have matched.
          if (hasStopped) return;
          entry.status = status;
          entry.refusal = refusal;
          entry.hasEnded = true;
          const isTaken = status === null || status < 300;
          for (const [uuid, event] of entry.events) {
            if (event.outcome !== "waiting") continue;
            const became = isTaken
              ? unmatched
              : { outcome: "failed" as const, detail: refusal ?? `answered ${status}` };
            entry.events.set(uuid, { ...event, ...became });
          }
          onChange(toLogged(entry));
        },
      };
    },
    stop() {
      hasStopped = true;
      unsubscribe(observationChannelName, onObservation);
    },
  };
}

const unmatched = { outcome: "unmatched", detail: "no detection matches" } as const;

function toLogged({ number, at, inlet, status, refusal, events, malformed }: Open): LoggedDelivery {
  const all = [...events.values()];
  const counts: Partial<Record<Outcome, number>> = {};
  for (const { outcome } of all) counts[outcome] = (counts[outcome] ?? 0) + 1;
  if (malformed.count > 0) counts[malformed.outcome] = (counts[malformed.outcome] ?? 0) + malformed.count;
  // What was alerted on must not be hidden behind what was not.
  const shown = all.toSorted((a, b) => Number(a.outcome === "unmatched") - Number(b.outcome === "unmatched"));
  return { number, at, inlet, status, refusal, events: shown.slice(0, maximumEvents), counts };
}

/** Whether more is to come of an event. */
const isOpen = (outcome: Outcome | undefined) => outcome === "waiting" || outcome === "parked";

/** An alert stands, whatever else is observed of its event: a follow-up is parked, a later report repeats it. */
const replaces = (before: Outcome, after: Outcome) => before !== "alerted" || after === "alerted";

type Became = Pick<LoggedEvent, "outcome" | "detail"> & Partial<Pick<LoggedEvent, "alertId">>;

/** What an observation says of its events; null for one that says nothing of what became of them. */
function readObservation(observation: Observation): Became | null {
  switch (observation.kind) {
    case "alertPublished": {
      const { alertId, severity, followUp, delayedSeconds } = observation.alert;
      const late = delayedSeconds > 0 ? `, ${delayedSeconds} s late` : "";
      return { outcome: "alerted", detail: `${severity}${followUp ? ", a follow-up" : ""}${late}`, alertId };
    }
    case "observed":
      return { outcome: "unmatched", detail: "a part of correlations, of which none fires yet" };
    case "duplicate":
      return { outcome: "duplicate", detail: "this event was alerted on before" };
    case "suppressed":
      return { outcome: "grouped", detail: "the same news as an alert before it, which it is counted in" };
    case "excepted": {
      const ids = observation.by.map(({ id }) => id).join(", ");
      return observation.whole ? { outcome: "excepted", detail: `by the exception ${ids}` } : null;
    }
    case "inStorm":
      return { outcome: "inStorm", detail: "counted in the alert about the storm of its source" };
    case "gathered":
      return { outcome: "gathered", detail: "one of many persons from its source, reported together" };
    case "workParked": {
      const { followUp, reason, error } = observation;
      const why = reason ?? (error === null ? "it has to wait" : toError(error).message);
      return followUp ? null : { outcome: "parked", detail: `on the retry queue: ${shorten(why, 200)}` };
    }
    case "workDropped":
      return observation.whole
        ? { outcome: "deadLettered", detail: `not tried again: ${shorten(observation.reason, 200)}` }
        : null;
    case "workLost":
      return { outcome: "failed", detail: "neither alerted on nor parked: Okta has to deliver it again" };
    case "malformedParked":
      return { outcome: "deadLettered", detail: "malformed" };
    case "malformedFailed":
      return { outcome: "failed", detail: "malformed, and it could not be parked" };
    default:
      return null;
  }
}

/** The longest text of others in a line. */
const maximumText = 80;

function describeEvent(event: LogEvent): LoggedEvent {
  const { client } = event.fields;
  const person = personOf(event);
  const known = person?.isKnown === true || looksLikeLogin(person?.login ?? "", []);
  const name = person === null ? "no person" : known ? (person.displayName ?? person.login ?? person.id) : masked;
  const { city, country } = client?.geographicalContext ?? {};
  const place = [city, country].filter((part) => part != null && part !== "").join(", ");
  const where = place === "" ? (client?.ipAddress ?? null) : place;
  return {
    uuid: event.uuid,
    eventType: event.eventType,
    who: shorten(name ?? "unknown", maximumText),
    where: where === null ? null : shorten(where, maximumText),
    outcome: "waiting",
    detail: "",
    alertId: null,
  };
}

/** A delivery as lines for a terminal, of texts that it has to make harmless: one for each event. */
export function describeDelivery(delivery: LoggedDelivery): readonly string[] {
  const { number, inlet, status, refusal, events, counts } = delivery;
  const start = `#${number} ${inlet}${status === null ? "" : ` ${status}`}`;
  if (refusal !== null) return [`${start}: refused: ${refusal}`];
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (total === 0) return [];
  const lines = events.map(({ eventType, who, where, outcome, detail }) => {
    const what = [eventType, `of ${who}`, where === null ? "" : `from ${where}`].filter(Boolean).join(" ");
    return `${start}: ${outcomes[outcome]}: ${what}${detail === "" ? "" : ` (${detail})`}`;
  });
  if (total <= maximumLines && total === events.length) return lines;
  const sums = Object.entries(counts).map(([outcome, count]) => `${count} ${outcomes[outcome as Outcome]}`);
  return [`${start}: ${total === 1 ? "1 event" : `${total} events`}: ${sums.join(", ")}`];
}

/** The most events of a delivery that a terminal gets a line each for. */
const maximumLines = 5;
