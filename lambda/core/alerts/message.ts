import { cutToFit, uniteCuts } from "../okta/cut-event.ts";
import { topicMessageBytes } from "../text/message-limits.ts";
import { wellFormedJson } from "../text/well-formed-json.ts";
import type { Alert } from "./alert-schema.ts";
import { attributesOf } from "./attributes.ts";
import { writeEmail, writeSubject } from "./email.ts";
import { type InertAlert, inertAlert, inertText } from "./inert.ts";
import { reservedBytes } from "./output.ts";
import { writeSms } from "./sms.ts";
import type { TopicMessage } from "./topic-message.ts";

/** Writes the SNS message of an alert. Over SNS's limit the event is cut, its largest fields first. */
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
  const sms = writeSms(words);
  return cutToFit(alert.event, topicMessageBytes - reservedBytes, (event, cut) => {
    const eventCut = uniteCuts(alert.eventCut, cut);
    const part: Alert = { ...alert, event, eventCut: eventCut && [...eventCut] };
    const named = eventCut === null ? null : eventCut.map((name) => inertText(name, "text"));
    const email = writeEmail({ ...words, eventCut: named });
    return JSON.stringify({ default: wellFormedJson(part), email, sms });
  });
}
