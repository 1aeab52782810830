import { basename } from "node:path";
import type { FromFile } from "../../lambda/adapters/rule-files/load-detections.ts";
import { type EnabledOptions, isEnabled } from "../../lambda/core/detections/compile-rules.ts";
import type { EventType } from "../../lambda/core/okta/event-types.ts";
import type { Correlation } from "../../lambda/core/sigma/correlation.ts";
import type { Level } from "../../lambda/core/sigma/rule.ts";
import type { CorrelationLoad } from "./correlation-load.ts";
import { type CoveringDetections, eventTypesOfCorrelation } from "./coverage.ts";

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
  /** The pack that switches it on; null for none. */
  readonly pack: string | null;
  /** The event types of its rules, at any depth; null where one of them names none. */
  readonly eventTypes: readonly EventType[] | null;
  /** What it costs a day, its share of items that have groups of others, too; null where that is not asked for. */
  readonly load: CorrelationLoad | null;
}

/** Describes a correlation. */
export function describeCorrelation(
  { content, file }: FromFile<Correlation>,
  detections: CoveringDetections,
  chosen: EnabledOptions,
  loads: ReadonlyMap<string, CorrelationLoad> | null,
): CorrelationReport {
  const { id, level, title, status, type, timespan, groupBy, rules, generate, pack } = content;
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
    pack,
    eventTypes: eventTypesOfCorrelation(content, detections),
    load: loads?.get(id) ?? null,
  };
}

/** The lines about a correlation, for a terminal. */
export function writeCorrelation(report: CorrelationReport): string[] {
  const { id, level, title, status, file, on, type, timespan, groupBy, rules, generate, pack, eventTypes, load } =
    report;
  const byHook = eventTypes?.filter(({ hookEligible }) => hookEligible !== false) ?? [];
  const logOnly = eventTypes?.filter(({ hookEligible }) => hookEligible === false) ?? [];
  const namesOf = (types: readonly EventType[]) => types.map(({ name }) => name).join(", ");
  const number = (count: number) => count.toLocaleString("en-US");
  return [
    `${level.padEnd(13)} ${on ? "on " : "off"}  ${title}${status === null || status === "stable" ? "" : ` (${[status, pack].filter(Boolean).join(", ")})`}`,
    `  ${id}  ${file}`,
    `    ${type} within ${timespan}, ${groupBy.length === 0 ? "of all events together" : `by ${groupBy.join(", ")}`}`,
    ...rules.map((rule) => `    of: ${rule.title}${generate ? "" : "  (no result of its own)"}`),
    ...(eventTypes === null ? ["    needs every event type"] : []),
    ...(byHook.length === 0 ? [] : [`    needs of the hook: ${namesOf(byHook)}`]),
    ...(logOnly.length === 0 ? [] : [`    needs of the System Log, which no hook delivers: ${namesOf(logOnly)}`]),
    ...(load === null ? [] : [`    a day: ${number(load.reads)} reads and ${number(load.writes)} writes, its share`]),
    "",
  ];
}
