/**
 * Which metrics CloudWatch is given: those that alarms look at and that tell of trouble, or all of them. What is no metric is a
 * property of the same log line, where queries find it.
 */
export type MetricSet = (typeof metricSets)[number];

/** The sets, the smallest first. */
export const metricSets = ["essential", "full"] as const;

/** The set, unless another is asked for. */
export const defaultMetricSet: MetricSet = "essential";

/**
 * Metrics that have values while nothing is wrong, and that no alarm looks at. CloudWatch charges a metric for each hour in which
 * it has a value: what tells of trouble costs nothing without it.
 */
const details =
  /^(?:Deliveries|EventsReconciled|ReconciliationLag|UnknownLocations|Excepted|Suppressed|Duplicates)$|^(?:EventsReceived|Matches|RefusedRequests)_|Duration$/;

/** Whether a metric is one of a set. */
export function isInSet(name: string, set: MetricSet): boolean {
  return set === "full" || !details.test(name);
}
