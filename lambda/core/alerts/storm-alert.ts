import { v5 as uuidV5 } from "uuid";
import type { Incident } from "../incidents/incident.ts";
import { incidentOf } from "../incidents/incident-id.ts";
import { bySeverity, type Level } from "../sigma/rule.ts";
import type { Gathering } from "../storms/gathering.ts";
import type { DueReport, Storm } from "../storms/storm.ts";
import { createAlert } from "./alert.ts";
import type { Alert } from "./alert-schema.ts";
import type { AlertSource } from "./alert-source.ts";
import { describeIncident } from "./incident.ts";
import { inertFacts } from "./inert.ts";
import { severestLevel } from "./severity.ts";
import { toAlertGathering, toAlertStorm } from "./storm.ts";
import { stepsOfGathering, stepsOfStorm, summarizeGathering, summarizeStorm } from "./storm-words.ts";
import { describeNetwork, describeProxy } from "./wording.ts";

/** Why an alert about a storm has no verdict about a location. */
const notJudged = "An alert about many persons judges no location.";

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
 * highest level among that attempt's detections; that of the end of a storm in which no session started is informational.
 */
export function createStormAlert(
  source: Omit<AlertSource, "judgement" | "incident">,
  { id, storm, report: { kind, step }, incident: known }: ReportedStorm,
): Alert {
  const judgement = { verdict: "unknown", reason: notJudged, distanceKm: null, nearestProfileLocation: null } as const;
  const alertId = uuidV5(step, id);
  const incident = { id: incidentOf({ storm: id }), known, verdict: null };
  // Its sentences are about the storm.
  const attempt = createAlert({ ...source, judgement, withWords: false });
  const alertStorm = toAlertStorm(id, storm, kind, source.event);
  const words = inertFacts({ network: attempt.network, storm: alertStorm });
  return {
    ...withoutPerson(attempt),
    alertId,
    incident: describeIncident(incident, alertId, source.detectedAt),
    ageSeconds: Math.round((source.detectedAt.getTime() - storm.last) / 1_000),
    followUp: kind !== "start",
    severity: severityOfStorm(source, storm, kind),
    summary: summarizeStorm(words.storm, describeProxy(words) ?? describeNetwork(words)),
    triage: stepsOfStorm(words, words.storm),
    storm: alertStorm,
  };
}

/** The severity of the alert about a storm. */
export function severityOfStorm(
  source: Pick<AlertSource, "event" | "detections">,
  { succeeded }: Pick<Storm, "succeeded">,
  kind: DueReport["kind"],
): Level {
  const severest = severestLevel(source);
  return kind === "end" && succeeded.size === 0 ? "informational" : severest;
}

/** The severity of the alert about gathered sign-ins. */
export function severityOfGathering(
  source: Pick<AlertSource, "event" | "detections">,
  { persons }: Pick<Gathering, "persons">,
): Level {
  const [severity = severestLevel(source)] = persons.map((person) => person.severity).sort(bySeverity);
  return severity;
}

/** Sign-ins that were gathered. */
export interface ReportedGathering {
  /** See `gatheringIdOf`. */
  readonly id: string;
  /** Tells it from the other gatherings of the same id. */
  readonly step: string;
  /** When it started, in milliseconds since 1970. */
  readonly start: number;
  readonly gathered: Gathering;
  /** What was reported before; null for nothing, undefined where that is not known. */
  readonly incident: Incident | null | undefined;
}

/**
 * Writes the alert about sign-ins of many persons from one source. It names no person beside others: the event that it holds is one of
 * the sign-ins. Its severity is the highest that an alert about one of them would have.
 */
export function createGatheredAlert(
  source: Omit<AlertSource, "judgement" | "incident">,
  { id, step, start, gathered, incident: known }: ReportedGathering,
): Alert {
  const judgement = { verdict: "unknown", reason: notJudged, distanceKm: null, nearestProfileLocation: null } as const;
  const alertId = uuidV5(step, id);
  const incident = { id: incidentOf({ storm: id }), known, verdict: null };
  const signIn = createAlert({ ...source, judgement, withWords: false });
  const alertStorm = toAlertGathering(id, start, gathered, source.event);
  const words = inertFacts({ network: signIn.network, storm: alertStorm });
  return {
    ...withoutPerson(signIn),
    alertId,
    incident: describeIncident(incident, alertId, source.detectedAt),
    severity: severityOfGathering(source, gathered),
    summary: summarizeGathering(words.storm, describeProxy(words) ?? describeNetwork(words)),
    triage: stepsOfGathering(words, words.storm),
    storm: alertStorm,
  };
}

const noUser = { id: null, login: null, displayName: null };

/** An alert without what is of one person: the event that it holds is one of many. */
function withoutPerson(alert: Alert): Alert {
  return {
    ...alert,
    user: noUser,
    actor: { ...noUser, type: null },
    targets: [],
    device: { id: null, name: null, platform: null, registered: null, managed: null },
    client: { browser: null, os: null, device: null, userAgent: null, zone: null },
    history: null,
    heldBack: null,
    behaviors: [],
    links: { ...alert.links, user: null, userProfile: null, targetProfile: null, session: null },
  };
}
