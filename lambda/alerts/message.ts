import { cutToFit, uniteCuts } from "../okta/cut-event.ts";
import type { TopicMessage } from "../topic.ts";
import type { Alert } from "./alert.ts";
import { attributesOf } from "./attributes.ts";
import { renderEmail, renderSubject } from "./email.ts";
import { maximumMessageBytes, reservedBytes } from "./output.ts";
import { renderSms } from "./sms.ts";

/** Writes the SNS message of an alert. Over SNS's limit the event is cut, its largest fields first. */
export function toMessage(alert: Alert): TopicMessage & { readonly subject: string } {
  return {
    subject: renderSubject(alert),
    message: withinLimit(alert),
    perProtocol: true,
    attributes: attributesOf(alert),
  };
}

function withinLimit(alert: Alert): string {
  return cutToFit(alert.event, maximumMessageBytes - reservedBytes, (event, cut) => {
    const eventCut = uniteCuts(alert.eventCut, cut);
    const part: Alert = { ...alert, event, eventCut: eventCut && [...eventCut] };
    return JSON.stringify({ default: JSON.stringify(part), email: renderEmail(part), sms: renderSms(part) });
  });
}
