import { advisedScope } from "../exceptions/advised-scope.ts";
import { describeScope, type Exception, type ExceptionScope } from "../exceptions/exception.ts";
import type { Doubt } from "../incidents/doubt.ts";
import { type Incident, type IncidentUser, isOpen } from "../incidents/incident.ts";
import { noiseOf, type RuleNoise } from "../incidents/noise.ts";
import { leastJudged, scoreRules } from "../incidents/score.ts";
import { type NetworkKind, networkKinds } from "../okta/network-service.ts";
import { bySeverity, type Level, levels } from "../sigma/rule.ts";
import { type DayCounts, nameOf, nothingCounted, type OpenName, otherName, sumCounts } from "./day-counts.ts";

/** Days, of which the first is `from` (`2026-11-16`, UTC). */
export interface Period {
  readonly from: string;
  /** 1 or more. */
  readonly days: number;
}

/** The days of a digest on a schedule. */
export const daysOfWeek = 7;

/** Days before their end at which a digest names exceptions: two weeks, so that each is named at least once. */
const endingDays = 14;

const day = 86_400_000;
const dayAt = (time: number) => new Date(time).toISOString().slice(0, 10);

/** The seven whole days before a moment. */
export function weekBefore(now: Date): Period {
  return { from: dayAt(now.getTime() - daysOfWeek * day), days: daysOfWeek };
}

/** The days of a period, in order. */
export function daysOf({ from, days }: Period): string[] {
  return Array.from({ length: days }, (_, index) => dayAt(Date.parse(from) + index * day));
}

/** The period of the same length that ends where this one begins. */
export function periodBefore({ from, days }: Period): Period {
  return { from: dayAt(Date.parse(from) - days * day), days };
}

/** A number of the period, and that of the period before; null where nothing was counted then. */
export interface Figure {
  readonly count: number;
  readonly before: number | null;
}

/** What a digest says: a subscriber that is a program gets it as JSON. */
export interface Digest {
  readonly schemaVersion: "1.0";
  readonly kind: "digest";
  /** The first and the last day (`2026-11-16`, UTC). */
  readonly from: string;
  readonly to: string;
  readonly alerts: Figure;
  /** The alerts by severity, the highest first; those with no alert in either period are left out, as everywhere below. */
  readonly severities: readonly (Figure & { readonly severity: Level })[];
  /** Session starts through anonymous networks that match a detection, alerted on or not. */
  readonly signIns: Figure;
  /** Those of them that failed. */
  readonly failed: Figure;
  /** The worst kind first. One sign-in may have several kinds and operators. */
  readonly kinds: readonly (Figure & { readonly kind: NetworkKind })[];
  /** The most frequent first; null stands for all that exceed the bound of a day. */
  readonly operators: readonly (Figure & { readonly operator: string | null })[];
  /** Persons of whom no earlier session through an anonymous network is remembered; at most 50 a day are named. */
  readonly newPersons: Figure & { readonly logins: readonly string[] };
  readonly suppressed: Figure;
  /** Failed attempts and gathered sign-ins that alerts about many persons report together. */
  readonly inStorms: Figure;
  /** Events of which exceptions cover every detection. */
  readonly excepted: Figure;
  /** The exceptions that covered any detection. `scope` is null for an exception that is gone, `id` for all that exceed the bound. */
  readonly exceptions: readonly (Figure & { readonly id: string | null; readonly scope: string | null })[];
  /** The detections that were alerted on. `title` is null for one that this release does not have. */
  readonly detections: readonly (Figure & { readonly id: string | null; readonly title: string | null })[];
  /** Incidents that an alert of the period belongs to, and that wait for a verdict: the severest first, then the latest. */
  readonly openIncidents: { readonly count: number; readonly listed: readonly OpenIncident[] };
  /**
   * Detections whose alerts were judged harmless, {@link leastJudged} or more of incidents that changed in the period, and none a true
   * positive: the noisiest first.
   */
  readonly noisyDetections: readonly { readonly id: string; readonly title: string; readonly harmless: number }[];
  /** Detections with {@link leastLoud} alerts a week or more, the loudest first: whose they are, and what would halve them. */
  readonly loudDetections: readonly LoudDetection[];
  /** Exceptions that end within {@link endingDays} days, the next first. */
  readonly endingExceptions: readonly { readonly id: string; readonly scope: string; readonly until: string }[];
}

/** A detection with many alerts. */
export interface LoudDetection {
  readonly id: string;
  readonly title: string;
  /** All alerts of the period that name it. */
  readonly alerts: number;
  /** The persons of those that incidents keep. */
  readonly persons: number;
  /**
   * The exception that would have covered half or more of those that incidents keep; null where none may be proposed. It covers no true
   * positive.
   */
  readonly except: { readonly scope: ExceptionScope; readonly covers: number; readonly of: number } | null;
  /** What speaks against an exception that would have covered half otherwise; null where nothing does. */
  readonly doubt: Doubt | null;
}

/** An incident without a verdict. */
export interface OpenIncident {
  readonly id: string;
  /** The highest of its alerts. */
  readonly severity: Level;
  /** Null for a storm, which is about many persons. */
  readonly user: IncidentUser | null;
  /** The number of its alerts. */
  readonly alerts: number;
  /** When its last alert came (ISO 8601, UTC). */
  readonly last: string;
}

