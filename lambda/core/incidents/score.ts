import { judgedUntil, type Verdict } from "../history/verdict.ts";
import { sessionStart } from "../okta/log-event.ts";
import { isOperator } from "../okta/operator.ts";
import { canonicalLogin } from "../okta/person.ts";
import type { Incident, IncidentAlert } from "./incident.ts";

/** What became of the alerts of one detection, by the verdicts of their incidents. */
export interface RuleScore {
  /** The rule's id and title, as its last alert names them. */
  readonly id: string;
  readonly title: string;
  readonly alerts: number;
  readonly truePositives: number;
  readonly benign: number;
  readonly expected: number;
  /** Alerts of incidents that wait for a verdict. */
  readonly open: number;
  readonly advice: Advice;
}

/** What to do about a detection. */
export type Advice =
  /** Nothing: it finds what it should, or too few of its alerts are judged. */
  | { readonly kind: "keep" | "judge" }
  /** Most of its harmless alerts are of one person or of one network: an exception would cover them. */
  | { readonly kind: "except"; readonly scope: ExceptionAdvice; readonly covers: number }
  /** Its alerts are harmless, and have nothing in common. */
  | { readonly kind: "switchOff" };

/** The scope of a proposed exception: as narrow as covers most of the alerts. */
export interface ExceptionAdvice {
  readonly user: string | null;
  readonly operator: string | null;
  readonly asNumber: number | null;
  /** The id of the detection, where that is of no session start: an exception covers those alone without it. */
  readonly detection: string | null;
}

/** The least number of judged alerts that advice is given by. */
export const leastJudged = 3;
/** The share of the harmless alerts that an exception has to cover to be proposed. */
const leastShare = 0.5;

/** The least number of persons whose alerts an exception for everyone is proposed by. */
const leastPersons = 3;

/** Kinds of network that no exception is proposed for: attackers use them more than customers do. */
const hostile: ReadonlySet<string> = new Set(["tor", "residential_proxy", "blockchain_vpn"]);

/** A table of the detections of these incidents, the one with the most harmless alerts first. */
export function scoreRules(incidents: readonly Incident[]): readonly RuleScore[] {
  const judged = incidents.flatMap((incident) =>
    incident.alerts.map((alert) => ({ alert, user: incident.user, verdict: verdictOn(alert, incident) })),
  );
  // Whatever the detection, and whenever it came: an attack goes on after its verdict.
  const attacks = incidents
    .filter(({ verdict }) => verdict?.verdict === "true-positive")
    .flatMap(({ alerts, user }) => alerts.map((alert) => ({ alert, user })));
  const byRule = Map.groupBy(
    judged.flatMap((each) => each.alert.detections.map((detection) => ({ ...each, detection }))),
    ({ detection }) => detection.id,
  );
  const scores = [...byRule].map(([id, alerts]): RuleScore => {
    const count = (verdict: Verdict["verdict"]) => alerts.filter((each) => each.verdict === verdict).length;
    const last = alerts.reduce((a, b) => (b.alert.detectedAt > a.alert.detectedAt ? b : a));
    const counts = {
      truePositives: count("true-positive"),
      benign: count("benign"),
      expected: count("expected"),
      open: alerts.filter(({ verdict }) => verdict === null).length,
    };
    const harmless = alerts.filter(({ verdict }) => verdict === "benign" || verdict === "expected");
    const advice = adviceOn(id, counts, harmless, attacks);
    return { id, title: last.detection.title, alerts: alerts.length, ...counts, advice };
  });
  const noise = ({ benign, expected, truePositives }: RuleScore) => benign + expected - truePositives;
  return scores.sort((a, b) => noise(b) - noise(a) || b.alerts - a.alerts || a.title.localeCompare(b.title));
}

/** The verdict on an alert; null where it came after the verdict on its incident, or there is none. */
function verdictOn({ detectedAt }: IncidentAlert, { verdict }: Incident): Verdict["verdict"] | null {
  return verdict === null || detectedAt > judgedUntil(verdict) ? null : verdict.verdict;
}

type Judged = Readonly<{ alert: IncidentAlert; user: Incident["user"] }>;

function adviceOn(
  id: string,
  { truePositives, open }: Pick<RuleScore, "truePositives" | "open">,
  harmless: readonly Judged[],
  attacks: readonly Judged[],
): Advice {
  if (truePositives > 0) return { kind: "keep" };
  if (harmless.length < leastJudged) return { kind: open > 0 ? "judge" : "keep" };
  const exceptable = harmless.filter(({ alert }) => !alert.kinds.some((kind) => hostile.has(kind)));
  const common = exceptable.flatMap(({ alert, user }) =>
    scopesOf(alert, user).map((scope) => ({ scope, user, who: user?.login ?? user?.id ?? null })),
  );
  const scopes = common.filter(({ scope, user }) => !attacks.some((attack) => mayCover(scope, user, attack)));
  const bySameScope = [...Map.groupBy(scopes, ({ scope }) => JSON.stringify(scope)).values()];
  const proposable = bySameScope.filter(
    (each) => each[0]?.scope.user !== null || new Set(each.map(({ who }) => who)).size >= leastPersons,
  );
  // The narrowest comes first, and wins where a wider one covers no more.
  const best = proposable.reduce<typeof scopes>((a, b) => (b.length > a.length ? b : a), []);
  const scope = best[0]?.scope;
  if (scope !== undefined && best.length >= leastShare * harmless.length) {
    const isOfSessions = harmless.every(({ alert }) => alert.eventType === sessionStart);
    return { kind: "except", scope: { ...scope, detection: isOfSessions ? null : id }, covers: best.length };
  }
  const isSetApart = exceptable.length < harmless.length || scopes.length < common.length;
  return { kind: isSetApart ? "keep" : "switchOff" };
}

/**
 * Whether an exception of a scope may cover what an attacker did: the person, and the operator or autonomous system, are the
 * same. An attack on many persons is one on each.
 *
 * @param person the person of the harmless alert that the scope is of
 */
function mayCover(scope: ExceptionAdvice, person: Incident["user"], { alert, user }: Judged): boolean {
  const isOfPerson = scope.user === null || user === null || isSamePerson(person, user);
  const isOfNetwork =
    scope.operator === null
      ? alert.asNumber === scope.asNumber
      : alert.operator !== null && isOperator(alert.operator, scope.operator);
  return isOfPerson && isOfNetwork;
}

function isSamePerson(person: Incident["user"], other: Incident["user"]): boolean {
  const keys = (user: Incident["user"]) => [user?.id ?? null, user?.login == null ? null : canonicalLogin(user.login)];
  const known = keys(other);
  return keys(person).some((key) => key !== null && known.includes(key));
}

/** The exceptions that would cover an alert, the narrowest first. */
function scopesOf({ operator, asNumber }: IncidentAlert, user: Incident["user"]): readonly ExceptionAdvice[] {
  const who = user?.login ?? user?.id ?? null;
  const network = operator === null ? { operator: null, asNumber } : { operator, asNumber: null };
  const isKnown = operator !== null || asNumber !== null;
  if (!isKnown) return [];
  return [
    ...(who === null ? [] : [{ user: who, ...network, detection: null }]),
    { user: null, ...network, detection: null },
  ];
}
