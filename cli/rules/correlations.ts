import { basename } from "node:path";
import type { FromFile } from "../../lambda/adapters/rule-files/load-detections.ts";
import { type EnabledOptions, isEnabled } from "../../lambda/core/detections/compile-rules.ts";
import type { Correlation } from "../../lambda/core/sigma/correlation.ts";
import type { Level } from "../../lambda/core/sigma/rule.ts";

/** The printed facts of a correlation. */
export interface CorrelationReport {
  readonly id: string;
  readonly level: Level;
  readonly title: string;
  readonly status: string | null;
  readonly file: string;
  /** Whether it would run with this setting. */
  readonly on: boolean;
  readonly type: string;
  readonly timespan: string;
  /** Fields and aliases. */
  readonly groupBy: readonly string[];
  readonly rules: readonly { readonly id: string; readonly title: string }[];
  /** Whether the rules yield results of their own beside the correlation's. */
  readonly generate: boolean;
}

/** Describes a correlation. */
export function describeCorrelation(
  { content, file }: FromFile<Correlation>,
  chosen: EnabledOptions,
): CorrelationReport {
  const { id, level, title, status, type, timespan, groupBy, rules, generate } = content;
  return {
    id,
    level,
    title,
    status,
    file: basename(file),
    on: isEnabled(content, chosen),
    type,
    timespan,
    groupBy: groupBy.map(({ name }) => name),
    rules: rules.map((rule) => ({ id: rule.id, title: rule.title })),
    generate,
  };
}

/** The lines about a correlation, for a terminal. */
export function writeCorrelation(report: CorrelationReport): string[] {
  const { id, level, title, status, file, on, type, timespan, groupBy, rules, generate } = report;
  return [
    `${level.padEnd(13)} ${on ? "on " : "off"}  ${title}${status === null || status === "stable" ? "" : ` (${status})`}`,
    `  ${id}  ${file}`,
    `    ${type} within ${timespan}, ${groupBy.length === 0 ? "of all events together" : `by ${groupBy.join(", ")}`}`,
    ...rules.map((rule) => `    of: ${rule.title}${generate ? "" : "  (no result of its own)"}`),
    "",
  ];
}
