import { type CorrelationPlan, correlate, type Firing } from "../../lambda/core/correlation/correlate.ts";
import type { GroupState } from "../../lambda/core/correlation/group-state.ts";
import { type LogEvent, publishedTime } from "../../lambda/core/okta/log-event.ts";
import type { RuleDecision } from "../../lambda/core/pipeline/judge.ts";
import type { Correlation } from "../../lambda/core/sigma/correlation.ts";
import { isScalar, parsePath, readField } from "../../lambda/core/sigma/field.ts";
import { bySeverity } from "../../lambda/core/sigma/rule.ts";
import { formatCount, plural } from "../../lambda/core/text/shorten.ts";

/** The firings of one correlation. */
export interface CorrelationCounts {
  firings: number;
  /** Groups of which it fired. */
  readonly groups: Set<string>;
  /** Events that took no part, as they lack a field that it groups by or reads. */
  without: number;
}

/** Evaluates correlations over events in order of time. */
export interface BacktestCorrelator {
  /** Takes the next event, with the decision about the rules; returns the lines of the correlations that fire. */
  readonly take: (event: LogEvent, decision: RuleDecision) => readonly string[];
  readonly counts: ReadonlyMap<Correlation, CorrelationCounts>;
  /** The number of groups that are in memory. */
  readonly groups: () => number;
}

/** Events between two looks for groups that are over. */
const sweepAfter = 10_000;

/**
 * Evaluates correlations with the code that the functions will run, its states in memory. A group is forgotten once no
 * further event can reach its windows, so that memory is bounded by the groups of two timespans.
 *
 * @param silent the ids of correlations that yield no results of their own
 */
export function createBacktestCorrelator(plan: CorrelationPlan, silent: ReadonlySet<string>): BacktestCorrelator {
  const states = new Map<string, GroupState>();
  const counts = new Map(
    plan.correlations.map((each): [Correlation, CorrelationCounts] => [
      each,
      { firings: 0, groups: new Set(), without: 0 },
    ]),
  );
  const timespans = new Map(plan.correlations.map(({ id, milliseconds }) => [id, milliseconds]));
  let taken = 0;

  const forget = (now: number) => {
    for (const [key, { slots }] of states) {
      const [id = ""] = JSON.parse(key) as readonly string[];
      const newest = slots.at(-1)?.entries.at(-1)?.at ?? 0;
      if (newest < now - 2 * (timespans.get(id) ?? 0)) states.delete(key);
    }
  };

  return {
    counts,
    groups: () => states.size,
    take({ uuid, published, received }, { detections, enrichment }) {
      const at = publishedTime(published);
      taken += 1;
      if (taken % sweepAfter === 0) forget(at);
      const rules = detections.map(({ rule }) => rule.id);
      const valuesOf = (field: string): readonly string[] =>
        readField(received, parsePath(field), enrichment).values.filter(isScalar).map(String);
      const { firings, without } = correlate(plan, { uuid, at, rules, valuesOf }, states);
      for (const each of without) {
        const ofCorrelation = counts.get(each);
        if (ofCorrelation !== undefined) ofCorrelation.without += 1;
      }
      for (const { correlation, group } of firings) {
        const ofCorrelation = counts.get(correlation);
        if (ofCorrelation === undefined) continue;
        ofCorrelation.firings += 1;
        ofCorrelation.groups.add(JSON.stringify(group));
      }
      return firings
        .filter(({ correlation }) => !silent.has(correlation.id))
        .map((firing) => JSON.stringify(lineOf(firing)));
    },
  };
}

/** The line of a firing: that of a match, with what came together. */
function lineOf({ correlation, group, event, window }: Firing) {
  const { id, title, level, type, timespan, groupBy, rules } = correlation;
  return {
    rule: id,
    title,
    level,
    event,
    correlation: {
      type,
      groupBy: Object.fromEntries(groupBy.map(({ name }, index) => [name, group[index] ?? ""])),
      timespan,
      events: window.map((entry) => ({
        eventUuid: entry.event,
        published: new Date(entry.at).toISOString(),
        rule: { id: rules[entry.rule]?.id ?? "", title: rules[entry.rule]?.title ?? "" },
      })),
    },
  };
}

/**
 * The table of correlations, for a terminal.
 *
 * @param withEvery whether those that did not fire are listed, too
 */
export function correlationTable(counts: ReadonlyMap<Correlation, CorrelationCounts>, withEvery: boolean): string[] {
  if (counts.size === 0) return [];
  const rows = [...counts]
    .filter(([, { firings }]) => withEvery || firings > 0)
    .sort(([first, a], [second, b]) => b.firings - a.firings || bySeverity(first.level, second.level));
  const left = counts.size - rows.length;
  const others = left === 0 ? [] : [`${plural(left, "correlation")} that did not fire: --all lists each`];
  if (rows.length === 0) return others;
  const column = (text: string, width = 10) => text.padStart(width);
  return [
    "Correlations, at most once for each group in a timespan:",
    `${column("fired")} ${column("groups", 8)}  ${"level".padEnd(13)} correlation`,
    ...rows.map(
      ([{ level, title }, { firings, groups }]) =>
        `${column(formatCount(firings))} ${column(formatCount(groups.size), 8)}  ${level.padEnd(13)} ${title}`,
    ),
    ...others,
    ...rows
      .filter(([, { without }]) => without > 0)
      .map(
        ([{ title }, { without }]) =>
          `${plural(without, "event")} took no part in "${title}": ${without === 1 ? "it lacks" : "they lack"} a field that it groups by or reads`,
      ),
  ];
}
