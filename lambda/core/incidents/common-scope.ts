import { sessionStart } from "../okta/log-event.ts";
import { isOperator } from "../okta/operator.ts";
import { canonicalLogin } from "../okta/person.ts";
import type { Incident, IncidentAlert, IncidentDetection, IncidentUser } from "./incident.ts";

/*
 * The exceptions that alerts have in common. What an attacker did is never in the scope of one that is proposed.
 */

/** The scope of a proposed exception: as narrow as covers most of the alerts. */
export interface ExceptionAdvice {
  readonly user: string | null;
  readonly operator: string | null;
  readonly asNumber: number | null;
  /** The id of the detection, where an exception that does not name it would not cover it: see {@link withDetection}. */
  readonly detection: string | null;
}

/**
 * A scope that covers a detection: one of another act than a session start, and a correlation, has to be named.
 *
 * @param alerts the alerts that the scope is for
 */
export function withDetection(
  scope: ExceptionAdvice,
  id: string,
  alerts: readonly { readonly alert: Pick<IncidentAlert, "eventType">; readonly detection: IncidentDetection }[],
): ExceptionAdvice {
  const isCovered = alerts.every(
    ({ alert, detection }) => alert.eventType === sessionStart && detection.correlation !== true,
  );
  return { ...scope, detection: isCovered ? null : id };
}

/** What scopes are made of, of one alert. */
export interface ScopedAlert {
  readonly alert: Pick<IncidentAlert, "kinds" | "operator" | "asNumber">;
  readonly user: IncidentUser | null;
}

/** The same, with the detection that its scopes are about. */
export type ScopedDetection = ScopedAlert & { readonly alert: IncidentAlert; readonly detection: IncidentDetection };

/** The least number of persons whose alerts an exception for everyone is proposed by. */
const leastPersons = 3;

/** Kinds of network that no exception is proposed for: attackers use them more than customers do. */
const hostile: ReadonlySet<string> = new Set(["tor", "residential_proxy", "blockchain_vpn"]);

/** What an attacker did, whatever the detection, and whenever it came: an attack goes on after its verdict. */
export function attacksOf(incidents: readonly Incident[]): readonly ScopedAlert[] {
  return incidents
    .filter(({ verdict }) => verdict?.verdict === "true-positive")
    .flatMap(({ alerts, user }) => alerts.map((alert) => ({ alert, user })));
}

/** The best exception that some alerts have in common. */
export interface CommonScope {
  /** Without a detection; null where no exception can be proposed. */
  readonly scope: ExceptionAdvice | null;
  /** The alerts that it covers. */
  readonly covers: number;
  /** Whether alerts were set apart, as they are of a hostile kind of network, or an attacker's scope. */
  readonly isSetApart: boolean;
}

/**
 * Finds the exception that covers the most of these alerts; the narrowest where a wider one covers no more.
 *
 * @param mayCoverAll whether an exception for everyone may cover all of them: where no person has judged them, it would only silence them
 */
export function commonScope(
  alerts: readonly ScopedAlert[],
  isAttacked: AttackTest,
  { mayCoverAll }: { readonly mayCoverAll: boolean } = { mayCoverAll: true },
): CommonScope {
  const scoped = alerts.map((each) => ({
    each,
    scopes: scopesOf(each),
    proposable: proposableScopes(each, isAttacked),
  }));
  const found = new Map<string, { readonly scope: ExceptionAdvice; covers: number; readonly persons: Set<string> }>();
  for (const { each, proposable } of scoped) {
    for (const scope of proposable) {
      const key = JSON.stringify(scope);
      const counts = found.get(key) ?? { scope, covers: 0, persons: new Set() };
      found.set(key, counts);
      counts.covers += 1;
      counts.persons.add(nameOf(each.user) ?? "");
    }
  }
  const best = [...found.values()]
    .filter(({ scope, persons }) => isForEnough(scope, persons.size))
    .filter(({ scope, covers }) => mayCoverAll || scope.user !== null || covers < alerts.length)
    .reduce<{ scope: ExceptionAdvice | null; covers: number }>((a, b) => (b.covers > a.covers ? b : a), {
      scope: null,
      covers: 0,
    });
  const isSetApart = scoped.some(
    ({ each, scopes, proposable }) => isHostile(each) || proposable.length < scopes.length,
  );
  return { scope: best.scope, covers: best.covers, isSetApart };
}

/** Whether as many persons speak for an exception as one for everyone takes. */
export function isForEnough({ user }: ExceptionAdvice, persons: number): boolean {
  return user !== null || persons >= leastPersons;
}

/** The exceptions that may be proposed by an alert, the narrowest first. */
export function proposableScopes(each: ScopedAlert, isAttacked: AttackTest): readonly ExceptionAdvice[] {
  if (isHostile(each)) return [];
  return scopesOf(each).filter((scope) => !isAttacked(scope, each.user));
}

/** The exceptions that would cover an alert, the narrowest first. */
function scopesOf({ alert: { operator, asNumber }, user }: ScopedAlert): readonly ExceptionAdvice[] {
  const who = nameOf(user);
  const network = operator === null ? { operator: null, asNumber } : { operator, asNumber: null };
  const isKnown = operator !== null || asNumber !== null;
  if (!isKnown) return [];
  return [
    ...(who === null ? [] : [{ user: who, ...network, detection: null }]),
    { user: null, ...network, detection: null },
  ];
}

const isHostile = ({ alert }: ScopedAlert) => alert.kinds.some((kind) => hostile.has(kind));

const nameOf = (user: IncidentUser | null) => user?.login ?? user?.id ?? null;

/** Whether an exception of a scope may cover what an attacker did; `person` is that of the alert that the scope is of. */
export type AttackTest = (scope: ExceptionAdvice, person: IncidentUser | null) => boolean;

/**
 * Creates the test of whether an exception may cover what an attacker did: the person, and the operator or autonomous system, are the same.
 * An attack on many persons is one on each.
 */
export function createAttackTest(attacks: readonly ScopedAlert[]): AttackTest {
  const byNetwork = new Map<string, { readonly isOfAnyone: boolean; readonly persons: ReadonlySet<string> } | null>();
  const attackedThrough = (scope: ExceptionAdvice) => {
    const key = JSON.stringify([scope.operator, scope.asNumber]);
    const known = byNetwork.get(key);
    if (known !== undefined) return known;
    const through = attacks.filter((attack) => isThrough(scope, attack));
    const isOfAnyone = through.some(({ user }) => user === null);
    const persons = new Set(through.flatMap(({ user }) => keysOf(user)));
    const found = through.length === 0 ? null : { isOfAnyone, persons };
    byNetwork.set(key, found);
    return found;
  };
  return (scope, person) => {
    const attacked = attackedThrough(scope);
    if (attacked === null) return false;
    return scope.user === null || attacked.isOfAnyone || keysOf(person).some((key) => attacked.persons.has(key));
  };
}

function isThrough({ operator, asNumber }: ExceptionAdvice, { alert }: ScopedAlert): boolean {
  return operator === null
    ? alert.asNumber === asNumber
    : alert.operator !== null && isOperator(alert.operator, operator);
}

function keysOf(user: IncidentUser | null): readonly string[] {
  return [user?.id ?? null, user?.login == null ? null : canonicalLogin(user.login)].filter((key) => key !== null);
}
