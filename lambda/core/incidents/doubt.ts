import { judgedUntil } from "../history/verdict.ts";
import { sessionStart } from "../okta/log-event.ts";
import { isOperator } from "../okta/operator.ts";
import { canonicalLogin } from "../okta/person.ts";
import type { Incident, IncidentAlert, IncidentDetection, IncidentUser } from "./incident.ts";

/*
 * What speaks against an exception. The person of an exception may be under attack: an incident of the person was judged a true positive, or an
 * alert that the exception does not cover waits for a verdict. An exception for everyone covers what is known of attacks, or does not; a
 * person in doubt does not speak for it.
 */

/** What an exception covers, as far as it is compared with attacks; null for any. */
export interface DoubtedScope {
  readonly user: string | null;
  readonly operator: string | null;
  readonly asNumber: number | null;
}

/** The alert that an exception is proposed by. */
export interface DoubtedAlert {
  readonly alert: Pick<IncidentAlert, "kinds" | "operator" | "asNumber">;
  readonly user: IncidentUser | null;
  /** The ids of the detections that its exception names; left out for a session start, whose exception names none. */
  readonly rules?: readonly string[];
}

/** Why an exception is not proposed. */
export interface Doubt {
  /** An incident was judged a true positive; an alert waits for a verdict; a replayed alert may be about an attack. */
  readonly why: "true-positive" | "open" | "grave";
  /** The login of the person, or the id; null for an attack on many persons. */
  readonly person: string | null;
  /** The incident; null where there are no incidents, as in a backtest. */
  readonly incident: string | null;
}

/** Finds what speaks against an exception; null for nothing. The second is the alert that the exception is proposed by. */
export type DoubtTest = (scope: DoubtedScope, of: DoubtedAlert) => Doubt | null;

/** Kinds of network that attackers use more than customers do: no exception is proposed for them. */
export const hostileKinds: ReadonlySet<string> = new Set(["tor", "residential_proxy", "blockchain_vpn"]);

/** An alert that belongs, or may belong, to an attack. */
interface Attack extends DoubtedAlert {
  readonly doubt: Doubt;
}

/** An alert that waits for a verdict. */
interface OpenAlert {
  readonly alert: IncidentAlert;
  readonly doubt: Doubt;
}

/**
 * Creates the test of whether an exception may be proposed.
 *
 * - For one person: no incident of the person was judged a true positive, whatever its network and time, and no alert about the person waits for a
 *   verdict that the exception does not cover, or that is grave.
 * - For everyone: it covers no alert of a true positive's person, and none that is grave and waits for a verdict.
 *
 * @param incidents all that are kept: an attack goes on after its verdict
 * @param suspects alerts of a replay that may be about an attack. @default none
 * @param persons persons of a replay who came through a hostile network: it speaks against exceptions of their own. @default none
 */
export function createDoubtTest(
  incidents: readonly Incident[],
  suspects: readonly DoubtedAlert[] = [],
  persons: readonly IncidentUser[] = [],
): DoubtTest {
  const attacks: readonly Attack[] = [
    ...attacksOf(incidents),
    ...graveOf(incidents),
    ...suspects.map((each) => ({ ...each, doubt: graveDoubt(each.user) })),
  ];
  const byNetwork = new Map<string, readonly Attack[]>();
  const attacksThrough = (scope: DoubtedScope): readonly Attack[] => {
    const key = JSON.stringify([scope.operator, scope.asNumber]);
    const known = byNetwork.get(key) ?? attacks.filter(({ alert }) => isThrough(scope, alert));
    byNetwork.set(key, known);
    return known;
  };
  const attacked = new Map<string, Doubt>();
  for (const { user, doubt } of [...attacks, ...persons.map((user) => ({ user, doubt: graveDoubt(user) }))]) {
    for (const key of keysOf(user)) if (!attacked.has(key)) attacked.set(key, doubt);
  }
  const open = openByPerson(incidents);
  return (scope, of) => {
    const through = attacksThrough(scope);
    if (scope.user === null) return through[0]?.doubt ?? null;
    const keys = keysOf(of.user);
    const ofPerson = keys.flatMap((key) => attacked.get(key) ?? [])[0];
    const other = keys.flatMap((key) => open.get(key) ?? []).find(({ alert }) => isUncovered(scope, of, alert));
    return ofPerson ?? through.find(({ user }) => user === null)?.doubt ?? other?.doubt ?? null;
  };
}

