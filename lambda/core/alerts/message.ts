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

/** Writes the SNS message of an alert. Over SNS's limit the event is cut, its largest fields first; then the names of a storm. */
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
  for (let names = alert.storm?.users.length ?? 0; ; names = Math.floor(names / 2)) {
    try {
      return write(withNames(alert, names), withNames(words, names));
    } catch (error) {
      if (!(error instanceof RangeError) || names === 0) throw error;
    }
  }
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
