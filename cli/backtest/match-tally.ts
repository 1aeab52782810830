import { asksForLocation } from "../../lambda/core/detections/enriched-fields.ts";
import type { LogEvent } from "../../lambda/core/okta/log-event.ts";
import { personOf } from "../../lambda/core/okta/person.ts";
import { masked } from "../../lambda/core/okta/stranger.ts";
import type { RuleDecision } from "../../lambda/core/pipeline/judge.ts";
import type { Candidate } from "../../lambda/core/pipeline/match.ts";
import type { GeoJudgement } from "../../lambda/core/profiles/judge-location.ts";
import type { Rule } from "../../lambda/core/sigma/rule.ts";

/** The matches of one rule. */
export interface RuleCounts {
  matches: number;
  /** Events on which the rule could not be judged, as it needs profile locations and none are given. */
  notJudged: number;
  /** Events that it would match without its filters. */
  filtered: number;
  /** Matches by user. */
  readonly users: Map<string, number>;
}

/** The events read and matched so far. */
export interface MatchTally {
  read: number;
  /** The number of repeated reads of an event, by its uuid; no other count includes them. */
  repeated: number;
  /** Events outside the given times. */
  skipped: number;
  /** Events without a time, which are left out where times are given. */
  untimed: number;
  matches: number;
  readonly byRule: ReadonlyMap<Rule, RuleCounts>;
  /** Events on which a rule needed the user's profile locations, by verdict. */
  readonly verdicts: Record<GeoJudgement["verdict"], number>;
  /** Unknown verdicts by reason. */
  readonly unknownReasons: Map<string, number>;
}

/** An empty tally. */
export function createMatchTally(rules: readonly Rule[]): MatchTally {
  return {
    read: 0,
    repeated: 0,
    skipped: 0,
    untimed: 0,
    matches: 0,
    byRule: new Map(rules.map((rule) => [rule, { matches: 0, notJudged: 0, filtered: 0, users: new Map() }] as const)),
    verdicts: { mismatch: 0, match: 0, unknown: 0 },
    unknownReasons: new Map(),
  };
}

/**
 * Counts the decision about an event that rules match, or may match.
 *
 * @param isLogin whether a login is one of the org: other logins of users whom Okta does not know are masked
 */
export function countDecision(
  tally: MatchTally,
  { event, rules, certain }: Candidate,
  decision: RuleDecision,
  isLogin: (login: string) => boolean,
): void {
  const { detections, undecided, judgement } = decision;
  tally.matches += detections.length;
  const user = userOf(event, isLogin);
  for (const { rule } of detections) {
    const counts = tally.byRule.get(rule);
    if (counts === undefined) continue;
    counts.matches += 1;
    counts.users.set(user, (counts.users.get(user) ?? 0) + 1);
  }
  for (const { rule } of rules) {
    const counts = tally.byRule.get(rule);
    if (counts !== undefined && undecided.includes(rule.id)) counts.notJudged += 1;
  }
  const isLocated = rules.some((each) => !certain.includes(each) && asksForLocation(each.rule));
  if (undecided.length > 0 || !isLocated) return;
  tally.verdicts[judgement.verdict] += 1;
  if (judgement.verdict !== "unknown") return;
  tally.unknownReasons.set(judgement.reason, (tally.unknownReasons.get(judgement.reason) ?? 0) + 1);
}

/**
 * Counts the matches of an event that filters removed.
 *
 * @param unfiltered the decision about the rules with filters, without the filters
 * @param decision the decision with the filters; null where no rule can match
 */
export function countFiltered(tally: MatchTally, unfiltered: RuleDecision, decision: RuleDecision | null): void {
  const matching = new Set(decision?.detections.map(({ rule }) => rule.id));
  const taken = new Set(unfiltered.detections.map(({ rule }) => rule.id).filter((id) => !matching.has(id)));
  if (taken.size === 0) return;
  for (const [rule, counts] of tally.byRule) if (taken.has(rule.id)) counts.filtered += 1;
}

/** The person that an event is about. A stranger's login may be a password: it is masked as in alerts. */
export function userOf(event: LogEvent, isLogin: (login: string) => boolean): string {
  const person = personOf(event);
  const name = person?.login ?? person?.id ?? null;
  if (person === null || name === null) return "(unknown)";
  return person.isKnown || isLogin(name) ? name : masked;
}
