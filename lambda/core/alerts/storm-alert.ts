import { v5 as uuidv5 } from "uuid";
import type { Incident } from "../incidents/incident.ts";
import { incidentOf } from "../incidents/incident-id.ts";
import type { DueReport, Storm } from "../storms/storm.ts";
import { createAlert } from "./alert.ts";
import type { Alert } from "./alert-schema.ts";
import type { AlertSource } from "./alert-source.ts";
import { describeIncident } from "./incident.ts";
import { inertFacts } from "./inert.ts";
import { toAlertStorm } from "./storm.ts";
import { stepsOfStorm, summarizeStorm } from "./storm-words.ts";
import { describeNetwork, describeProxy } from "./wording.ts";

/** Why an alert about a storm has no verdict about a location. */
const notJudged = "An alert about a storm judges no location.";

/** A storm, and the report on it that is due. */
export interface ReportedStorm {
  /** See `stormIdOf`. */
  readonly id: string;
  readonly storm: Storm;
  readonly report: DueReport;
  /** What was reported of it before; null for nothing, undefined where that is not known. */
  readonly incident: Incident | null | undefined;
}

/**
 * Writes the alert about a storm as a whole. It names no person: the event that it holds is one of the attempts. Its severity is the
 * highest level among that attempt's detections; that of its end is informational.
 */
export function createStormAlert(
  source: Omit<AlertSource, "judgement" | "incident">,
  { id, storm, report: { kind, step }, incident: known }: ReportedStorm,
): Alert {
  const judgement = { verdict: "unknown", reason: notJudged, distanceKm: null, nearestProfileLocation: null } as const;
  const alertId = uuidv5(step, id);
  const incident = { id: incidentOf({ storm: id }), known, verdict: null };
  const attempt = createAlert({ ...source, judgement });
  const { network } = attempt;
  const told = toAlertStorm(id, storm, kind, source.event);
  const words = inertFacts({ network, storm: told });
  const nobody = { id: null, login: null, displayName: null };
  return {
    ...attempt,
    alertId,
    incident: describeIncident(incident, alertId, source.detectedAt),
    ageSeconds: Math.round((source.detectedAt.getTime() - storm.last) / 1_000),
    followUp: kind !== "start",
    severity: kind === "end" ? "informational" : attempt.severity,
    summary: summarizeStorm(words.storm, describeProxy(words) ?? describeNetwork(words)),
    triage: stepsOfStorm(words, words.storm),
    user: nobody,
    actor: { ...nobody, type: null },
    targets: [],
    device: { id: null, name: null, platform: null, registered: null, managed: null },
    client: { browser: null, os: null, device: null, userAgent: null, zone: null },
    history: null,
    heldBack: null,
    behaviors: [],
    links: { ...attempt.links, user: null, userProfile: null, session: null },
    storm: told,
  };
}
