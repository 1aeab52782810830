import { v5 as uuidV5 } from "uuid";
import { incidentOf } from "../incidents/incident-id.ts";
import { mapStrings } from "../okta/json-strings.ts";
import { type LogEvent, publishedTime, sessionStart } from "../okta/log-event.ts";
import { findMask, maskEvent } from "../okta/stranger.ts";
import { adjustSeverity } from "../severity/adjustment.ts";
import { bySeverity } from "../sigma/rule.ts";
import type { Alert, AlertDetection } from "./alert-schema.ts";
import type { AlertSource, DetectionSource } from "./alert-source.ts";
import { describeCorrelation } from "./correlation.ts";
import { alertFacts, brief } from "./facts.ts";
import { describeIncident } from "./incident.ts";
import { inertFacts } from "./inert.ts";
import { briefMatches } from "./matched.ts";
import { isAddress, severestLevel } from "./severity.ts";
import { summarizeAround } from "./storm-words.ts";
import { countActs, countLasting, storyOf } from "./story.ts";
import { describeAction, summarize, summarizeSuppressed } from "./summary.ts";
import { stepsOfReport, triageSteps } from "./triage.ts";

/** The namespace of our alert ids: a random UUID, fixed for ever. */
const alertNamespace = "6f6b5a54-1c0e-4d4b-9a56-5f7f0d5d9c3e";

/** Writes the alert about one event. It masks a stranger's texts before it reads the event. */
export function createAlert(source: AlertSource): Alert {
  const { isLogin = isAddress } = source;
  const mask = findMask(source.event, isLogin);
  if (mask === null) return writeAlert(source);
  const detections = source.detections.map(({ rule, matched, firing = null }) => ({
    rule,
    matched: mapStrings(matched, mask),
    firing: firing && { ...firing, group: firing.group.map(mask) },
  }));
  return writeAlert({ ...source, event: maskEvent(source.event, mask), detections });
}

function writeAlert(source: AlertSource): Alert {
  const { event, delivery, detectedAt, followUp = false, reportsSuppressed = false, storm = null } = source;
  const detections = source.detections
    .map((each) => describeDetection(each, source))
    .sort((first, second) => bySeverity(first.level, second.level) || (first.id < second.id ? -1 : 1));
  const severest = severestLevel(source);
  const delay = source.delay ?? missedDelay(event, delivery);
  const facts = alertFacts(source);
  const { adjustments = [], enrichment = {} } = source.severity ?? {};
  const severityAdjustments = adjustSeverity(severest, adjustments, event.received, enrichment);
  const severity = severityAdjustments.at(-1)?.to ?? severest;
  const alertId = alertIdOf(event, detections, reportsSuppressed);
  const incident = source.incident ?? {
    id: incidentOf({ event, loginDomains: [] }),
    known: undefined,
    verdict: null,
  };
  const described = describeIncident(incident, alertId, detectedAt);
  const sentences =
    source.withWords === false
      ? { summary: "", triage: [] }
      : writeSentences(
          source,
          { ...facts, action: describeAction(event, facts), detections, incident: described },
          severity,
        );
  return {
    schemaVersion: "1.1",
    alertId,
    detectedAt: detectedAt.toISOString(),
    followUp,
    source: delivery.source ?? "hook",
    delayedSeconds: secondsSince(delay?.since ?? detectedAt, detectedAt),
    delayReason: brief(delay?.reason),
    severity: reportsSuppressed ? "informational" : severity,
    severityAdjustments,
    detections,
    incident: described,
    summary: sentences.summary,
    ...facts,
    triage: sentences.triage,
    storm,
    event: event.received,
    eventCut: source.eventCut ? [...source.eventCut] : null,
  };
}

type Facts = ReturnType<typeof alertFacts> &
  Pick<Alert, "detections" | "incident"> & { readonly action: ReturnType<typeof describeAction> };

/** Sentences are written from inert texts; fields for programs keep the original texts. */
function writeSentences(
  source: AlertSource,
  facts: Facts,
  severity: Alert["severity"],
): Pick<Alert, "summary" | "triage"> {
  const { reportsSuppressed = false, storm = null } = source;
  const words = inertFacts(facts);
  const story = storyOf(words);
  return {
    summary: [
      reportsSuppressed ? summarizeSuppressed(words) : summarize(words, words.action, story),
      ...(storm === null ? [] : [summarizeAround(storm)]),
    ].join(" "),
    triage: reportsSuppressed
      ? stepsOfReport(words)
      : triageSteps(words, words.action, {
          isInStorm: storm !== null,
          wasAttacked: words.incident.verdict?.verdict === "true-positive",
          hasActs: words.incident.before.some(({ eventType }) => eventType !== sessionStart),
          ofRule: stepsOfRules(source),
          acts: story === null || bySeverity(severity, "high") > 0 ? 0 : countActs(story),
          lasting: story === null ? 0 : countLasting(story),
        }),
  };
}

/** The most triage steps of rules in an alert; it has some of its own. */
const mostStepsOfRules = 3;

/** The triage steps of the severest rules that have any: what several rules of one level say stands side by side. */
function stepsOfRules({ detections }: Pick<AlertSource, "detections">): readonly string[] {
  const rules = detections.map(({ rule }) => rule).filter(({ triage }) => triage.length > 0);
  const [severest] = rules.toSorted((a, b) => bySeverity(a.level, b.level));
  const steps = rules.filter(({ level }) => level === severest?.level).flatMap(({ triage }) => triage);
  return [...new Set(steps)].slice(0, mostStepsOfRules);
}

/** The id depends on the event and its detections alone, so that retries keep it. */
function alertIdOf(event: LogEvent, detections: readonly AlertDetection[], isReport: boolean): string {
  const parts = [event.uuid.toWellFormed(), ...detections.map(({ id }) => id).sort(), ...(isReport ? ["report"] : [])];
  return uuidV5(parts.join("\n"), alertNamespace);
}

/** The delay of an event that no hook delivered starts when Okta published it. */
function missedDelay(
  { published }: LogEvent,
  { source }: AlertSource["delivery"],
): NonNullable<AlertSource["delay"]> | null {
  const time = publishedTime(published);
  if (source !== "reconciled" || Number.isNaN(time)) return null;
  return { reason: "the event hook did not deliver it; it was found in Okta's System Log", since: new Date(time) };
}

/** Whole seconds between two times, never below zero. */
function secondsSince(since: Date, now: Date): number {
  return Math.max(0, Math.round((now.getTime() - since.getTime()) / 1_000));
}

function describeDetection({ rule, matched, firing = null }: DetectionSource, source: AlertSource): AlertDetection {
  const { id, title, level, description, tags, references, falsePositives } = rule;
  return {
    id,
    title,
    level,
    description,
    tags,
    references,
    falsePositives,
    matched: briefMatches(matched),
    correlation: firing && describeCorrelation(firing, source),
  };
}
