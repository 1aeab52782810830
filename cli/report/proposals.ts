import type { Alert } from "../../lambda/core/alerts/alert-schema.ts";
import { advisedScope } from "../../lambda/core/exceptions/advised-scope.ts";
import type { ExceptionScope } from "../../lambda/core/exceptions/exception.ts";
import { whyTooBroad } from "../../lambda/core/exceptions/measure.ts";
import { doubtedScopes, isForEnough, type ScopedAlert } from "../../lambda/core/incidents/common-scope.ts";
import { createDoubtTest, type Doubt, hostileKinds, nameOf } from "../../lambda/core/incidents/doubt.ts";
import type { Incident } from "../../lambda/core/incidents/incident.ts";
import { sessionStart } from "../../lambda/core/okta/log-event.ts";
import { canonicalLogin } from "../../lambda/core/okta/person.ts";
import { masked } from "../../lambda/core/okta/stranger.ts";
import type { PersonInDoubt } from "../../pages/report/report.ts";
import { createBoundedMap } from "./bounded-map.ts";

/*
 * The exceptions that would cover most of the alerts. What no person has judged may be an attack: no exception is proposed that covers an
 * alert of the highest severity or of a high risk, one in a storm, or a true positive; nor one for a person of whom there is such an alert through
 * any network, or one through Tor; nor one through a network that a storm came through, for anyone, as the storm's first attempts come singly and
 * its report names no person; nor one for everyone that covers all alerts there are: it would tell nothing about the noise alone. Persons in doubt
 * do not speak for one for everyone, and are named where it covers alerts of theirs.
 */

/** The most exceptions that a report proposes. */
export const maximumProposals = 3;
/** Persons on a network that are distinguished. */
const maximumGroups = 20_000;
const maximumAttacks = 5_000;
/** Detections of the alerts of one person on a network that are distinguished. */
const maximumSets = 50;

/** An exception that covers alerts. */
export interface Proposal {
  readonly scope: ExceptionScope;
  /** The alerts that it covers, those that other proposals cover too included. */
  readonly covers: number;
  /** The persons of these alerts. */
  readonly persons: number;
  /** Those beyond the threshold of the distance. */
  readonly far: number;
  /** The persons of these alerts for whom no exception of their own is proposed, the one with the most alerts first. */
  readonly inDoubt: readonly PersonInDoubt[];
}

/** A person with alerts for whom no exception is proposed, as something speaks against it. */
export interface Refusal {
  readonly doubt: Doubt;
  /** The alerts that the exception would have covered. */
  readonly alerts: number;
}

/** What exceptions are proposed by, of an alert about one event. */
export interface ProposedAlert {
  readonly scoped: ScopedAlert;
  readonly detections: readonly string[];
  /** Whether it is about a session start. */
  readonly isSession: boolean;
  /** Whether it may be about an attack. */
  readonly isGrave: boolean;
  /** Whether its exit is beyond the threshold. */
  readonly isFar: boolean;
}

/** Alerts of one person through one network. */
interface Group {
  scoped: ScopedAlert | null;
  /** By the detections that they name. */
  readonly sets: Map<string, Alerts>;
}

interface Alerts {
  readonly detections: readonly string[];
  readonly isSession: boolean;
  count: number;
  far: number;
}

/** Alerts that an exception may cover, with the person that they are about. */
interface Coverable {
  readonly scopes: readonly ExceptionScope[];
  /** What speaks against an exception for the person; null for nothing. */
  readonly doubt: Doubt | null;
  readonly person: string;
  readonly alerts: Alerts;
}

/**
 * Counts alerts about single events by what exceptions are made of.
 *
 * @param isJudged whether incidents tell what waits for a verdict: in a replay, a person who came through a hostile network may be under attack
 */
