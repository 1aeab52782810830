import { type DayCounts, nameOf, nothingCounted, otherName, sumCounts } from "../../lambda/core/digest/day-counts.ts";
import { daysOf, type Period } from "../../lambda/core/digest/digest.ts";
import { advisedScope } from "../../lambda/core/exceptions/advised-scope.ts";
import { nameOf as personOf } from "../../lambda/core/incidents/doubt.ts";
import type { Incident, IncidentAlert } from "../../lambda/core/incidents/incident.ts";
import { countTruePositives, noiseOf } from "../../lambda/core/incidents/noise.ts";
import { sessionStart } from "../../lambda/core/okta/log-event.ts";
import { networkKinds } from "../../lambda/core/okta/network-service.ts";
import { bySeverity, type Level, levels } from "../../lambda/core/sigma/rule.ts";
import type { DetectionRow, PersonRow, Report } from "../../pages/report/report.ts";
import { exceptionCommand } from "../exceptions/command-line.ts";
import { alertsAWeek, leastNoise } from "./backtest-report.ts";
import { addNetwork, gravestNetworks, type NetworkCounts } from "./person-networks.ts";
import { createProposalTally, maximumProposals, type Refusal } from "./proposals.ts";
import { refusedRows, shownInDoubt } from "./refused-rows.ts";
import { tableOf } from "./rows.ts";

/** What a deployment remembers. */
export interface HistorySources {
  /** The name of the deployment. */
  readonly source: string;
  readonly period: Period;
  /** The counts of its days; days without any are left out. */
  readonly days: ReadonlyMap<string, DayCounts>;
  /** All incidents that are kept. */
  readonly incidents: readonly Incident[];
  /** The detections that it runs, by id. */
  readonly detections: ReadonlyMap<string, { readonly title: string; readonly level: Level }>;
  /** The options of a command that name the deployment: ` --stack x`. */
  readonly target: string;
}

/**
 * The report of what a deployment remembers: counts of days, and incidents. It remembers no sign-in that no detection matches, no exits and
 * no hours.
 */
export function composeHistoryReport({ source, period, days, incidents, detections, target }: HistorySources): Report {
  const names = daysOf(period);
  const to = names.at(-1) ?? period.from;
  const { numbers, persons: newPersons } = sumCounts(names.map((each) => days.get(each) ?? nothingCounted));
  const numberOf = (name: string) => numbers.get(name) ?? 0;
  const alerts = numberOf("alerts");
  const current = incidents.flatMap(({ id, alerts: all, user, verdict }) =>
    all.flatMap((alert) => (alert.detectedAt >= period.from ? [{ id, alert, user, verdict }] : [])),
  );
  const reports = Math.min(alerts, current.filter(isOfMany).length);
  const persons = personRows(current, newPersons);
  const others = { suppressed: numberOf("suppressed"), inStorm: numberOf("inStorms"), excepted: numberOf("excepted") };
  return {
    schemaVersion: "1.0",
    kind: "report",
    source,
    anonymized: false,
    from: period.from,
    to,
    days: period.days,
    distanceKm: null,
    signIns: {
      all: null,
      failed: null,
      anonymous: numberOf("signIns"),
      anonymousFailed: numberOf("failed"),
      persons: persons.length,
    },
    outcomes: {
      matched: alerts - reports + others.suppressed + others.inStorm + others.excepted,
      alerted: alerts - reports,
      ...others,
      gathered: 0,
      reports,
    },
    alerts,
    severities: levels
      .toReversed()
      .map((severity) => ({ severity, alerts: numberOf(`severity#${severity}`) }))
      .filter((each) => each.alerts > 0),
    exits: tableOf([]),
    homes: [],
    calendar: names.map((day) => {
      const counts = days.get(day)?.numbers;
      return { day, hours: null, signIns: counts?.get("signIns") ?? 0, alerts: counts?.get("alerts") ?? 0 };
    }),
    kinds: networkKinds
      .map((kind) => ({ kind, signIns: numberOf(`kind#${kind}`), persons: null }))
      .filter(({ signIns }) => signIns > 0)
      .sort((a, b) => b.signIns - a.signIns),
    operators: tableOf(operatorRows(numbers), numberOf(otherName("operator"))),
    persons: tableOf(persons),
    detections: detectionRows({ period, incidents, detections, target }, numberOf),
    exceptions: proposalsOf(current, incidents, target),
    thresholds: null,
  };
}

interface KeptAlert extends Pick<Incident, "id" | "user" | "verdict"> {
  readonly alert: IncidentAlert;
}

/** Whether an alert is about a storm or gathered sign-ins, whose events are counted where they came in: it names no person. */
function isOfMany({ alert, user }: KeptAlert): boolean {
  return user === null && alert.storm !== null;
}

function operatorRows(numbers: ReadonlyMap<string, number>) {
  const prefix = "operator#";
  return [...numbers]
    .flatMap(([name, signIns]) =>
      name.startsWith(prefix) ? [{ operator: name.slice(prefix.length), signIns, persons: null }] : [],
    )
    .sort((a, b) => b.signIns - a.signIns);
}

