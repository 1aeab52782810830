import type { Alert } from "../../lambda/core/alerts/alert-schema.ts";
import type { Incident } from "../../lambda/core/incidents/incident.ts";
import { countTruePositives } from "../../lambda/core/incidents/noise.ts";
import type { LogEvent } from "../../lambda/core/okta/log-event.ts";
import type { ProfileLocations } from "../../lambda/core/pipeline/ports.ts";
import { bySeverity } from "../../lambda/core/sigma/rule.ts";
import type { DetectionRow, Remedy, Report, ThresholdRow } from "../../pages/report/report.ts";
import { type AlertTally, sumOf } from "../backtest/alert-tally.ts";
import type { CorrelationCounts } from "../backtest/correlate.ts";
import { type MatchTally, userOf } from "../backtest/match-tally.ts";
import type { Replayed, ReplayOptions } from "../backtest/replay.ts";
import { exceptionCommand } from "../exceptions/command-line.ts";
import { createBoundedMap } from "./bounded-map.ts";
import { createFilterTally } from "./filters.ts";
import { measureVariants, type Variant } from "./measure.ts";
import { createProposalTally, maximumProposals, proposedAlert } from "./proposals.ts";
import { refusedRows, shownInDoubt } from "./refused-rows.ts";
import { createSignInTally } from "./sign-ins.ts";

/** The thresholds that a report compares, in kilometers, beside the current one. */
const comparedKm = [300, 500, 1_000];
/** A detection with fewer alerts a week is quiet. */
export const leastNoise = 5;

/** What a report is composed of, once all events are replayed. */
export interface ComposedOf {
  readonly source: string;
  readonly matches: MatchTally;
  readonly alerts: AlertTally;
  readonly correlations: ReadonlyMap<
    { readonly id: string; readonly title: string; readonly level: DetectionRow["level"] },
    CorrelationCounts
  >;
  /** The events that rules match, in order of time, from the start each time. */
  readonly inOrder: () => Iterable<LogEvent>;
  readonly deployment: ReplayOptions;
}

/** The settings of a report. */
export interface BacktestReportOptions {
  /** Whether a login is one of the org. */
  readonly isLogin: (login: string) => boolean;
  /** Null where no profile location is given. */
  readonly locations: ProfileLocations | null;
  /** Kilometers. */
  readonly distanceKm: number;
  /** Incidents with verdicts; null where none are given. */
  readonly incidents: readonly Incident[] | null;
}

/** A report in the making. */
export type BacktestReport = ReturnType<typeof createBacktestReport>;

