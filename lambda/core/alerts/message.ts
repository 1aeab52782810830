import { cutToFit, uniteCuts } from "../okta/cut-event.ts";
import { succeeded } from "../okta/outcome.ts";
import { topicMessageBytes } from "../text/message-limits.ts";
import { wellFormedJson } from "../text/well-formed-json.ts";
import type { Alert } from "./alert-schema.ts";
import { attributesOf } from "./attributes.ts";
import { writeEmail, writeSubject } from "./email.ts";
import { type InertAlert, inertAlert, inertText } from "./inert.ts";
import { reservedBytes } from "./output.ts";
import { writeSms } from "./sms.ts";
import type { TopicMessage } from "./topic-message.ts";

/**
 * Writes the SNS message of an alert. Over SNS's limit the event is cut, its largest fields first; then the names of a storm, and the
 * events of correlations.
 */
export function toMessage(alert: Alert): TopicMessage & { readonly subject: string } {
  const words = inertAlert(alert, "text");
  return {
    subject: writeSubject(words),
    message: withinLimit(alert, words),
    perProtocol: true,
    attributes: attributesOf(alert),
  };
}

function withinLimit(alert: Alert, words: InertAlert): string {
  const whole = lengthOf(alert);
  for (let length = whole; ; length = Math.floor(length / 2)) {
    try {
      return write(withLists(alert, length, whole), withLists(words, length, whole));
    } catch (error) {
      if (!(error instanceof RangeError) || length === 0) throw error;
    }
  }
}

/** The length of the longest list that can be shortened: the logins of a storm, the events of a correlation. */
function lengthOf({ storm, detections }: Alert): number {
  const events = detections.map(({ correlation }) => correlation?.events.length ?? 0);
  return Math.max(storm?.users.length ?? 0, ...events);
}

/** An alert whose lists have at most so many items. */
function withLists<Kind extends Alert | InertAlert>(alert: Kind, length: number, whole: number): Kind {
  return length >= whole ? alert : withEvents(withNames(alert, length), length);
}

/** The events of a correlation that its alert names at the least: the first and the last. */
const leastEvents = 2;

/** An alert that names as many events of each correlation, the first and the last ones; the others count in `more`. */
function withEvents<Kind extends Alert | InertAlert>(alert: Kind, length: number): Kind {
  const kept = Math.max(leastEvents, length);
  const detections = alert.detections.map((detection) => {
    const { correlation } = detection;
    if (correlation === null || correlation.events.length <= kept) return detection;
    const { events, more } = correlation;
    const head = Math.ceil(kept / 2);
    const named = [...events.slice(0, head), ...events.slice(events.length - (kept - head))];
    return { ...detection, correlation: { ...correlation, events: named, more: more + events.length - kept } };
  });
  return { ...alert, detections };
}

/** An alert that names as many logins of its storm, those that succeeded first; the failed attempts of the others count in `more`. */
function withNames<Kind extends Alert | InertAlert>(alert: Kind, names: number): Kind {
  const { storm } = alert;
  if (storm === null || storm.users.length <= names) return alert;
  const users = storm.users.toSorted((a, b) => Number(succeeded(b.outcome)) - Number(succeeded(a.outcome)));
  const others = users.slice(names).filter(({ outcome }) => !succeeded(outcome));
  const more = others.reduce((sum, { count }) => sum + count, storm.more);
  return { ...alert, storm: { ...storm, users: users.slice(0, names), more } };
}

function write(alert: Alert, words: InertAlert): string {
  const sms = writeSms(words);
  return cutToFit(alert.event, topicMessageBytes - reservedBytes, (event, cut) => {
    const eventCut = uniteCuts(alert.eventCut, cut);
    const part: Alert = { ...alert, event, eventCut: eventCut && [...eventCut] };
    const named = eventCut === null ? null : eventCut.map((name) => inertText(name, "text"));
    const email = writeEmail({ ...words, eventCut: named });
    return JSON.stringify({ default: wellFormedJson(part), email, sms });
  });
}
