import { type GeoJudgement, judgeLocation } from "./geo/mismatch.ts";
import { type Candidate, enrich } from "./matching.ts";
import type { LogEvent } from "./okta/log-event.ts";
import { personKeys } from "./okta/person.ts";
import type { ProfileLocation } from "./profiles/profile-location.ts";
import type { Match } from "./retries/work.ts";
import type { MatchedSelection } from "./sigma/compile.ts";
import { type Enrichment, UNKNOWN } from "./sigma/field.ts";
import type { Rule } from "./sigma/rule.ts";

/** Profile locations by Okta user id and lower-case login. */
export type ProfileLocations = ReadonlyMap<string, readonly ProfileLocation[]>;

/** What is decided about a candidate. */
export interface Decision {
  readonly judgement: GeoJudgement;
  /** What was added to the event for rules to ask for. */
  readonly enrichment: Enrichment;
  /** The rules that match, and by what. */
  readonly detections: readonly { readonly rule: Rule; readonly matched: readonly MatchedSelection[] }[];
  /** Ids of the rules that cannot be decided, as the profile store could not be asked. */
  readonly undecided: readonly string[];
}

/**
 * Decides which rules a candidate matches.
 *
 * @param locations null when the profile store could not be asked: rules that ask for the location stay undecided
 * @param thresholdKm a mismatch is farther than this from every profile location, in kilometers
 * @param kept the rules that matched when the event was whole: they match. @default none
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

/** What rules find at `enrichment.geo`: `mismatch` and `distanceKm` (to the nearest location) are null where unknown. */
function toEnrichment({ verdict, distanceKm }: GeoJudgement): Readonly<Record<string, unknown>> {
  return { verdict, mismatch: verdict === "unknown" ? null : verdict === "mismatch", distanceKm };
}
