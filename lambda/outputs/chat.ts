import type { Alert } from "../alerts/alert-schema.ts";
import type { Output } from "../alerts/output.ts";
import { alertRows, type RowName } from "../alerts/rows.ts";
import { describeKind, oneLine } from "../alerts/wording.ts";

/*
 * A custom notification of Amazon Q Developer in chat applications, which brings it to Slack and Microsoft Teams:
 * https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
 */

/** Lengths of our own, that a person still reads in a channel. */
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
  render: (alert) =>
    JSON.stringify({
      version: "1.0",
      source: "custom",
      // One for each alert, so that one that SNS delivers twice is shown once.
      id: alert.alertId,
      content: {
        textType: "client-markdown",
        title: title(alert),
        description: description(alert),
        nextSteps: alert.triage.slice(0, maximumSteps).map((step) => safe(step, maximumStep)),
        keywords: [alert.severity, alert.geo.verdict, safe(alert.okta.eventType, 100)],
      },
      metadata: {
        // An alert and what follows it up stand in one thread.
        threadId: safe(alert.okta.eventUuid, 200),
        summary: safe(alert.summary, maximumTitle),
        eventType: "okta-proxy-watch-alert",
        relatedResources: [safe(alert.user.login ?? alert.user.id ?? "unknown user", 200)],
        additionalContext: {
          alertId: alert.alertId,
          eventUuid: safe(alert.okta.eventUuid, 200),
          severity: alert.severity,
          test: String(alert.test),
        },
      },
    }),
};

function title(alert: Alert): string {
  const who = alert.user.login ?? alert.user.id ?? "unknown user";
  const test = alert.test ? "TEST " : "";
  return `${icons[alert.severity]} ${test}${safe(`${alert.severity}: ${describeKind(alert)} by ${who}, ${alert.geo.exit.country ?? "unknown country"}`, maximumTitle - 40)}`;
}

/** What stands in the title, or is too much for a channel. */
const leftOut: ReadonlySet<RowName> = new Set(["Test", "Severity", "Client", "Org"]);

function description(alert: Alert): string {
  const { links } = alert;
  const rows = [
    ...alertRows(alert).filter(([name]) => !leftOut.has(name)),
    ["Detections", alert.detections.map(({ level, title: name }) => `${name} (${level})`).join("; ")] as const,
  ];
  const lines = [safe(alert.summary, 1_000), ...rows.map(([name, value]) => `*${name}* ${safe(value, 600)}`)];
  // A link of ours has no character that a markup knows.
  const look = Object.entries({ Event: links.event, Session: links.session, User: links.userProfile }).flatMap(
    ([name, link]) => (link === null ? [] : [`*${name}* ${link}`]),
  );
  const room = maximumDescription - look.reduce((sum, link) => sum + link.length + 1, 0);
  return [...wholeLines(lines, room), ...look].join("\n");
}

/** The first lines that fit, whole: a cut within one could split what is escaped or bold. */
function wholeLines(lines: readonly string[], room: number): string[] {
  const taken: string[] = [];
  let left = room;
  for (const line of lines) {
    left -= line.length + 1;
    // Room for the sign that there was more.
    if (left < 2) return [...taken, "…"];
    taken.push(line);
  }
  return taken;
}

/**
 * Text from outside for a chat: on one line, without any markup of Slack's or Teams', mention or link of its own.
 *
 * @param maximum UTF-16 code units before it is escaped
 */
function safe(text: string, maximum: number): string {
  return cut(oneLine(text), maximum)
    .replaceAll("://", ": //")
    .replace(/[`*~[\]|#]/g, (character) => lookalikes[character] ?? " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** What stands for a character that a markup knows: the same to a reader, in full width or mathematics. */
const lookalikes: Readonly<Record<string, string>> = {
  "`": "'",
  "*": "∗",
  "~": "∼",
  "[": "(",
  "]": ")",
  "|": "∣",
  "#": "＃",
};

function cut(text: string, maximum: number): string {
  return text.length <= maximum ? text : `${text.slice(0, Math.max(maximum - 1, 0)).toWellFormed()}…`;
}