/** Collects a report while a backtest reads and replays events, each once. */
export function createBacktestReport(options: BacktestReportOptions) {
  const { isLogin, locations, distanceKm, incidents } = options;
  const signIns = createSignInTally({ nameOf: (event) => userOf(event, isLogin), locations, distanceKm });
  const proposals = createProposalTally();
  const filters = createFilterTally(isLogin);
  const alertsByRule = createBoundedMap<string, { alerts: number }>(10_000, () => ({ alerts: 0 }));
  const judged = incidents ?? [];
  const attackedRules = new Set(
    (incidents ?? [])
      .filter(({ verdict }) => verdict?.verdict === "true-positive")
      .flatMap(({ alerts }) => alerts.flatMap(({ detections }) => detections.map(({ id }) => id))),
  );
  /** Alerts beyond the threshold. */
  let far = 0;
  const countAlert = (event: LogEvent, alert: Alert, isReport: boolean) => {
    signIns.countAlert(event, alert, isReport);
    if (alert.geo.verdict === "mismatch") far += 1;
    const proposed = proposedAlert(alert);
    for (const { id } of alert.detections) {
      const counts = alertsByRule.of(id);
      if (counts !== null) counts.alerts += 1;
      if (!isReport || proposed.isGrave) filters.count(id, event, proposed.isGrave);
    }
    if (!isReport) proposals.count(proposed);
    else if (proposed.isGrave) proposals.suspect(proposed.scoped);
  };
  return {
    countEvent: signIns.countEvent,
    countReplayed({ event, alert, isReport, result }: Replayed) {
      if (alert !== null && result !== "duplicate") countAlert(event, alert, isReport);
    },
    /** Measures what is proposed, and composes the report. */
    async compose({ source, matches, alerts, correlations, inOrder, deployment }: ComposedOf): Promise<Report> {
      const summary = signIns.summary();
      const outcomes = sumOf(alerts.weeks.values());
      const proposed = proposals.propose(maximumProposals, judged);
      const otherKm = locations === null ? [] : comparedKm.filter((km) => km !== distanceKm);
      const variants: readonly Variant[] = [
        ...proposed.map(({ scope }) => ({ exceptions: [scope], distanceKm })),
        { exceptions: proposed.map(({ scope }) => scope), distanceKm },
        ...otherKm.map((km) => ({ exceptions: [], distanceKm: km })),
      ];
      const isMeasured = proposed.length + otherKm.length > 0;
      const measured = isMeasured ? await measureVariants(inOrder(), variants, deployment) : [];
      const remedyOf = (rule: { readonly id: string; readonly title: string }, count: number): Remedy | null => {
        if (alertsAWeek(count, summary.days) < leastNoise) return null;
        const exception = proposals.proposeFor(rule.id, judged);
        if (exception !== null && exception.covers >= count / 2) {
          const { scope, covers, inDoubt } = exception;
          const command = exceptionCommand(scope);
          return { kind: "exception", scope, command, covers, of: count, ...shownInDoubt(inDoubt) };
        }
        return attackedRules.has(rule.id) ? null : filters.propose(rule, count);
      };
      const rowOf = (
        rule: Pick<DetectionRow, "id" | "title" | "level">,
        found: number,
        persons: number,
      ): DetectionRow => {
        const count = alertsByRule.of(rule.id)?.alerts ?? 0;
        return {
          id: rule.id,
          title: rule.title,
          level: rule.level,
          matches: found,
          alerts: count,
          alertsAWeek: alertsAWeek(count, summary.days),
          persons,
          remedy: remedyOf(rule, count),
          doubt: null,
        };
      };
      const rules = [...matches.byRule].map(([rule, counts]) => rowOf(rule, counts.matches, counts.users.size));
      const fired = [...correlations].map(([each, { firings, groups }]) => rowOf(each, firings, groups.size));
      const total = outcomes.alerted + outcomes.reports;
      const thresholds: ThresholdRow[] = [
        { km: distanceKm, isCurrent: true, far, alerts: total },
        ...otherKm.map((km, index) => {
          const { far: beyond = 0, alerts: sent = 0 } = measured[proposed.length + 1 + index] ?? {};
          return { km, isCurrent: false, far: beyond, alerts: sent };
        }),
      ];
      return {
        schemaVersion: "1.0",
        kind: "report",
        source,
        anonymized: false,
        distanceKm: locations === null ? null : distanceKm,
        ...summary,
        outcomes,
        alerts: total,
        severities: [...alerts.severities]
          .map(([severity, count]) => ({ severity, alerts: count }))
          .sort((a, b) => bySeverity(a.severity, b.severity)),
        detections: [...rules, ...fired]
          .filter((row) => (row.matches ?? 0) > 0)
          .sort((a, b) => b.alerts - a.alerts || bySeverity(a.level, b.level) || (b.matches ?? 0) - (a.matches ?? 0)),
        exceptions: {
          rows: proposed.map(({ scope, covers, persons, far, inDoubt }, index) => {
            const left = measured[index]?.alerts ?? null;
            return {
              scope,
              command: exceptionCommand(scope),
              alerts: left,
              // One number in the JSON and on the page.
              covers: left === null ? covers : total - left,
              persons,
              far,
              ...shownInDoubt(inDoubt),
            };
          }),
          together: proposed.length === 0 ? null : (measured[proposed.length]?.alerts ?? null),
          truePositives: incidents === null ? null : countTruePositives(incidents),
          ...refusedRows(proposals.refusals(judged), ""),
        },
        thresholds: locations === null ? null : thresholds.sort((a, b) => a.km - b.km),
      };
    },
  };
}

/** Alerts in seven days. Those of fewer days are all in one week: nothing is extrapolated. */
export function alertsAWeek(alerts: number, days: number): number {
  return (alerts * 7) / Math.max(days, 7);
}