export function createProposalTally({ isJudged = false }: { readonly isJudged?: boolean } = {}) {
  const groups = createBoundedMap<string, Group>(maximumGroups, () => ({ scoped: null, sets: new Map() }));
  const attacks = createBoundedMap<string, { scoped: ScopedAlert | null }>(maximumAttacks, () => ({ scoped: null }));
  let beyondAttacks = 0;
  /** The alerts that are distinguished, of one detection or of all. */
  const countAll = (rule: string | null): number =>
    [...groups.entries()]
      .flatMap(([, { sets }]) => [...sets.values()])
      .reduce((sum, each) => sum + (rule === null || each.detections.includes(rule) ? each.count : 0), 0);
  const keyOf = ({ user, alert: { operator, asNumber, kinds } }: ScopedAlert) =>
    JSON.stringify([user?.login ?? user?.id, operator, asNumber, kinds]);
  /** Notes what may be an attack and is no alert that an exception is proposed by, as a storm; without a person, it is one on everyone. */
  const suspect = (suspected: ScopedAlert) => {
    const attack = attacks.of(keyOf(suspected));
    if (attack === null) beyondAttacks += 1;
    else attack.scoped ??= suspected;
  };
  const coverable = (incidents: readonly Incident[], rule: string | null): readonly Coverable[] => {
    // Where they are too many to be distinguished, any person may be under attack.
    if (beyondAttacks > 0) return [];
    const scopedGroups = [...groups.entries()].flatMap(([, { scoped, sets }]) =>
      scoped === null ? [] : [{ scoped, sets }],
    );
    const doubtOf = createDoubtTest(
      incidents,
      [...attacks.entries()].flatMap(([, { scoped }]) => scoped ?? []),
      isJudged ? [] : scopedGroups.flatMap(({ scoped }) => (isHostile(scoped) ? (scoped.user ?? []) : [])),
    );
    return scopedGroups.flatMap(({ scoped, sets }) =>
      [...sets.values()]
        .filter(({ detections }) => rule === null || detections.includes(rule))
        .map((alerts) => {
          const named = alerts.isSession ? {} : { detections: [...alerts.detections] };
          const of = alerts.isSession ? scoped : { ...scoped, rules: alerts.detections };
          const scopes = doubtedScopes(of, doubtOf);
          return {
            scopes: scopes.flatMap(({ scope, doubt }) => (doubt === null ? { ...advisedScope(scope), ...named } : [])),
            doubt: scopes.find(({ scope, doubt }) => scope.user !== null && doubt !== null)?.doubt ?? null,
            person: nameOf(scoped.user) ?? "",
            alerts,
          };
        }),
    );
  };
  return {
    count({ scoped, detections: named, isSession, isGrave: isAttack, isFar }: ProposedAlert) {
      if (isAttack) suspect(scoped);
      const group = groups.of(keyOf(scoped));
      if (group === null) {
        if (isHostile(scoped)) beyondAttacks += 1;
        return;
      }
      group.scoped ??= scoped;
      const detections = [...named].sort();
      const name = JSON.stringify([isSession, detections]);
      const known = group.sets.get(name);
      if (known === undefined && group.sets.size >= maximumSets) return;
      const alerts = known ?? { detections, isSession, count: 0, far: 0 };
      alerts.count += 1;
      if (isFar) alerts.far += 1;
      group.sets.set(name, alerts);
    },
    suspect,
    /**
     * The exceptions that cover most, the first alone, the next of what is left.
     *
     * @param incidents all that are kept: their verdicts tell what an attacker did, and what is not judged yet
     */
    propose(maximum: number, incidents: readonly Incident[]): readonly Proposal[] {
      const proposals: Proposal[] = [];
      const left = new Set(coverable(incidents, null));
      const candidates = candidatesOf(left, countAll(null));
      while (proposals.length < maximum) {
        const best = bestOf(candidates, left);
        if (best === null) break;
        proposals.push(proposalOf(best));
        for (const each of best.covered) left.delete(each);
      }
      return proposals;
    },
    /** The exception that covers most of the alerts of a detection; null for none. */
    proposeFor(rule: string, incidents: readonly Incident[]): Proposal | null {
      const all = new Set(coverable(incidents, rule));
      const best = bestOf(candidatesOf(all, countAll(rule)), all);
      return best && proposalOf(best);
    },
    /** The persons for whom none is proposed, as something speaks against it: the one with the most alerts first. */
    refusals(incidents: readonly Incident[]): readonly Refusal[] {
      const byPerson = new Map<string, { readonly doubt: Doubt; alerts: number }>();
      for (const { doubt, person, alerts } of coverable(incidents, null)) {
        if (doubt === null) continue;
        const refusal = byPerson.get(person) ?? { doubt, alerts: 0 };
        byPerson.set(person, refusal);
        refusal.alerts += alerts.count;
      }
      return [...byPerson.values()].sort((a, b) => b.alerts - a.alerts);
    },
  };
}

