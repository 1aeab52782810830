import type { Alert } from "./alert-schema.ts";
import { oneLine } from "./inert.ts";
import type { TopicMessage } from "./topic-message.ts";

/** The message attributes of an alert, for the filter policies of subscriptions. */
export function attributesOf(alert: Alert): TopicMessage["attributes"] {
  return {
    severity: { type: "String", value: alert.severity },
    eventType: { type: "String", value: attributeText(alert.okta.eventType) },
    geoVerdict: { type: "String", value: alert.geo.verdict },
    outcome: { type: "String", value: attributeText(alert.session.outcome ?? "UNKNOWN") },
    test: { type: "String", value: String(alert.test) },
    detections: { type: "String.Array", value: JSON.stringify(alert.detections.map(({ id }) => id)) },
  };
}

/** SNS refuses an empty attribute, and one with control characters. */
function attributeText(text: string): string {
  return oneLine(text).slice(0, 200).toWellFormed() || "UNKNOWN";
}