function graveDoubt(user: IncidentUser | null): Doubt {
  return { why: "grave", person: nameOf(user), incident: null };
}

/** All alerts about persons of whom an incident was judged a true positive, and those of an attack on many. */
function attacksOf(incidents: readonly Incident[]): readonly Attack[] {
  const judged = incidents.filter(({ verdict }) => verdict?.verdict === "true-positive");
  const byPerson = new Map(judged.flatMap(({ id, user }) => keysOf(user).map((key) => [key, id])));
  return incidents.flatMap(({ id, user, verdict, alerts }) => {
    const own = verdict?.verdict === "true-positive" ? id : null;
    const incident = own ?? keysOf(user).flatMap((key) => byPerson.get(key) ?? [])[0];
    if (incident === undefined) return [];
    const doubt: Doubt = { why: "true-positive", person: nameOf(user), incident };
    return alerts.map((alert) => ({ alert, user, doubt }));
  });
}

/** What may be an attack: an alert of severity critical, or about a storm or in one, that no person has judged. */
function graveOf(incidents: readonly Incident[]): readonly Attack[] {
  return incidents.flatMap((incident) => {
    const { id, user } = incident;
    const doubt: Doubt = { why: "open", person: nameOf(user), incident: id };
    return waitingOf(incident).flatMap((alert) =>
      alert.severity === "critical" || alert.storm !== null ? [{ alert, user, doubt }] : [],
    );
  });
}

/** The alerts of an incident that wait for a verdict: all, or those that came after it. */
function waitingOf({ verdict, alerts }: Incident): readonly IncidentAlert[] {
  return alerts.filter(({ detectedAt }) => verdict === null || detectedAt > judgedUntil(verdict));
}

function openByPerson(incidents: readonly Incident[]): ReadonlyMap<string, readonly OpenAlert[]> {
  const found = new Map<string, OpenAlert[]>();
  for (const incident of incidents) {
    const { id, user } = incident;
    const doubt: Doubt = { why: "open", person: nameOf(user), incident: id };
    const open = waitingOf(incident).map((alert) => ({ alert, doubt }));
    for (const key of keysOf(user)) found.set(key, [...(found.get(key) ?? []), ...open]);
  }
  return found;
}

/** Whether an exception would leave an alert of its person as it is. */
function isUncovered(scope: DoubtedScope, { rules }: DoubtedAlert, alert: IncidentAlert): boolean {
  if (alert.kinds.some((kind) => hostileKinds.has(kind)) || !isThrough(scope, alert)) return true;
  const isPlain = alert.eventType === sessionStart && alert.detections.every(({ correlation }) => correlation !== true);
  return !isPlain && !alert.detections.some(({ id }) => rules?.includes(id));
}

/** Whether an exception covers a detection that it does not name: one of a session start, and no correlation. */
export function isCoveredUnnamed({
  alert,
  detection,
}: {
  readonly alert: Pick<IncidentAlert, "eventType">;
  readonly detection: IncidentDetection;
}): boolean {
  return alert.eventType === sessionStart && detection.correlation !== true;
}

function isThrough({ operator, asNumber }: DoubtedScope, alert: Pick<IncidentAlert, "operator" | "asNumber">): boolean {
  return operator === null
    ? alert.asNumber === asNumber
    : alert.operator !== null && isOperator(alert.operator, operator);
}

/** The login of a person, or the id; null where neither is known. */
export function nameOf(user: IncidentUser | null): string | null {
  return user?.login ?? user?.id ?? null;
}

function keysOf(user: IncidentUser | null): readonly string[] {
  return [user?.id ?? null, user?.login == null ? null : canonicalLogin(user.login)].filter((key) => key !== null);
}

/** The doubt in words, after `no exception is proposed: `. */
export function describeDoubt({ why, person, incident }: Doubt): string {
  const of = incident === null ? "" : ` (${incident.slice(0, 8)})`;
  switch (why) {
    case "true-positive":
      return person === null
        ? `a storm was judged a true positive${of}`
        : `an incident of ${person} was judged a true positive${of}`;
    case "open":
      return person === null
        ? `a storm waits for a verdict${of}`
        : `another alert about ${person} waits for a verdict${of}`;
    case "grave":
      return person === null ? "a storm came through the network" : `an alert about ${person} may be about an attack`;
  }
}
