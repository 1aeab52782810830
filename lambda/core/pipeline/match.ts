import { anonymousNetwork } from "../okta/anonymous-network.ts";
import { positiveBehaviors } from "../okta/behaviors.ts";
import type { LogEvent } from "../okta/log-event.ts";
import { networkKey } from "../okta/network-key.ts";
import { personOf } from "../okta/person.ts";
import { risk } from "../okta/risk.ts";
import { sessionId } from "../okta/session-id.ts";
import type { CompiledRule } from "../sigma/compile.ts";
import { type Enrichment, onDemand, UNKNOWN } from "../sigma/field.ts";
import type { RuleSet } from "../sigma/rule-set.ts";
import { toTravelFields } from "../travel/travel.ts";
import type { Compared } from "./compared.ts";

/** A value that belongs to a rule. */
export interface OfRule {
  readonly rule: { readonly id: string };
}

/** The ids of the rules. */
export function idsOf(rules: readonly OfRule[]): string[] {
  return rules.map(({ rule }) => rule.id);
}

/** An event that rules match, or may match once its user's location, travel or session is known. */
export interface Candidate {
  readonly event: LogEvent;
  readonly rules: readonly CompiledRule[];
  /** The rules that match without the user's location, travel and session. */
  readonly certain: readonly CompiledRule[];
}

/** Null when no rule can match the event, wherever its user is. It does no I/O. */
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
 * The fields that the pipeline adds to an event. All but the location and the comparisons come from the event itself, on first access.
 *
 * @param geo UNKNOWN before the look-up
 * @param compared UNKNOWN before the other events of the person and the session are known, and where no rule asks for them. @default UNKNOWN
 */
export function enrich(
  event: LogEvent,
  geo: unknown,
  { travel = UNKNOWN, changed = UNKNOWN }: Partial<Compared> = {},
): Enrichment {
  const isAlone = geo === UNKNOWN && travel === UNKNOWN && changed === UNKNOWN;
  // An event is matched, correlated and kept by what it says itself.
  return isAlone ? event.once("enrichment", enrichAlone) : enrichBy(event, geo, { travel, changed });
}

const enrichAlone = (event: LogEvent) => enrichBy(event, UNKNOWN, { travel: UNKNOWN, changed: UNKNOWN });

function enrichBy(event: LogEvent, geo: unknown, { travel, changed }: Compared): Enrichment {
  return {
    enrichment: {
      geo,
      travel: travel === UNKNOWN ? UNKNOWN : toTravelFields(travel),
      behaviors: onDemand(event, behaviorFields),
      network: onDemand(event, networkFields),
      risk: onDemand(event, risk),
      person: onDemand(event, personFields),
      session: onDemand(event, (from) => ({ id: sessionId(from), changed })),
      application: onDemand(event, applicationFields),
    },
  };
}

const behaviorFields = (event: LogEvent): object => ({ positive: positiveBehaviors(event) });

const applicationFields = (event: LogEvent): object => ({ id: applicationIds(event) });

function networkFields(event: LogEvent): object {
  const { verdict, kinds, operators } = anonymousNetwork(event);
  return { anonymous: verdict, kinds, operators, key: onDemand(event, networkKey) };
}

function personFields(event: LogEvent): object {
  const { id = null, login = null } = personOf(event) ?? {};
  return { id, login };
}

/**
 * The fields that adjustments of severity read: those of rules, and what is known once the rules are judged.
 *
 * @param known whether the session started in a storm, and whether the event completes a correlation
 */
export function forSeverity(
  { enrichment }: Enrichment,
  { isInStorm, hasFired }: { readonly isInStorm: boolean; readonly hasFired: boolean },
): Enrichment {
  const known = { storm: { active: isInStorm }, correlation: { fired: hasFired } };
  return { enrichment: { ...(enrichment as object), ...known } };
}

/** The ids of the apps that an event is about: its targets of type `AppInstance`. */
function applicationIds({ fields: { target } }: LogEvent): readonly string[] {
  return target.flatMap((each) => (each?.type?.toLowerCase() === "appinstance" && each.id !== null ? [each.id] : []));
}
