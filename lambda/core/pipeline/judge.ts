import { anonymousNetwork } from "../okta/anonymous-network.ts";
import type { LogEvent } from "../okta/log-event.ts";
import { personKeys } from "../okta/person.ts";
import { type GeoJudgement, judgeLocation, unknown } from "../profiles/judge-location.ts";
import type { MatchedSelection } from "../sigma/compile.ts";
import { UNKNOWN } from "../sigma/field.ts";
import type { Rule } from "../sigma/rule.ts";
import { type Compared, type Comparisons, comparedOf } from "./compared.ts";
import { findCorrelation, firstOfEach, isWanted } from "./correlations.ts";
import { delayReasons } from "./delay-reason.ts";
import { restoreFiring } from "./kept-firing.ts";
import { type Candidate, enrich } from "./match.ts";
import { delays, waitingWork } from "./park.ts";
import type { Findings, ProfileLocations } from "./ports.ts";
import type { Result } from "./result.ts";
import type { CorrelatedEvents, Decision, MatchedWork, Run } from "./stages.ts";
import type { Match } from "./work.ts";

/** What the stores say of the events of a delivery. */
export interface Known {
  /** Null when the stores did not answer. */
  readonly findings: Findings | null;
  readonly correlated: CorrelatedEvents;
  readonly comparisons: Comparisons;
}

/** A candidate that a rule matches, or that a correlation fires for. */
export interface Judged {
  readonly kind: "judged";
  readonly decision: Decision;
}

/**
 * Judges a candidate by its user's locations and its correlations: it matches, does not match, is no more than a part of
 * correlations, or waits for a store.
 *
 * @param known what the stores say of the event
 * @param reported ids of correlations that an earlier alert about the event names
 */
export function judgeCandidate(
  { candidate, work }: MatchedWork,
  { findings, correlated, comparisons }: Known,
  reported: ReadonlySet<string>,
  { ports }: Run,
): Judged | Extract<Result, { readonly kind: "unmatched" | "observed" | "parked" }> {
  const compared = comparedOf(comparisons, candidate);
  const decision = decide(candidate, findings?.locations ?? null, ports.mismatchDistanceKm, work.matched, compared);
  const ofEvent = correlated.get(candidate.event.uuid);
  const wanted = (id: string) => isWanted(id, work, ports);
  const matching = decision.detections.filter(({ rule }) => wanted(rule.id));
  const detections = [...matching, ...firingsOf(work, correlated, ports).filter(({ rule }) => !reported.has(rule.id))];
  const ofRules = decision.undecided.filter(wanted);
  const undecided = [...ofRules, ...(ofEvent?.undecided.filter(wanted) ?? [])];
  const { storeDown } = delayReasons;
  const undecidedReason = ofRules.length > 0 ? storeDown : (ofEvent?.reason ?? storeDown);
  if (detections.length > 0) {
    return { kind: "judged", decision: { ...decision, detections, undecided, undecidedReason } };
  }
  if (undecided.length > 0) {
    const left = waitingWork(work, undecidedReason, delays.failed, ports.now(), { rules: undecided });
    return { kind: "parked", left };
  }
  return { kind: decision.detections.length > 0 ? "observed" : "unmatched" };
}

/** The firings that the work is for: those that it kept stay, also where the group has forgotten them. */
function firingsOf(
  work: MatchedWork["work"],
  correlated: CorrelatedEvents,
  ports: Run["ports"],
): Decision["detections"] {
  const kept = (work.matched ?? []).flatMap(({ ruleId, firing }) => {
    const correlation = firing && findCorrelation(ruleId, ports);
    return firing && correlation ? [restoreFiring(correlation, firing)] : [];
  });
  const known = new Set(kept.map(({ correlation }) => correlation.id));
  const found = (correlated.get(work.event.uuid)?.firings ?? []).filter(
    ({ correlation: { id } }) => !known.has(id) && isWanted(id, work, ports),
  );
  return [...kept, ...firstOfEach(found)].map((firing) => ({ rule: firing.correlation, matched: [], firing }));
}

/** The decision about the rules of a candidate. */
export interface RuleDecision extends Pick<Decision, "judgement" | "enrichment" | "travel" | "sessionChanged"> {
  /** The rules that match, with the values that matched. */
  readonly detections: readonly { readonly rule: Rule; readonly matched: readonly MatchedSelection[] }[];
  /** Ids of the rules that cannot be decided, as a store did not answer. */
  readonly undecided: readonly string[];
}

/**
 * Decides which rules a candidate matches.
 *
 * @param locations null when the profile store did not answer: rules that need the location stay undecided
 * @param thresholdKm a mismatch is farther than this from every profile location, in kilometers
 * @param kept the rules that matched before the event was cut: they still match. @default none
 * @param compared rules that need a part of it which is UNKNOWN stay undecided. @default UNKNOWN
 */
export function decide(
  { event, rules }: Candidate,
  locations: ProfileLocations | null,
  thresholdKm: number,
  kept: readonly Match[] = [],
  compared: Partial<Compared> = {},
): RuleDecision {
  const { judgement, enrichment } = locate(event, locations, thresholdKm, compared);
  const matches = new Map(kept.map(({ ruleId, matched }) => [ruleId, matched]));
  const truths = rules.map((compiled) => ({
    compiled,
    truth: matches.has(compiled.rule.id) || compiled.evaluate(event.received, enrichment),
  }));
  return {
    judgement,
    enrichment,
    travel: compared.travel === UNKNOWN ? null : (compared.travel ?? null),
    sessionChanged: compared.changed === UNKNOWN ? null : (compared.changed ?? null),
    detections: truths
      .filter(({ truth }) => truth === true)
      .map(({ compiled: { rule, explain } }) => ({
        rule,
        matched: matches.get(rule.id) ?? explain(event.received, enrichment),
      })),
    undecided: truths.filter(({ truth }) => truth === "unknown").map(({ compiled }) => compiled.rule.id),
  };
}

/**
 * Judges where an event came from, by its user's locations.
 *
 * @param locations those of the event's user, among others; null when the profile store did not answer
 * @param thresholdKm a mismatch is farther than this from every profile location, in kilometers
 * @param compared what the event is compared with. @default UNKNOWN
 */
export function locate(
  event: LogEvent,
  locations: ProfileLocations | null,
  thresholdKm: number,
  compared: Partial<Compared> = {},
): Pick<Decision, "judgement" | "enrichment"> {
  const judgement = judge(event, locations, thresholdKm);
  return { judgement, enrichment: enrich(event, locations === null ? UNKNOWN : toEnrichment(judgement), compared) };
}

function judge(event: LogEvent, locations: ProfileLocations | null, thresholdKm: number): GeoJudgement {
  if (locations === null) return unknown("The profile store could not be asked where this user is expected.");
  const known = personKeys(event).flatMap((key) => locations.get(key) ?? []);
  const noun = anonymousNetwork(event).verdict === true ? "exit" : "address";
  return judgeLocation(event.fields.client?.geographicalContext ?? null, known, thresholdKm, noun);
}

/** The fields of `enrichment.geo`: `mismatch` and `distanceKm` (to the nearest location) are null where unknown. */
function toEnrichment({ verdict, distanceKm }: GeoJudgement): Readonly<Record<string, unknown>> {
  return { verdict, mismatch: verdict === "unknown" ? null : verdict === "mismatch", distanceKm };
}
