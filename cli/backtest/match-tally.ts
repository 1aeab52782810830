import type { LogEvent } from "../../lambda/core/okta/log-event.ts";
import { personOf } from "../../lambda/core/okta/person.ts";
import { masked } from "../../lambda/core/okta/stranger.ts";
import type { Candidate } from "../../lambda/core/pipeline/match.ts";
import type { Decision } from "../../lambda/core/pipeline/stages.ts";
import type { GeoJudgement } from "../../lambda/core/profiles/judge-location.ts";
import type { Rule } from "../../lambda/core/sigma/rule.ts";

/** What one rule matched. */
export interface RuleCounts {
  matches: number;
  /** Events that it could not be judged on, as it asks for profile locations and none are given. */
  notJudged: number;
  /** Events that it would match without its filters. */
  filtered: number;
  /** Matches by user. */
  readonly users: Map<string, number>;
}

/** What was read and matched so far. */
export interface MatchTally {
  read: number;
  /** Times that an event was read again, by its uuid: it counts nowhere else then. */
  repeated: number;
  /** Events that were read, and lie outside the times that are asked for. */
  skipped: number;
  /** Events that were read, and left out as they have no time, where times are asked for. */
  untimed: number;
  matches: number;
  readonly byRule: ReadonlyMap<Rule, RuleCounts>;
  /** Events on which a rule asked for the user's profile locations, by what came of it. */
  readonly verdicts: Record<GeoJudgement["verdict"], number>;
  /** Of those that are unknown, how many by which reason. */
  readonly unknownReasons: Map<string, number>;
}

/** A tally of nothing. */
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
 * Counts what was decided about an event that rules match, or may match.
 *
 * @param isLogin whether a login is one of the org: that of a user whom Okta does not know is masked else
 */
export function countDecision(
  tally: MatchTally,
  { event, rules, certain }: Candidate,
  decision: Decision,
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
  if (undecided.length > 0 || rules.length === certain.length) return;
  tally.verdicts[judgement.verdict] += 1;
  if (judgement.verdict !== "unknown") return;
  tally.unknownReasons.set(judgement.reason, (tally.unknownReasons.get(judgement.reason) ?? 0) + 1);
}

/**
 * Counts what filters took away of an event.
 *
 * @param unfiltered what is decided of the rules that have filters, without these
 * @param decision what is decided with them; null where no rule can match
 */
export function countFiltered(tally: MatchTally, unfiltered: Decision, decision: Decision | null): void {
  const matching = new Set(decision?.detections.map(({ rule }) => rule.id));
  const taken = new Set(unfiltered.detections.map(({ rule }) => rule.id).filter((id) => !matching.has(id)));
  if (taken.size === 0) return;
  for (const [rule, counts] of tally.byRule) if (taken.has(rule.id)) counts.filtered += 1;
}

/** The person that an event is about. What a stranger typed as a login may be a password: it is masked as in alerts. */
function userOf(event: LogEvent, isLogin: (login: string) => boolean): string {
  const person = personOf(event);
  const name = person?.login ?? person?.id ?? null;
  if (person === null || name === null) return "(unknown)";
  return person.isKnown || isLogin(name) ? name : masked;
}

/** Whether a rule asks for what profile locations decide. */
export function asksForLocation({ selections }: Rule): boolean {
  const items = Object.values(selections).flat(2);
  return items.some(({ field }) => /^enrichment\.geo(\.|$)/i.test(field ?? ""));
}
