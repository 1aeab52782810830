import type { LogEvent } from "../okta/log-event.ts";
import { personKeys } from "../okta/person.ts";
import { type GeoJudgement, judgeLocation } from "../profiles/judge-location.ts";
import { UNKNOWN } from "../sigma/field.ts";
import { delayReasons } from "./delay-reason.ts";
import { type Candidate, enrich } from "./match.ts";
import { delays, waitingWork } from "./park.ts";
import type { Findings, ProfileLocations } from "./ports.ts";
import type { Result } from "./result.ts";
import type { Decision, MatchedEvent, Run } from "./stages.ts";
import type { Match } from "./work.ts";

/** A candidate that a rule matches. */
export interface Judged {
  readonly kind: "judged";
  readonly decision: Decision;
}

/** Judges a candidate by its user's locations: it matches, does not match, or waits for the profile store. */
export function judgeCandidate(
  { candidate, work }: MatchedEvent,
  findings: Findings | null,
  { ports }: Run,
): Judged | Extract<Result, { readonly kind: "unmatched" | "parked" }> {
  const decision = decide(candidate, findings?.locations ?? null, ports.mismatchDistanceKm, work.matched);
  const { detections, undecided } = decision;
  if (detections.length > 0) return { kind: "judged", decision };
  if (undecided.length === 0) return { kind: "unmatched" };
  const rest = { rules: undecided };
  return {
    kind: "parked",
    left: waitingWork(work, delayReasons.storeDown, delays.failed, ports.now(), rest),
  };
}

/**
 * Decides which rules a candidate matches.
 *
 * @param locations null when the profile store did not answer: rules that need the location stay undecided
 * @param thresholdKm a mismatch is farther than this from every profile location, in kilometers
 * @param kept the rules that matched before the event was cut: they still match. @default none
 */
export function decide(
  { event, rules }: Candidate,
  locations: ProfileLocations | null,
  thresholdKm: number,
  kept: readonly Match[] = [],
): Decision {
  const judgement = judge(event, locations, thresholdKm);
  const geo = locations === null ? UNKNOWN : toEnrichment(judgement);
  const enrichment = enrich(event, geo);
  const matches = new Map(kept.map(({ ruleId, matched }) => [ruleId, matched]));
  const truths = rules.map((compiled) => ({
    compiled,
    truth: matches.has(compiled.rule.id) || compiled.evaluate(event.received, enrichment),
  }));
  return {
    judgement,
    enrichment,
    detections: truths
      .filter(({ truth }) => truth === true)
      .map(({ compiled: { rule, explain } }) => ({
        rule,
        matched: matches.get(rule.id) ?? explain(event.received, enrichment),
      })),
    undecided: truths.filter(({ truth }) => truth === "unknown").map(({ compiled }) => compiled.rule.id),
  };
}

function judge(event: LogEvent, locations: ProfileLocations | null, thresholdKm: number): GeoJudgement {
  if (locations === null) {
    return {
      verdict: "unknown",
      reason: "The profile store could not be asked where this user is expected.",
      distanceKm: null,
      nearestProfileLocation: null,
    };
  }
  const known = personKeys(event).flatMap((key) => locations.get(key) ?? []);
  return judgeLocation(event.fields.client?.geographicalContext ?? null, known, thresholdKm);
}

/** The fields of `enrichment.geo`: `mismatch` and `distanceKm` (to the nearest location) are null where unknown. */
function toEnrichment({ verdict, distanceKm }: GeoJudgement): Readonly<Record<string, unknown>> {
  return { verdict, mismatch: verdict === "unknown" ? null : verdict === "mismatch", distanceKm };
}
