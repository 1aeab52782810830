/**
 * The metrics that are sent to CloudWatch: those of alarms and failures, or all. Other values are properties of the
 * same log line, where queries find them.
 */
export type MetricSet = (typeof metricSets)[number];

/** The sets, the smallest first. */
export const metricSets = ["essential", "full"] as const;

/** The default set. */
export const defaultMetricSet: MetricSet = "essential";

/**
 * Metrics that have values in normal operation, and that no alarm uses. CloudWatch charges a metric for each hour in
 * which it has a value: metrics of failures cost nothing while none happens.
 */
const details =
  /^(?:Deliveries|EventsReconciled|CorrelationsReconciled|ReconciliationLag|UnknownLocations|Excepted|Suppressed|InStorm|Gathered|Duplicates|EventsObserved|EventsWithoutGroup)$|^(?:EventsReceived|Matches|RefusedRequests)_|Duration$/;

/** Whether a metric is one of a set. */
export function isInSet(name: string, set: MetricSet): boolean {
  return set === "full" || !details.test(name);
}
