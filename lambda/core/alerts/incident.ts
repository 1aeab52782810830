import type { Verdict } from "../history/verdict.ts";
import { type Incident, maximumShown, openedAt } from "../incidents/incident.ts";
import { sessionStart } from "../okta/log-event.ts";
import { succeeded } from "../okta/outcome.ts";
import { isUnknown } from "../okta/person.ts";
import { shorten } from "../text/shorten.ts";
import type { Alert } from "./alert-schema.ts";
import { isOfStorm } from "./storm.ts";

/** The incident of an alert, as far as it is known when the alert is written. */
export interface IncidentSource {
  readonly id: string;
  /** What came before; null for nothing, undefined where the store did not answer. */
  readonly known: Incident | null | undefined;
  /** The verdict that the alert names (`verdictToName`); null where there is none, or where that is not known. */
  readonly verdict: Verdict | null;
}

/** What an alert says of its incident: itself does not count as what came before. */
export function describeIncident(
  { id, known, verdict }: IncidentSource,
  alertId: string,
  detectedAt: Date,
): Alert["incident"] {
  const judged = verdict && { verdict: verdict.verdict, note: verdict.note, by: verdict.by, at: verdict.at };
  if (known === undefined) return { id, opened: null, alerts: null, before: [], verdict: judged };
  const before = known?.alerts.filter((each) => each.alertId !== alertId) ?? [];
  const isRecorded = known !== null && before.length < known.alerts.length;
  return {
    id,
    opened: known === null ? detectedAt.toISOString() : openedAt(known),
    alerts: known === null ? 0 : known.count - (isRecorded ? 1 : 0),
    before: before
      .slice(-maximumShown)
      .map(
        ({ alertId, eventUuid, detectedAt, published, eventType, deed, outcome, summary, severity, detections }) => ({
          alertId,
          eventUuid,
          detectedAt,
          published,
          eventType,
          deed,
          succeeded: succeeded(outcome),
          summary,
          severity,
          detections: detections.map(({ id, title }) => ({ id, title })),
        }),
      ),
    verdict: judged,
  };
}

/** The alerts before it that a sentence names. */
const maximumNamed = 3;

/** `3rd alert of this session: at 09:41 UTC "Okta Admin Privilege Granted" (high), …`. Null for the first alert, and where that is not known. */
export function describeBefore(alert: Alert): string | null {
  const { incident, detectedAt } = alert;
  const { alerts, before } = incident;
  const place = describePlace(alert);
  if (alerts === null || place === null) return null;
  const named = before.slice(-maximumNamed);
  const more = alerts - named.length;
  const list = named.map((each) => {
    const day = each.detectedAt.slice(0, 10);
    const time = `${day === detectedAt.slice(0, 10) ? "" : `${day} `}${each.detectedAt.slice(11, 16)} UTC`;
    return `at ${time} ${isOfStorm(alert) ? "a report" : nameAlert(each)} (${each.severity})`;
  });
  const rest = more === 0 ? "" : `${more} more before, `;
  return `${place}: ${rest}${list.join(", ")}`;
}

/** `3rd alert of this session`. Null for the first, and where that is not known. */
export function describePlace(alert: Alert): string | null {
  const { incident, session } = alert;
  if (incident.alerts === null || incident.alerts === 0) return null;
  const hasSession = [session.rootSessionId, session.externalSessionId].some((id) => !isUnknown(id));
  const what = isOfStorm(alert) ? "storm" : hasSession ? "session" : "incident";
  return `${ordinal(incident.alerts + 1)} alert of this ${what}`;
}

function nameAlert({ eventType, detections }: Alert["incident"]["before"][number]): string {
  const title = detections[0]?.title ?? eventType;
  return eventType === sessionStart ? "a sign-in" : `"${title}"`;
}

/**
 * `the last like this was closed as benign by ana on 2026-11-20: her VPN`; a true positive is of the person, whatever it
 * was about. Null where nothing was judged.
 */
export function describeVerdict({ incident: { verdict } }: Alert): string | null {
  if (verdict === null) return null;
  const what = verdict.verdict === "true-positive" ? "an incident of this person" : "the last like this";
  return `${what} was closed as ${verdictNames[verdict.verdict]} by ${verdict.by} on ${verdict.at.slice(0, 10)}: ${verdict.note}`;
}

/** The longest name of an author in a few words, in UTF-16 code units. */
const maximumAuthor = 20;

/** `benign by ana on 2026-11-20`: the verdict that the alert names in a few words; null for none. */
export function nameVerdict({ incident: { verdict } }: Alert): string | null {
  return (
    verdict && `${verdictNames[verdict.verdict]} by ${shorten(verdict.by, maximumAuthor)} on ${verdict.at.slice(0, 10)}`
  );
}

/** The same without who judged, and when: `benign`. */
export function nameVerdictAlone({ incident: { verdict } }: Alert): string | null {
  return verdict && verdictNames[verdict.verdict];
}

/** The command that shows the incident of an alert, and how to close it with a verdict; null for a test, which is of none. */
export function incidentCommand({ incident, test }: Pick<Alert, "incident" | "test">): string | null {
  return test ? null : `npx okta-proxy-watch incidents show ${incident.id}`;
}

const verdictNames = {
  "true-positive": "a true positive",
  benign: "benign",
  expected: "expected",
} as const satisfies Record<Verdict["verdict"], string>;

/** `1st`, `2nd`, `11th`, `23rd`. */
function ordinal(number: number): string {
  const isTeen = Math.floor(number / 10) % 10 === 1;
  return `${number}${(isTeen ? null : suffixes[number % 10]) ?? "th"}`;
}

/** By the last digit. */
const suffixes: Readonly<Record<number, string>> = { 1: "st", 2: "nd", 3: "rd" };
