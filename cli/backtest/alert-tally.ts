import type { Exception } from "../../lambda/core/exceptions/exception.ts";
import { type LogEvent, publishedTime } from "../../lambda/core/okta/log-event.ts";
import type { Level } from "../../lambda/core/sigma/rule.ts";
import type { Replayed } from "./replay.ts";

/**
 * The results of events that rules match. Each event has one result: `matched` is the sum of the others but for
 * `reports`.
 */
export interface AlertCounts {
  matched: number;
  /** Events with an alert of their own. */
  alerted: number;
  suppressed: number;
  /** Failed attempts of storms, which reports tell of. */
  inStorm: number;
  /** Sign-ins of many persons from one source, which reports tell of. */
  gathered: number;
  excepted: number;
  /** Alerts beside those of single events: about storms and gathered sign-ins. */
  reports: number;
}

/** The results of the pipeline for an export. */
export interface AlertTally {
  /** By the day that a week starts on, a Monday (`2026-11-23`, UTC). */
  readonly weeks: Map<string, AlertCounts>;
  readonly severities: Map<Level, number>;
  /** Events that each exception covers, fully or in part, regardless of other exceptions. */
  readonly exceptions: Map<Exception, number>;
  /** The number of events that the pipeline cannot handle, and the error of the first. */
  failed: number;
  firstError: string | null;
}

/** An empty tally for a replay with these exceptions. */
export function createAlertTally(exceptions: readonly Exception[]): AlertTally {
  return {
    weeks: new Map(),
    severities: new Map(),
    exceptions: new Map(exceptions.map((each) => [each, 0])),
    failed: 0,
    firstError: null,
  };
}

/** Counts the result of an event. */
export function countReplayed(tally: AlertTally, { event, result, isReport, sent, exceptions, error }: Replayed): void {
  if (result === "duplicate") return;
  const week = weekOf(event);
  const counts = tally.weeks.get(week) ?? noCounts();
  tally.weeks.set(week, counts);
  for (const each of exceptions) tally.exceptions.set(each, (tally.exceptions.get(each) ?? 0) + 1);
  if (sent !== null) tally.severities.set(sent.severity, (tally.severities.get(sent.severity) ?? 0) + 1);
  if (isReport) {
    counts.reports += 1;
    return;
  }
  if (result === "failed") {
    tally.failed += 1;
    tally.firstError ??= `${event.uuid}: ${error instanceof Error ? error.message : String(error)}`;
    return;
  }
  counts.matched += 1;
  counts[result] += 1;
}

function noCounts(): AlertCounts {
  return { matched: 0, alerted: 0, suppressed: 0, inStorm: 0, gathered: 0, excepted: 0, reports: 0 };
}

/** The sum over some weeks. */
export function sumOf(weeks: Iterable<AlertCounts>): AlertCounts {
  const sum = noCounts();
  for (const counts of weeks) {
    for (const name of Object.keys(sum) as (keyof AlertCounts)[]) sum[name] += counts[name];
  }
  return sum;
}

const day = 86_400_000;

/** The Monday before an event, in UTC, as ISO 8601 starts weeks. */
function weekOf({ published }: LogEvent): string {
  const time = publishedTime(published);
  const sinceMonday = (new Date(time).getUTCDay() + 6) % 7;
  return new Date(time - sinceMonday * day).toISOString().slice(0, 10);
}
