import type { Alert } from "./alert.ts";
import { alertRows } from "./rows.ts";
import { describeKind, oneLine } from "./wording.ts";

/** SNS takes subjects of at most 100 characters: printable ASCII, not starting with a space. */
const maximumSubject = 99;

/** The e-mail's subject: ASCII, under 100 characters, on one line. */
export function renderSubject(alert: Alert): string {
  const subject = `${alert.test ? "[TEST] " : ""}[${alert.severity}] ${describeKind(alert)}: ${alert.user.login ?? alert.user.id ?? "unknown user"}, ${alert.geo.exit.country ?? "unknown country"}`;
  const ascii = subject
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .replace(/[^\x20-\x7e]+/g, "?");
  return ascii.length <= maximumSubject ? ascii : `${ascii.slice(0, maximumSubject - 3)}...`;
}

/** The alert written for a person: who, from where, through what, how far from home, what to do first. */
export function renderEmail(alert: Alert): string {
  const { okta } = alert;
  return [
    oneLine(alert.summary),
    "",
    ...alertRows(alert).map(([name, value]) => `${name.padEnd(10)}${oneLine(value)}`),
    "",
    "What to do",
    ...alert.triage.map((step, index) => `${index + 1}. ${oneLine(step)}`),
    "",
    "Detections",
    ...alert.detections.map(({ level, title }) => `- ${level}: ${title}`),
    "",
    "When it may be harmless",
    ...new Set(
      alert.detections.flatMap(({ falsePositives }) => falsePositives).map((reason) => `- ${oneLine(reason)}`),
    ),
    "",
    ...linkLines(alert),
    `Event ${oneLine(okta.eventUuid)}, alert ${alert.alertId}`,
    ...(alert.eventCut === null
      ? []
      : [`Left out of the alert's copy of the event for size: ${alert.eventCut.join(", ")}`]),
    "",
  ].join("\n");
}

/** What can be opened in the admin console. */
function linkLines({ links }: Alert): string[] {
  const named: [name: string, url: string | null][] = [
    ["The event", links.event],
    ["This user's day", links.user],
    ["The session", links.session],
    ["This address's week", links.address],
    ["The user's page", links.userProfile],
  ];
  const known = named.filter(([, url]) => url !== null);
  return known.length === 0 ? [] : ["Look", ...known.map(([name, url]) => `- ${name}: ${url}`), ""];
}
