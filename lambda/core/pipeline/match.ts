import { anonymousNetwork } from "../okta/anonymous-network.ts";
import { positiveBehaviors } from "../okta/behaviors.ts";
import type { LogEvent } from "../okta/log-event.ts";
import { networkKey } from "../okta/network-key.ts";
import { personOf } from "../okta/person.ts";
import { risk } from "../okta/risk.ts";
import type { CompiledRule } from "../sigma/compile.ts";
import { type Enrichment, UNKNOWN } from "../sigma/field.ts";
import type { RuleSet } from "../sigma/rule-set.ts";

/** Anything of a rule. */
export interface OfRule {
  readonly rule: { readonly id: string };
}

/** The ids of the rules. */
export function idsOf(rules: readonly OfRule[]): string[] {
  return rules.map(({ rule }) => rule.id);
}

/** An event that rules match, or may match once its user's location is known. */
export interface Candidate {
  readonly event: LogEvent;
  readonly rules: readonly CompiledRule[];
  /** Those of the rules that match wherever the user is. */
  readonly certain: readonly CompiledRule[];
}

/** Null when no rule can match the event, whatever is found out about it. Costs no I/O. */
export function findCandidate(event: LogEvent, rules: RuleSet): Candidate | null {
  const outcomes = rules.match(event.received, enrich(event, UNKNOWN));
  if (outcomes.length === 0) return null;
  const certain = outcomes.flatMap(({ compiled, truth }) => (truth === true ? [compiled] : []));
  return { event, rules: outcomes.map(({ compiled }) => compiled), certain };
}

/** The events that rules match, or may match. */
export function findCandidates(events: readonly LogEvent[], rules: RuleSet): readonly Candidate[] {
  return events.flatMap((event) => findCandidate(event, rules) ?? []);
}

/**
 * What is added to an event for rules to ask for. All but the location is read off the event itself, only when a rule asks.
 *
 * @param geo UNKNOWN as long as the profile store was not asked
 */
export function enrich(event: LogEvent, geo: unknown): Enrichment {
  const behaviors = once(() => ({ positive: positiveBehaviors(event) }));
  const network = once(() => {
    const { verdict, kinds, operators } = anonymousNetwork(event);
    return { anonymous: verdict, kinds, operators, key: networkKey(event) };
  });
  const riskOfEvent = once(() => risk(event));
  const person = once(() => {
    const { id = null, login = null } = personOf(event) ?? {};
    return { id, login };
  });
  return {
    enrichment: {
      geo,
      get behaviors() {
        return behaviors();
      },
      get network() {
        return network();
      },
      get risk() {
        return riskOfEvent();
      },
      get person() {
        return person();
      },
    },
  };
}

/** What `read` finds, found when it is first asked for: many rules ask for the same. */
function once<Value>(read: () => Value): () => Value {
  let found: { readonly value: Value } | undefined;
  return () => {
    found ??= { value: read() };
    return found.value;
  };
}