/** What a digest is made of. */
export interface DigestSources {
  readonly period: Period;
  /** The counts of the days of this period and the one before; days without any are left out. */
  readonly days: ReadonlyMap<string, DayCounts>;
  readonly exceptions: readonly Exception[];
  /** All that are kept: what an attacker did is known by their verdicts. */
  readonly incidents: readonly Incident[];
  /** The titles of detections, by their ids. */
  readonly titles: ReadonlyMap<string, string>;
  readonly now: Date;
}

/** Composes the digest of a period. */
export function composeDigest({ period, days, exceptions, incidents, titles, now }: DigestSources): Digest {
  const ofPeriod = incidents.filter(({ changed }) => changed >= period.from);
  const sum = (wanted: readonly string[]) => sumCounts(wanted.map((each) => days.get(each) ?? nothingCounted));
  const names = daysOf(period);
  const daysBefore = daysOf(periodBefore(period));
  const current = sum(names);
  const before = daysBefore.some((each) => days.has(each)) ? sum(daysBefore) : null;
  const figure = (name: string): Figure => ({
    count: current.numbers.get(name) ?? 0,
    before: before && (before.numbers.get(name) ?? 0),
  });
  const some = ({ count, before: earlier }: Figure) => count > 0 || (earlier ?? 0) > 0;
  /** The figures of an open kind of names; the one of null is last. */
  const openFigures = (kind: OpenName): (Figure & { readonly of: string | null })[] => {
    const prefix = `${kind}#`;
    const all = new Set([...current.numbers.keys(), ...(before?.numbers.keys() ?? [])]);
    const found = [...all].filter((name) => name.startsWith(prefix));
    const listed = found
      .map((name) => ({ of: name.slice(prefix.length), ...figure(name) }))
      .sort((a, b) => b.count - a.count || (b.before ?? 0) - (a.before ?? 0) || (a.of < b.of ? -1 : 1));
    return [...listed, { of: null, ...figure(otherName(kind)) }].filter(some);
  };
  const scopes = new Map(exceptions.map(({ id, scope }) => [id, describeScope(scope)]));
  const horizon = now.getTime() + endingDays * day;
  const ends = exceptions.filter(({ until }) => Date.parse(until) > now.getTime() && Date.parse(until) <= horizon);
  return {
    schemaVersion: "1.0",
    kind: "digest",
    from: period.from,
    to: names.at(-1) ?? period.from,
    alerts: figure("alerts"),
    severities: levels
      .toReversed()
      .map((severity) => ({ severity, ...figure(`severity#${severity}`) }))
      .filter(some),
    signIns: figure("signIns"),
    failed: figure("failed"),
    kinds: networkKinds
      .toReversed()
      .map((kind) => ({ kind, ...figure(`kind#${kind}`) }))
      .filter(some),
    operators: openFigures("operator").map(({ of, ...each }) => ({ operator: of, ...each })),
    newPersons: { ...figure("newPersons"), logins: [...current.persons].sort() },
    suppressed: figure("suppressed"),
    inStorms: figure("inStorms"),
    excepted: figure("excepted"),
    exceptions: openFigures("exception").map(({ of, ...each }) => ({
      id: of,
      scope: of === null ? null : (scopes.get(of) ?? null),
      ...each,
    })),
    detections: openFigures("rule").map(({ of, ...each }) => ({
      id: of,
      title: of === null ? null : (titles.get(of) ?? null),
      ...each,
    })),
    openIncidents: openIncidentsOf(ofPeriod, period),
    noisyDetections: scoreRules(ofPeriod, incidents)
      .filter(({ truePositives, benign, expected }) => truePositives === 0 && benign + expected >= leastJudged)
      .map(({ id, title, benign, expected }) => ({ id, title, harmless: benign + expected })),
    loudDetections: loudDetectionsOf(noiseOf(incidents, period.from), (id) => figure(nameOf("rule", id)).count, period),
    endingExceptions: ends
      .toSorted((a, b) => (a.until < b.until ? -1 : 1))
      .map(({ id, scope, until }) => ({ id, scope: describeScope(scope), until })),
  };
}

/** Alerts a week that make a detection loud: more than one on a working day. */
const leastLoud = 10;

function loudDetectionsOf(
  noise: readonly RuleNoise[],
  countOf: (id: string) => number,
  { days }: Period,
): readonly LoudDetection[] {
  return noise
    .map(({ id, title, alerts: kept, persons, except, doubt }): LoudDetection => {
      const scope = except && advisedScope(except.scope);
      return {
        id,
        title,
        alerts: Math.max(countOf(id), kept),
        persons,
        except: except && scope && { scope, covers: except.covers, of: kept },
        doubt,
      };
    })
    .filter(({ alerts }) => (alerts * daysOfWeek) / Math.max(days, daysOfWeek) >= leastLoud)
    .sort((a, b) => b.alerts - a.alerts);
}

/** The most incidents that a digest names. */
const maximumIncidents = 50;

function openIncidentsOf(incidents: readonly Incident[], { from }: Period): Digest["openIncidents"] {
  const open = incidents.filter(isOpen).flatMap(({ id, user, alerts, count }): OpenIncident[] => {
    const last = alerts.at(-1);
    const [severity] = alerts.map((each) => each.severity).sort(bySeverity);
    const isOfPeriod = last !== undefined && last.detectedAt >= from;
    return isOfPeriod && severity !== undefined ? [{ id, severity, user, alerts: count, last: last.detectedAt }] : [];
  });
  const sorted = open.sort((a, b) => bySeverity(a.severity, b.severity) || (a.last > b.last ? -1 : 1));
  return { count: open.length, listed: sorted.slice(0, maximumIncidents) };
}
