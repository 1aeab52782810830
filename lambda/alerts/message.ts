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
  const whole = serialize(alert);
  if (whole !== null) return whole;
  const sizes = Object.entries(alert.event)
    .map(([name, value]) => ({ name, bytes: sizeOf(value) + sizeOf(name) }))
    .sort((first, second) => second.bytes - first.bytes);
  const event: Record<string, unknown> = { ...alert.event };
  const cut: string[] = [];
  // Doubling the count keeps the number of tries small, also for an event of a hundred thousand little fields.
  for (let count = 1; ; count *= 2) {
    for (const { name } of sizes.slice(cut.length, count)) {
      delete event[name];
      cut.push(name);
    }
    const eventCut = cut.slice(0, 100).map((name) => name.slice(0, 100).toWellFormed());
    const message = serialize({ ...alert, event, eventCut });
    if (message !== null) return message;
    if (cut.length === sizes.length)
      throw new RangeError(`the alert about ${alert.okta.eventUuid} is too large for SNS`);
  }
}

/** The message, or null when it is too large, or nested too deeply, to be sent. */
function serialize(alert: Alert): string | null {
  try {
    const message = JSON.stringify({ default: JSON.stringify(alert), email: renderEmail(alert) });
    return Buffer.byteLength(message) <= maximumMessageBytes - reservedBytes ? message : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Bytes as JSON; infinite for what is nested too deeply to be written. */
function sizeOf(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? "");
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** SNS refuses an empty attribute. */
function attributeText(text: string): string {
  return text.slice(0, 200).toWellFormed() || "UNKNOWN";
}
