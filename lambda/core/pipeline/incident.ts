import type { Alert } from "../alerts/alert-schema.ts";
import type { IncidentSource } from "../alerts/incident.ts";
import { entryOf, personOfAlert } from "../alerts/incident-entry.ts";
import { fingerprintOf } from "../grouping/fingerprint.ts";
import type { UserState } from "../history/history.ts";
import type { UserKey } from "../history/user-key.ts";
import { verdictToName } from "../history/verdict.ts";
import { incidentOf } from "../incidents/incident-id.ts";
import type { LogEvent } from "../okta/log-event.ts";
import { within } from "../time/budget.ts";
import type { Findings, PipelinePorts } from "./ports.ts";

/**
 * The incident of an alert about an event, as the look-up found it.
 *
 * @param detections ids of the detections that are alerted on
 * @param state what is remembered of the user; null where that is not known
 */
export function incidentSource(
  event: LogEvent,
  detections: readonly string[],
  findings: Findings | null,
  state: UserState | null,
  { loginDomains }: PipelinePorts,
): IncidentSource {
  const id = incidentOf({ event, loginDomains });
  const incidents = findings?.incidents ?? null;
  // The verdict on an alert is remembered by its fingerprint; few persons have any.
  const isJudged = state !== null && state.verdicts.size > 0;
  return {
    id,
    known: incidents === null ? undefined : (incidents.get(id) ?? null),
    verdict: isJudged ? verdictToName(state.verdicts, fingerprintOf(event, detections)) : null,
  };
}

/** Adds a published alert to its incident; a test is of none. */
export async function recordAlert(
  alert: Alert,
  event: LogEvent,
  userKey: UserKey | null,
  ports: PipelinePorts,
  signal: AbortSignal,
): Promise<void> {
  if (alert.test) return;
  const fingerprint = fingerprintOf(
    event,
    alert.detections.map(({ id }) => id),
  );
  const published = {
    incident: alert.incident.id,
    alert: entryOf(alert, fingerprint),
    user: personOfAlert(alert),
    userKey,
    now: ports.now(),
  };
  await within(signal, ports.incidents.record(published, signal));
}