const isHostile = ({ alert }: ScopedAlert) => alert.kinds.some((kind) => hostileKinds.has(kind));

/** An exception that may be proposed. */
interface Candidate {
  readonly scope: ExceptionScope;
  readonly covered: ReadonlySet<Coverable>;
}

/**
 * The exceptions that may be proposed, a narrower one before a wider one of the same alerts.
 *
 * @param alerts the number of all that there are: no exception for everyone covers as many
 */
function candidatesOf(all: Iterable<Coverable>, alerts: number): readonly Candidate[] {
  const found = new Map<string, { readonly scope: ExceptionScope; readonly covered: Set<Coverable> }>();
  for (const each of all) {
    for (const scope of each.scopes) {
      const key = JSON.stringify(scope);
      const candidate = found.get(key) ?? { scope, covered: new Set() };
      found.set(key, candidate);
      candidate.covered.add(each);
    }
  }
  return [...found.values()].filter(
    (each) => whyTooBroad(each.scope) === null && (each.scope.user !== undefined || isForEveryone(each, alerts)),
  );
}

/** Whether enough persons speak for an exception for everyone, it covers no person of a true positive, and not all alerts. */
function isForEveryone({ scope, covered }: Candidate, alerts: number): boolean {
  if (countOf(covered) >= alerts) return false;
  if ([...covered].some(({ doubt }) => doubt?.why === "true-positive")) return false;
  const { operator = null, asNumber = null } = scope;
  const speaking = personsOf(covered).size - inDoubtOf(covered).length;
  return isForEnough({ user: null, operator, asNumber, detection: null }, speaking);
}

/** The exception that covers most of the alerts that are left: null for none. */
function bestOf(candidates: readonly Candidate[], left: ReadonlySet<Coverable>): Candidate | null {
  let best: Candidate | null = null;
  let most = 0;
  for (const each of candidates) {
    const count = countOf([...each.covered].filter((one) => left.has(one)));
    if (count > most) [best, most] = [each, count];
  }
  return best;
}

function proposalOf({ scope, covered }: Candidate): Proposal {
  const far = [...covered].reduce((sum, { alerts }) => sum + alerts.far, 0);
  return {
    scope,
    covers: countOf(covered),
    persons: personsOf(covered).size,
    far,
    inDoubt: scope.user === undefined ? inDoubtOf(covered) : [],
  };
}

const countOf = (covered: Iterable<Coverable>) => [...covered].reduce((sum, { alerts }) => sum + alerts.count, 0);
const personsOf = (covered: Iterable<Coverable>) => new Set([...covered].map(({ person }) => person));

/** The persons in doubt with all of their alerts that are covered, the one with the most first. */
function inDoubtOf(covered: ReadonlySet<Coverable>): readonly PersonInDoubt[] {
  const doubted = personsOf([...covered].filter(({ doubt }) => doubt !== null));
  const byPerson = Map.groupBy(
    [...covered].filter(({ person }) => doubted.has(person)),
    ({ person }) => person,
  );
  return [...byPerson].map(([person, own]) => ({ person, alerts: countOf(own) })).sort((a, b) => b.alerts - a.alerts);
}

/** What exceptions are proposed by. The person whom an alert masks is none that an exception can name. */
export function proposedAlert(alert: Alert): ProposedAlert {
  const { network, user, detections, okta, geo } = alert;
  const { kinds, operators } = network.anonymous;
  const isNamed = user.login !== masked && (user.login !== null || user.id !== null);
  return {
    scoped: {
      alert: {
        kinds: [...kinds],
        operator: operators.length === 1 ? (operators[0] ?? null) : null,
        asNumber: network.asNumber || null,
      },
      user: isNamed ? { id: user.id, login: user.login && canonicalLogin(user.login), displayName: null } : null,
    },
    detections: detections.map(({ id }) => id),
    isSession: okta.eventType === sessionStart,
    isGrave: isGrave(alert),
    isFar: geo.verdict === "mismatch",
  };
}

/**
 * Whether an alert may be about an attack, as long as no person has judged it. Sign-ins that were gathered are mostly those of a gateway: their
 * report is grave for its severity or risk alone.
 */
function isGrave({ severity, risk, storm }: Alert): boolean {
  const isInStorm = storm !== null && storm.report !== "gathered";
  return severity === "critical" || risk.level?.toUpperCase() === "HIGH" || isInStorm;
}
