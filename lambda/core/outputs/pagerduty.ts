import type { Alert } from "../alerts/alert-schema.ts";
import { describeBefore, describeVerdict } from "../alerts/incident.ts";
import { cutInert, type InertAlert, inertAlert } from "../alerts/inert.ts";
import type { Output } from "../alerts/output.ts";
import type { AlertStorm } from "../alerts/storm.ts";
import { describeReasons, loginLines } from "../alerts/storm-words.ts";
import { type Story, storyOf, timeline, undoList } from "../alerts/story.ts";
import { explainTravel } from "../alerts/travel.ts";
import {
  describeAge,
  describeHistory,
  describeNetwork,
  describePersonsDoneTo,
  describeProxy,
  describeStrength,
  isByUser,
  nameUser,
} from "../alerts/wording.ts";
import { bySeverity } from "../sigma/rule.ts";

/*
 * An alert event of PagerDuty's Events API v2, in its Common Event Format, without the routing key, which the sender
 * adds: https://developer.pagerduty.com/docs/send-alert-event
 */

/** The API's limit for a summary. */
const maximumSummary = 1_024;
const maximumText = 1_000;
/** Our own limit for the text of a link, which people read. */
const maximumLinkText = 120;

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
  render: (alert) => JSON.stringify(toEvent(inertAlert(alert, "chat"))),
};

function toEvent(alert: InertAlert) {
  const story = storyOf(alert);
  return {
    event_action: "trigger",
    dedup_key: dedupKey(alert),
    payload: {
      summary: cutInert(`${alert.test ? "TEST: " : ""}${alert.summary}`, maximumSummary),
      source: cutInert(alert.okta.org ?? "okta", maximumText),
      severity: severities[alert.severity],
      timestamp: alert.detectedAt,
      component: cutInert(nameUser(alert), maximumText),
      group: "okta-proxy-watch",
      class: cutInert(alert.detections[0]?.title ?? "", maximumText),
      custom_details: {
        ...(story !== null && toStory(story, nameUser(alert))),
        user: alert.user,
        actor: isByUser(alert) ? null : alert.actor,
        change: optional(alert.change),
        done_to: optional(describePersonsDoneTo(alert)),
        age: optional(describeAge(alert)),
        outcome: optional(alert.session.outcome),
        proxy: optional(describeProxy(alert)),
        network: cutInert(describeNetwork(alert), maximumText),
        location: cutInert(`${alert.geo.verdict}. ${alert.geo.reason}`, maximumText),
        ...(alert.travel !== null && { travel: optional(explainTravel(alert)) }),
        strength: optional(describeStrength(alert)),
        history: optional(describeHistory(alert)),
        ...(alert.storm !== null && { storm: toStorm(alert.storm) }),
        held_back: alert.heldBack?.count ?? null,
        incident: alert.incident.id,
        before: optional(describeBefore(alert)),
        judged: optional(describeVerdict(alert)),
        triage: alert.triage.map((step) => cutInert(step, maximumText)),
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
      ...(story !== null && linksToUndo(story)),
    }).flatMap(([name, href]) => (href === null ? [] : [{ href, text: name }])),
  };
}

/**
 * The key of the incident in PagerDuty: that of ours. PagerDuty adds a further alert to an open incident and pages no one
 * (https://developer.pagerduty.com/docs/send-alert-event), so that an alert severer than all before it has a key of its own;
 * so has one of which it is not known what came before.
 */
function dedupKey({ incident: { id, alerts, before }, severity }: InertAlert): string {
  const isSeverer = before.length > 0 && before.every((each) => bySeverity(severity, each.severity) < 0);
  return isSeverer || alerts === null ? `${id}-${severity}` : id;
}

/** The most acts that an event names, and the most that it links to. */
const maximumActs = 20;
const maximumLinks = 5;

function toStory(story: Story, user: string) {
  return {
    what_happened: timeline(story, user, maximumActs).map((line) => cutInert(line, maximumText)),
    what_to_undo: undoList(story, maximumActs).map(({ text }) => cutInert(text, maximumText)),
  };
}

function linksToUndo(story: Story): Readonly<Record<string, string | null>> {
  return Object.fromEntries(
    undoList(story, maximumLinks).map(({ text, link }) => [cutInert(`Undo ${text}`, maximumLinkText), link]),
  );
}

/** Logins that an event names of a storm: the API takes events of 512 KB, but people read them. */
const maximumLogins = 50;

function toStorm(storm: AlertStorm) {
  const { since, until, attempts, succeeded } = storm;
  const lines = loginLines(storm);
  const logins = lines.slice(0, maximumLogins);
  if (lines.length > maximumLogins) logins.push(`${lines.length - maximumLogins} more`);
  return { since, until, attempts, succeeded, reasons: optional(describeReasons(storm)), logins };
}

function optional(value: string | null): string | null {
  return value === null ? null : cutInert(value, maximumText);
}
