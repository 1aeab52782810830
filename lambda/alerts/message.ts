import { cutToFit } from "../okta/cut-event.ts";
import type { Alert } from "./alert.ts";
import { renderEmail, renderSubject } from "./email.ts";

/** SNS's limit for a message, in bytes: https://docs.aws.amazon.com/general/latest/gr/sns.html */
export const maximumMessageBytes = 262_144;

/** Room for subject and attributes, which count towards the limit. Forty rule ids fit in. */
const reservedBytes = 4_096;

/** An alert as SNS takes it, in `MessageStructure: json`. */
export interface AlertMessage {
  readonly subject: string;
  /** JSON with a body per protocol: `default` and `email`. */
  readonly message: string;
  readonly attributes: Readonly<Record<string, { readonly type: "String" | "String.Array"; readonly value: string }>>;
}

/** Writes the SNS message of an alert. Over SNS's limit the event is cut, its largest fields first. */
export function toMessage(alert: Alert): AlertMessage {
  return {
    subject: renderSubject(alert),
    message: withinLimit(alert),
    attributes: {
      severity: { type: "String", value: alert.severity },
      eventType: { type: "String", value: attributeText(alert.okta.eventType) },
      geoVerdict: { type: "String", value: alert.geo.verdict },
      outcome: { type: "String", value: attributeText(alert.session.outcome ?? "UNKNOWN") },
      detections: { type: "String.Array", value: JSON.stringify(alert.detections.map(({ id }) => id)) },
    },
  };
}

function withinLimit(alert: Alert): string {
  return cutToFit(alert.event, maximumMessageBytes - reservedBytes, (event, eventCut) => {
    const part: Alert = { ...alert, event, eventCut };
    return JSON.stringify({ default: JSON.stringify(part), email: renderEmail(part) });
  });
}

/** SNS refuses an empty attribute. */
function attributeText(text: string): string {
  return text.slice(0, 200).toWellFormed() || "UNKNOWN";
}
