import type { Alert } from "./alert.ts";
import {
  describeExit,
  describeHistory,
  describeKind,
  describeNetwork,
  describeProxy,
  describeStrength,
  describeUser,
  oneLine,
  plural,
} from "./wording.ts";

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
  const { session, client, geo, okta } = alert;
  const risk = [alert.risk.level, alert.risk.reasons.join(", ")].filter(Boolean).join(": ");
  const positive = alert.behaviors.filter(({ result }) => result?.toUpperCase() === "POSITIVE").map(({ name }) => name);
  const { heldBack } = alert;
  const rows: [name: string, value: string | null][] = [
    ["Test", alert.test ? "yes: nobody signed in" : null],
    ["Severity", [alert.severity, ...alert.severityAdjustments.map(describeAdjustment)].join(", ")],
    ["Who", `${describeUser(alert)}${alert.user.id === null ? "" : `, id ${alert.user.id}`}`],
    ["When", okta.published],
    ["Outcome", [session.outcome ?? "unknown", session.reason].filter(Boolean).join(": ")],
    ["From", describeExit(alert)],
    ["Through", describeProxy(alert)],
    ["Network", describeNetwork(alert)],
    ["Location", `${geo.verdict}. ${geo.reason}`],
    ["Client", [client.browser, client.os, client.device].filter(Boolean).join(", ") || "unknown"],
    ["Strength", describeStrength(alert)],
    ["History", describeHistory(alert)],
    [
      "Held back",
      heldBack === null || heldBack.count === 0
        ? null
        : `${plural(heldBack.count, "session start")} of this user on this network since ${heldBack.since}`,
    ],
    ["Okta risk", risk || null],
    ["Unusual", positive.join(", ") || null],
    ["Org", okta.org],
    ["Follows", alert.followUp ? "an earlier alert about the same event, which could not tell this" : null],
    ["Late", alert.delayReason === null ? null : `by ${alert.delayedSeconds} s: ${alert.delayReason}`],
  ];
  const known = rows.filter((row): row is [string, string] => row[1] !== null);
  return [
    oneLine(alert.summary),
    "",
    ...known.map(([name, value]) => `${name.padEnd(10)}${oneLine(value)}`),
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

/** `lowered from high by "Failed attempt"`. */
function describeAdjustment({ title, from }: Alert["severityAdjustments"][number]): string {
  return `${from} before "${title}"`;
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
