import { correlate, type GroupMatch, matchesOf, planCorrelations } from "../../lambda/core/correlation/correlate.ts";
import type { GroupState } from "../../lambda/core/correlation/group-state.ts";
import { type LogEvent, publishedTime } from "../../lambda/core/okta/log-event.ts";
import { compileRule } from "../../lambda/core/sigma/compile.ts";
import type { Correlation } from "../../lambda/core/sigma/correlation.ts";
import { isScalar, parsePath, readField } from "../../lambda/core/sigma/field.ts";
import { compileRegex } from "../../lambda/core/sigma/regex.ts";
import type { Rule } from "../../lambda/core/sigma/rule.ts";
import type { CorrelationWithCases } from "./all-cases.ts";
import type { StreamCase } from "./cases-file.ts";
import { enrichmentOf } from "./run-cases.ts";

/** What an event of a stream does to a correlation. */
export interface StreamStep {
  readonly event: LogEvent;
  /** The rules that match the event. */
  readonly matching: readonly Rule[];
  /** The rules whose outcome depends on enrichment that the case does not give. */
  readonly undecided: readonly Rule[];
  /** The groups that the event takes part in, those of inner correlations included. */
  readonly groups: readonly GroupMatch[];
  /** The correlations in which the event takes no part, for want of a field. */
  readonly without: readonly Correlation[];
  /** Whether the correlation fires with this event. */
  readonly fires: boolean;
}

/** The result of a stream. */
export interface StreamResult {
  readonly rule: Correlation;
  readonly case: StreamCase;
  /** One for each event. */
  readonly steps: readonly StreamStep[];
  /** Where it has to fire: it fires with the last event, and with none before. */
  readonly passed: boolean;
}

/** Runs the streams of correlations, by the evaluation that backtests and the functions run. */
export function runStreams(correlations: readonly CorrelationWithCases[]): readonly StreamResult[] {
  return correlations.flatMap((each) => each.cases.map((stream) => runStream(each, stream)));
}

/** Runs one stream. */
export function runStream({ rule, inner, rules }: Omit<CorrelationWithCases, "cases">, of: StreamCase): StreamResult {
  const plan = planCorrelations([...inner, rule]);
  const compiled = rules.map((each) => compileRule(each, { compileRegex }));
  const states = new Map<string, GroupState>();
  const steps = of.events.map((each): StreamStep => {
    const enrichment = enrichmentOf(each);
    const outcomes = compiled.map(({ rule: of, evaluate }) => ({
      rule: of,
      truth: evaluate(each.event.received, enrichment),
    }));
    const matching = outcomes.filter(({ truth }) => truth === true).map((outcome) => outcome.rule);
    const correlated = {
      uuid: each.event.uuid,
      at: publishedTime(each.event.published),
      rules: matching.map(({ id }) => id),
      valuesOf: (field: string) =>
        readField(each.event.received, parsePath(field), enrichment).values.filter(isScalar).map(String),
    };
    const { firings, without } = correlate(plan, correlated, states);
    return {
      event: each.event,
      matching,
      undecided: outcomes.filter(({ truth }) => truth === "unknown").map((outcome) => outcome.rule),
      groups: matchesOf(plan, correlated).matches,
      without,
      fires: firings.some(({ correlation }) => correlation === rule),
    };
  });
  const firing = steps.flatMap(({ fires }, index) => (fires ? [index] : []));
  const isDecided = steps.every(({ undecided }) => undecided.length === 0);
  const isAsWanted = of.fires ? firing.length === 1 && firing[0] === steps.length - 1 : firing.length === 0;
  return { rule, case: of, steps, passed: isDecided && isAsWanted };
}
