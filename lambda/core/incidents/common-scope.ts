import { masked } from "../okta/stranger.ts";
import { type Doubt, type DoubtedAlert, type DoubtTest, hostileKinds, isCoveredUnnamed, nameOf } from "./doubt.ts";
import type { IncidentAlert, IncidentDetection } from "./incident.ts";

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
  return { ...scope, detection: alerts.every(isCoveredUnnamed) ? null : id };
}

/** What scopes are made of, of one alert. */
export type ScopedAlert = DoubtedAlert;

/** The same, with the detection that its scopes are about. */
export type ScopedDetection = ScopedAlert & { readonly alert: IncidentAlert; readonly detection: IncidentDetection };

/** The least number of persons whose alerts an exception for everyone is proposed by, those in doubt left out. */
const leastPersons = 3;

/** The best exception that some alerts have in common. */
export interface CommonScope {
  /** Without a detection; null where no exception can be proposed. */
  readonly scope: ExceptionAdvice | null;
  /** The alerts that it covers. */
  readonly covers: number;
  /** The persons in doubt whose alerts it covers too, being for everyone, with their number of alerts, the most first. */
  readonly inDoubt: readonly { readonly person: string; readonly alerts: number }[];
  /** Whether alerts were set apart, as they are of a hostile kind of network, or an attacker's scope. */
  readonly isSetApart: boolean;
  /** The exception that something speaks against, and that would cover more; null for none. */
  readonly doubted: { readonly doubt: Doubt; readonly covers: number } | null;
}

/**
 * Finds the exception that covers the most of these alerts; the narrowest where a wider one covers no more.
 *
 * @param mayCoverAll whether an exception for everyone may cover all of them: where no person has judged them, it would only silence them
 */
export function commonScope(
  alerts: readonly ScopedDetection[],
  doubtOf: DoubtTest,
  { mayCoverAll }: { readonly mayCoverAll: boolean } = { mayCoverAll: true },
): CommonScope {
  const found = new Map<string, Candidate>();
  for (const { alert, user, detection } of alerts) {
    const rules = isCoveredUnnamed({ alert, detection }) ? {} : { rules: [detection.id] };
    const scopes = doubtedScopes({ alert, user, ...rules }, doubtOf);
    const isInDoubt = scopes.some(({ scope, doubt }) => scope.user !== null && doubt !== null);
    for (const { scope, doubt } of scopes) {
      const key = JSON.stringify(scope);
      const counts = found.get(key) ?? { scope, covers: 0, persons: new Map(), inDoubt: new Set(), doubt };
      found.set(key, counts);
      counts.covers += 1;
      const person = nameOf(user) ?? "";
      counts.persons.set(person, (counts.persons.get(person) ?? 0) + 1);
      if (isInDoubt) counts.inDoubt.add(person);
      counts.doubt ??= doubt;
    }
  }
  const candidates = [...found.values()]
    .filter(({ scope, persons, inDoubt }) => isForEnough(scope, persons.size - inDoubt.size))
    .filter(({ scope, covers }) => mayCoverAll || scope.user !== null || covers < alerts.length);
  const best = bestOf(candidates.filter(({ doubt }) => doubt === null));
  const doubted = bestOf(candidates.filter(({ doubt }) => doubt !== null));
  const isSetApart = alerts.some(isHostile) || [...found.values()].some(({ doubt }) => doubt !== null);
  const covers = best?.covers ?? 0;
  return {
    scope: best?.scope ?? null,
    covers,
    inDoubt: best === null || best.scope.user !== null ? [] : inDoubtOf(best),
    isSetApart,
    doubted: doubted?.doubt && doubted.covers > covers ? { doubt: doubted.doubt, covers: doubted.covers } : null,
  };
}

interface Candidate {
  readonly scope: ExceptionAdvice;
  covers: number;
  /** With their number of alerts. */
  readonly persons: Map<string, number>;
  /** Those of them for whom no exception of their own is proposed: they do not speak for one for everyone. */
  readonly inDoubt: Set<string>;
  /** What speaks against it. */
  doubt: Doubt | null;
}

function inDoubtOf({ persons, inDoubt }: Candidate): CommonScope["inDoubt"] {
  return [...inDoubt]
    .map((person) => ({ person, alerts: persons.get(person) ?? 0 }))
    .sort((a, b) => b.alerts - a.alerts);
}

/** The one that covers most, the first of equals: null for none. */
function bestOf(candidates: readonly Candidate[]): Candidate | null {
  return candidates.reduce<Candidate | null>((a, b) => (a === null || b.covers > a.covers ? b : a), null);
}

/** Whether as many persons speak for an exception as one for everyone takes. */
export function isForEnough({ user }: ExceptionAdvice, persons: number): boolean {
  return user !== null || persons >= leastPersons;
}

/** The exceptions that would cover an alert, the narrowest first, each with what speaks against it. None for a hostile network. */
export function doubtedScopes(
  each: ScopedAlert,
  doubtOf: DoubtTest,
): readonly { readonly scope: ExceptionAdvice; readonly doubt: Doubt | null }[] {
  if (isHostile(each)) return [];
  return scopesOf(each).map((scope) => ({ scope, doubt: doubtOf(scope, each) }));
}

/** The exceptions that would cover an alert, the narrowest first. None can name a person whom alerts mask. */
function scopesOf({ alert: { operator, asNumber }, user }: ScopedAlert): readonly ExceptionAdvice[] {
  const who = user?.login === masked ? null : nameOf(user);
  const network = operator === null ? { operator: null, asNumber } : { operator, asNumber: null };
  const isKnown = operator !== null || asNumber !== null;
  if (!isKnown) return [];
  return [
    ...(who === null ? [] : [{ user: who, ...network, detection: null }]),
    { user: null, ...network, detection: null },
  ];
}

const isHostile = ({ alert }: ScopedAlert) => alert.kinds.some((kind) => hostileKinds.has(kind));