/** The persons of alerts. */
function personRows(alerts: readonly KeptAlert[], newPersons: ReadonlySet<string>): readonly PersonRow[] {
  const byPerson = Map.groupBy(
    alerts.filter(({ user }) => user !== null),
    ({ user }) => user?.login ?? user?.id ?? user?.displayName ?? "unknown",
  );
  return [...byPerson]
    .map(([person, own]): PersonRow => {
      const days = own.map(({ alert }) => alert.detectedAt.slice(0, 10)).sort();
      const networks: NetworkCounts = new Map();
      for (const { alert } of own) {
        // An alert may be about what came through no anonymous network.
        if (alert.through === null) continue;
        const kinds = networkKinds.filter((kind) => alert.kinds.includes(kind));
        addNetwork(networks, { kinds, operators: alert.operator === null ? [] : [alert.operator] });
      }
      return {
        person,
        signIns: null,
        failed: null,
        alerts: own.length,
        far: null,
        farthestKm: null,
        first: days[0] ?? null,
        last: days.at(-1) ?? null,
        networks: gravestNetworks(networks),
        isNew: newPersons.has(person.toLowerCase()) || newPersons.has(person),
        isUsual: false,
      };
    })
    .sort((a, b) => b.alerts - a.alerts || (a.person < b.person ? -1 : 1));
}

function detectionRows(
  { period, incidents, detections, target }: Pick<HistorySources, "period" | "incidents" | "detections" | "target">,
  numberOf: (name: string) => number,
): readonly DetectionRow[] {
  const noise = new Map(noiseOf(incidents, period.from).map((each) => [each.id, each]));
  const kept = keptByRule(incidents, period);
  return [...new Set([...detections.keys(), ...kept.keys()])]
    .map((id): DetectionRow => {
      const own = noise.get(id);
      const { title = null, alerts: known = 0, persons = new Set() } = kept.get(id) ?? {};
      const alerts = Math.max(numberOf(nameOf("rule", id)), known);
      const week = alertsAWeek(alerts, period.days);
      const except = week < leastNoise ? null : (own?.except ?? null);
      const scope = except && advisedScope(except.scope);
      return {
        id,
        title: detections.get(id)?.title ?? title ?? id,
        level: detections.get(id)?.level ?? "informational",
        matches: null,
        alerts,
        alertsAWeek: week,
        persons: persons.size,
        remedy:
          except && scope && own
            ? {
                kind: "exception",
                scope,
                command: exceptionCommand(scope, target),
                covers: except.covers,
                of: own.alerts,
                ...shownInDoubt(except.inDoubt),
              }
            : null,
        doubt: week < leastNoise ? null : (own?.doubt ?? null),
      };
    })
    .filter(({ alerts }) => alerts > 0)
    .sort((a, b) => b.alerts - a.alerts || bySeverity(a.level, b.level));
}

function proposalsOf(
  alerts: readonly KeptAlert[],
  incidents: readonly Incident[],
  target: string,
): Report["exceptions"] {
  const tally = createProposalTally({ isJudged: true });
  for (const { alert, user, verdict } of alerts) {
    if (user === null || verdict?.verdict === "true-positive") continue;
    const { kinds, operator, asNumber, detections, eventType } = alert;
    tally.count({
      scoped: { alert: { kinds, operator, asNumber: asNumber || null }, user },
      detections: detections.map(({ id }) => id),
      isSession: eventType === sessionStart,
      isGrave: false,
      isFar: false,
    });
  }
  const attacks = alerts.filter(({ verdict }) => verdict?.verdict === "true-positive");
  return {
    rows: tally.propose(maximumProposals, incidents).map(({ scope, covers, persons, far, inDoubt }) => ({
      scope,
      command: exceptionCommand(scope, target),
      alerts: null,
      covers,
      persons,
      far,
      ...shownInDoubt(inDoubt),
    })),
    together: null,
    truePositives: countTruePositives(incidents),
    ...refusedRows([...tally.refusals(incidents), ...attacks.map(refusalOf)], target),
  };
}

/** Why no exception is proposed by an alert of a true positive. */
function refusalOf({ id, user }: KeptAlert): Refusal {
  return { doubt: { why: "true-positive", person: personOf(user), incident: id }, alerts: 1 };
}

interface KeptRule {
  readonly title: string;
  readonly alerts: number;
  readonly persons: ReadonlySet<string>;
}

/** What incidents keep of each detection in a period, true positives too. */
function keptByRule(incidents: readonly Incident[], { from }: Period): ReadonlyMap<string, KeptRule> {
  const named = incidents.flatMap(({ user, alerts }) =>
    alerts
      .filter(({ detectedAt }) => detectedAt >= from)
      .flatMap(({ detections }) => detections.map(({ id, title }) => ({ id, title, person: personOf(user) }))),
  );
  const byRule = [...Map.groupBy(named, ({ id }) => id)];
  return new Map(
    byRule.map(([id, all]) => [
      id,
      {
        title: all.at(-1)?.title ?? id,
        alerts: all.length,
        persons: new Set(all.flatMap(({ person }) => person ?? [])),
      },
    ]),
  );
}
