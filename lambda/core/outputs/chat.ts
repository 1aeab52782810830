import type { Alert } from "../alerts/alert-schema.ts";
import { countryPart } from "../alerts/email.ts";
import { eventKey } from "../alerts/event-key.ts";
import { incidentCommand } from "../alerts/incident.ts";
import { cutInert, type InertAlert, inertAlert, splitStep } from "../alerts/inert.ts";
import type { Output } from "../alerts/output.ts";
import { alertRows, type RowName } from "../alerts/rows.ts";
import { isOfStorm } from "../alerts/storm.ts";
import { loginLines } from "../alerts/storm-words.ts";
import { storyOf, timeline, undoList } from "../alerts/story.ts";
import { describeKind, isByUser, nameConcerned, nameUser } from "../alerts/wording.ts";
import { shareRoom } from "../text/share-room.ts";

/*
 * A custom notification of Amazon Q Developer in chat applications, which brings it to Slack and Microsoft Teams:
 * https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
 */

/** Our own limits, for texts that people read in a channel. */
const maximumTitle = 250;
const maximumDescription = 4_000;
const maximumStep = 500;
const maximumSteps = 10;

const icons = {
  informational: ":white_circle:",
  low: ":large_blue_circle:",
  medium: ":large_yellow_circle:",
  high: ":large_orange_circle:",
  critical: ":red_circle:",
} as const satisfies Record<Alert["severity"], string>;

/** Alerts for Slack and Microsoft Teams. */
export const output: Output = {
  description: "Slack and Microsoft Teams, through Amazon Q Developer in chat applications",
  render: (alert) => JSON.stringify(toNotification(inertAlert(alert, "chat"), eventKey(alert.okta.eventUuid))),
};

function toNotification(alert: InertAlert, key: string) {
  return {
    version: "1.0",
    source: "custom",
    // One id for each alert: the channel shows an alert that SNS delivers twice only once.
    id: alert.alertId,
    content: {
      textType: "client-markdown",
      title: title(alert),
      description: description(alert),
      nextSteps: alert.triage.slice(0, maximumSteps).map(writeStep),
      keywords: [alert.severity, alert.geo.verdict, cutInert(alert.okta.eventType, 100)],
    },
    metadata: {
      // The alerts of one incident are in one thread.
      threadId: alert.incident.id,
      summary: cutInert(alert.summary, maximumTitle),
      eventType: "okta-proxy-watch-alert",
      relatedResources: [cutInert(nameUser(alert), 200)],
      additionalContext: {
        alertId: alert.alertId,
        eventUuid: key,
        incident: alert.incident.id,
        severity: alert.severity,
        test: String(alert.test),
      },
    },
  };
}

/** A command is formatted as code, in which chat programs make no links. */
function writeStep(step: string): string {
  const { words, command } = splitStep(step);
  return command === null ? cutInert(step, maximumStep) : `${cutInert(words, maximumStep)} \`${command}\``;
}

function title(alert: InertAlert): string {
  const start = `${icons[alert.severity]} ${alert.test ? "TEST " : ""}${alert.severity}: `;
  const parts = [
    { text: describeKind(alert), share: 0.4 },
    { text: nameConcerned(alert), share: 0.35 },
    ...countryPart(alert),
  ];
  const rooms = shareRoom(parts, maximumTitle - start.length - " by , ".length);
  const [kind, ...others] = parts.map(({ text }, index) => cutInert(text, rooms[index] ?? 0));
  return `${start}${kind} ${isByUser(alert) ? "by" : "about"} ${others.join(", ")}`;
}

/** Rows that the title repeats, or that are too long for a channel. */
const leftOut: ReadonlySet<RowName> = new Set(["Test", "Severity", "Travel", "Session", "Client", "Org"]);

function description(alert: InertAlert): string {
  const { links } = alert;
  const rows = [
    ...alertRows(alert).filter(([name]) => !leftOut.has(name)),
    ...(alert.storm !== null && isOfStorm(alert) ? [["Logins", loginLines(alert.storm).join("; ")] as const] : []),
    ["Detections", alert.detections.map(({ level, title: name }) => `${name} (${level})`).join("; ")] as const,
  ];
  const lines = [
    cutInert(alert.summary, 1_000),
    ...storyLines(alert),
    ...rows.map(([name, value]) => `*${name}* ${cutInert(value, 600)}`),
  ];
  // Our links have no characters of markup.
  const look = Object.entries({
    Event: links.event,
    Session: links.session,
    User: links.userProfile,
    Map: links.map,
  }).flatMap(([name, link]) => (link === null ? [] : [`*${name}* ${link}`]));
  const command = incidentCommand(alert);
  if (command !== null) look.push(`*Incident* \`${command}\``);
  const room = maximumDescription - look.reduce((sum, link) => sum + link.length + 1, 0);
  return [...wholeLines(lines, room), ...look].join("\n");
}

/** The most acts that a message in a channel names, and the most that it says how to undo. */
const maximumActs = 8;

/** What came together with the event, and what to undo, act by act. */
function storyLines(alert: InertAlert): readonly string[] {
  const story = storyOf(alert);
  if (story === null) return [];
  const undo = undoList(story, maximumActs).map(
    ({ text, link }) => `• ${cutInert(text, 300)}${link === null ? "" : ` ${link}`}`,
  );
  return [
    "*What happened*",
    ...timeline(story, nameUser(alert), maximumActs).map((line) => `• ${cutInert(line, 400)}`),
    ...(undo.length === 0 ? [] : ["*What to undo*", ...undo]),
  ];
}

/** The first lines that fit, whole: a cut within one could split what is bold, or code. */
function wholeLines(lines: readonly string[], room: number): string[] {
  const taken: string[] = [];
  let left = room;
  for (const line of lines) {
    left -= line.length + 1;
    // Keeps room for the ellipsis.
    if (left < 2) return [...taken, "…"];
    taken.push(line);
  }
  return taken;
}
