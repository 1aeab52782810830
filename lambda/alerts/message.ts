import { cutToFit, uniteCuts } from "../okta/cut-event.ts";
import type { TopicMessage } from "../topic.ts";
import type { Alert } from "./alert.ts";
import { renderEmail, renderSubject } from "./email.ts";
import { maximumMessageBytes, reservedBytes } from "./output.ts";
import { renderSms } from "./sms.ts";
import { oneLine } from "./wording.ts";

/** Writes the SNS message of an alert. Over SNS's limit the event is cut, its largest fields first. */
export function toMessage(alert: Alert): TopicMessage & { readonly subject: string } {
  return {
    subject: renderSubject(alert),
    message: withinLimit(alert),
    perProtocol: true,
    attributes: {
      severity: { type: "String", value: alert.severity },
      eventType: { type: "String", value: attributeText(alert.okta.eventType) },
      geoVerdict: { type: "String", value: alert.geo.verdict },
      outcome: { type: "String", value: attributeText(alert.session.outcome ?? "UNKNOWN") },
      test: { type: "String", value: String(alert.test) },
      detections: { type: "String.Array", value: JSON.stringify(alert.detections.map(({ id }) => id)) },
    },
  };
}

function withinLimit(alert: Alert): string {
  return cutToFit(alert.event, maximumMessageBytes - reservedBytes, (event, cut) => {
    const eventCut = uniteCuts(alert.eventCut, cut);
    const part: Alert = { ...alert, event, eventCut: eventCut && [...eventCut] };
    return JSON.stringify({ default: JSON.stringify(part), email: renderEmail(part), sms: renderSms(part) });
  });
}

/** SNS refuses an empty attribute, and one with control characters. */
function attributeText(text: string): string {
  return oneLine(text).slice(0, 200).toWellFormed() || "UNKNOWN";
}
