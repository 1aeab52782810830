import type { IncidentAlert, IncidentUser } from "../incidents/incident.ts";
import { incidentOf } from "../incidents/incident-id.ts";
import { text } from "../okta/lenient.ts";
import { shorten } from "../text/shorten.ts";
import type { Alert } from "./alert-schema.ts";
import { describeDone } from "./event-note.ts";
import { isOfStorm } from "./storm.ts";
import { describeExit, describeNetwork, describeProxy, hasOrigin } from "./wording.ts";

/** The longest summary and step, and other text, that an incident keeps, in UTF-16 code units. */
const maximumSentence = 300;
const maximumText = 100;
/** The most detections that it names of an alert. */
const maximumDetections = 5;

/**
 * What an incident keeps of an alert: 2 kB at the most, so that the item of {@link maximumIncidentAlerts} stays under a
 * quarter of DynamoDB's limit of 400 kB.
 *
 * @param fingerprint what its verdict is kept by; null where the network is not known
 */
export function entryOf(alert: Alert, fingerprint: string | null): IncidentAlert {
  const { network } = alert;
  const { operators } = network.anonymous;
  const isSilent = !hasOrigin(alert);
  return {
    alertId: alert.alertId,
    eventUuid: shorten(alert.okta.eventUuid, maximumText),
    detectedAt: alert.detectedAt,
    published: shorten(alert.okta.published, maximumText),
    eventType: shorten(alert.okta.eventType, maximumText),
    deed: isOfStorm(alert) ? null : describeDone(alert, text(alert.event.displayMessage)),
    summary: shorten(alert.summary, maximumSentence),
    severity: alert.severity,
    outcome: brief(alert.session.outcome),
    detections: alert.detections.slice(0, maximumDetections).map(({ id, title, correlation }) => ({
      id: shorten(id, maximumText),
      title: shorten(title, maximumText),
      ...(correlation !== null && { correlation: true }),
    })),
    from: isSilent ? null : brief(describeExit(alert)),
    through: brief(describeProxy(alert)),
    kinds: [...network.anonymous.kinds],
    network: isSilent ? null : brief(describeNetwork(alert)),
    operator: operators.length === 1 ? brief(operators[0] ?? null) : null,
    asNumber: network.asNumber,
    nextStep: alert.triage[0] === undefined ? null : shorten(alert.triage[0], maximumSentence),
    fingerprint,
    storm: alert.storm === null ? null : incidentOf({ storm: alert.storm.id }),
  };
}

/** The person of an alert, for its incident; null where it names none, as of a storm. */
export function personOfAlert({ user: { id, login, displayName } }: Alert): IncidentUser | null {
  if (id === null && login === null && displayName === null) return null;
  return { id: brief(id), login: brief(login), displayName: brief(displayName) };
}

function brief(text: string | null): string | null {
  return text === null ? null : shorten(text, maximumText);
}
