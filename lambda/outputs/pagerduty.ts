import type { Alert } from "../alerts/alert-schema.ts";
import { eventKey } from "../alerts/event-key.ts";
import { type InertAlert, inertAlert } from "../alerts/inert.ts";
import type { Output } from "../alerts/output.ts";
import { describeHistory, describeNetwork, describeProxy, describeStrength } from "../alerts/wording.ts";

/*
 * An alert event of PagerDuty's Events API v2, in its Common Event Format, but for the routing key, which whoever sends it
 * adds: https://developer.pagerduty.com/docs/send-alert-event
 */

/** The API's limit for a summary. */
const maximumSummary = 1_024;
const maximumText = 1_000;

/** PagerDuty has four severities. */
const severities = {
  informational: "info",
  low: "info",
  medium: "warning",
  high: "error",
  critical: "critical",
} as const satisfies Record<Alert["severity"], string>;

/** Alerts for PagerDuty. */
export const output: Output = {
  description: "PagerDuty, as events of its Events API v2",
  render: (alert) => JSON.stringify(toEvent(inertAlert(alert, "chat"), eventKey(alert.okta.eventUuid))),
};

function toEvent(alert: InertAlert, key: string) {
  return {
    event_action: "trigger",
    // The same alert twice is one incident; what follows it up is the same incident's as well.
    dedup_key: key,
    payload: {
      summary: text(`${alert.test ? "TEST: " : ""}${alert.summary}`, maximumSummary),
      source: text(alert.okta.org ?? "okta", maximumText),
      severity: severities[alert.severity],
      timestamp: alert.detectedAt,
      component: text(alert.user.login ?? alert.user.id ?? "unknown user", maximumText),
      group: "okta-proxy-watch",
      class: text(alert.detections[0]?.title ?? "", maximumText),
      custom_details: {
        user: alert.user,
        outcome: optional(alert.session.outcome),
        proxy: optional(describeProxy(alert)),
        network: text(describeNetwork(alert), maximumText),
        location: text(`${alert.geo.verdict}. ${alert.geo.reason}`, maximumText),
        strength: optional(describeStrength(alert)),
        history: optional(describeHistory(alert)),
        held_back: alert.heldBack?.count ?? null,
        triage: alert.triage.map((step) => text(step, maximumText)),
        detections: alert.detections.map(({ level, title }) => `${title} (${level})`),
        alert_id: alert.alertId,
        test: alert.test,
      },
    },
    client: "okta-proxy-watch",
    ...(alert.links.event === null ? {} : { client_url: alert.links.event }),
    links: Object.entries({
      "The event": alert.links.event,
      "The session": alert.links.session,
      "The user's page": alert.links.userProfile,
    }).flatMap(([name, href]) => (href === null ? [] : [{ href, text: name }])),
  };
}

function text(value: string, maximum: number): string {
  return value.slice(0, maximum).toWellFormed();
}

function optional(value: string | null): string | null {
  return value === null ? null : text(value, maximumText);
}
