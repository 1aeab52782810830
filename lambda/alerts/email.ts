import type { Alert } from "./alert.ts";
import { describeExit, describeNetwork, describeProxy, describeUser, gotIn, sessionStart } from "./wording.ts";

/** SNS takes subjects of at most 100 characters: printable ASCII, not starting with a space. */
const maximumSubject = 99;

/** The e-mail's subject: ASCII, under 100 characters, on one line. */
export function renderSubject(alert: Alert): string {
  const subject = `[${alert.severity}] ${describeKind(alert)}: ${alert.user.login ?? alert.user.id ?? "unknown user"}, ${alert.geo.exit.country ?? "unknown country"}`;
  const ascii = subject
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .replace(/[^\x20-\x7e]+/g, "?");
  return ascii.length <= maximumSubject ? ascii : `${ascii.slice(0, maximumSubject - 3)}...`;
}

/** What the alert is about, in a few words: of what is no sign-in, the severest detection tells. */
function describeKind(alert: Alert): string {
  if (alert.okta.eventType !== sessionStart) return alert.detections[0]?.title ?? alert.okta.eventType;
  const proxied = describeProxy(alert) === null ? "" : "proxied ";
  return gotIn(alert) ? `${proxied}Okta session` : `${proxied}Okta sign-in attempt`;
}

/** The alert written for a person: who, from where, through what, how far from home, what to do first. */
export function renderEmail(alert: Alert): string {
  const { session, client, geo, okta } = alert;
  const risk = [alert.risk.level, alert.risk.reasons.join(", ")].filter(Boolean).join(": ");
  const positive = alert.behaviors.filter(({ result }) => result?.toUpperCase() === "POSITIVE").map(({ name }) => name);
  const rows: [name: string, value: string | null][] = [
    ["Severity", alert.severity],
    ["Who", `${describeUser(alert)}${alert.user.id === null ? "" : `, id ${alert.user.id}`}`],
    ["When", okta.published],
    ["Outcome", [session.outcome ?? "unknown", session.reason].filter(Boolean).join(": ")],
    ["From", describeExit(alert)],
    ["Through", describeProxy(alert)],
    ["Network", describeNetwork(alert)],
    ["Location", `${geo.verdict}. ${geo.reason}`],
    ["Client", [client.browser, client.os, client.device].filter(Boolean).join(", ") || "unknown"],
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
    ...(okta.systemLogUrl === null ? [] : [`System Log: ${okta.systemLogUrl}`]),
    `Event ${oneLine(okta.eventUuid)}, alert ${alert.alertId}`,
    ...(alert.eventCut === null
      ? []
      : [`Left out of the alert's copy of the event for size: ${alert.eventCut.join(", ")}`]),
    "",
  ].join("\n");
}

/** Names come from outside: no line break, control or direction character of theirs may shape the text. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}
