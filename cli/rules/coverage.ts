import { basename } from "node:path";
import type { Detections, FromFile } from "../../lambda/adapters/rule-files/load-detections.ts";
import { partIdsOf, withInner } from "../../lambda/core/detections/choose-correlated.ts";
import { type EnabledOptions, isEnabled } from "../../lambda/core/detections/compile-rules.ts";
import { indexField } from "../../lambda/core/detections/log-source.ts";
import { type EventType, findEventType } from "../../lambda/core/okta/event-types.ts";
import type { Correlation } from "../../lambda/core/sigma/correlation.ts";
import { requirementsOf } from "../../lambda/core/sigma/requirements.ts";
import type { Level, Rule } from "../../lambda/core/sigma/rule.ts";

type Way = "hook" | "System Log";

/** What a rule or correlation covers. */
export interface Coverage {
  /** The behaviour that it finds: its title, without the product's name. */
  readonly behaviour: string;
  readonly id: string;
  /** Whether it holds of several events. */
  readonly isCorrelation: boolean;
  readonly file: string;
  readonly level: Level;
  readonly pack: string | null;
  /** Whether it runs, by the settings. */
  readonly on: boolean;
  /** Null for a rule that names none, and so is asked of every event. */
  readonly eventTypes: readonly EventType[] | null;
  /** How its events reach it: an event hook delivers them, or reconciliation and the log stream bring them. */
  readonly ways: readonly Way[];
  /** Techniques of ATT&CK: `T1078.004`. */
  readonly techniques: readonly string[];
}

/** Rules and correlations, and their files. */
export type CoveringDetections = Pick<Detections, "rules" | "correlations">;

/**
 * What rules and correlations cover, those that run first, then by pack and behaviour; without those that are evaluated
 * for correlations alone.
 */
export function coverageOf(detections: CoveringDetections, chosen: EnabledOptions): readonly Coverage[] {
  const { rules, correlations } = detections;
  const describe = (
    { content, file }: FromFile<Rule | Correlation>,
    eventTypes: Coverage["eventTypes"],
    isCorrelation: boolean,
  ): Coverage => ({
    behaviour: content.title.replace(/^Okta /, ""),
    id: content.id,
    isCorrelation,
    file: basename(file),
    level: content.level,
    pack: content.pack,
    on: isEnabled(content, chosen),
    eventTypes,
    ways: waysOf(eventTypes),
    techniques: content.tags.flatMap((tag) => /^attack\.(t\d{4}(?:\.\d{3})?)$/.exec(tag)?.[1]?.toUpperCase() ?? []),
  });
  const isStep = createStepCheck(detections);
  return [
    ...rules.filter(({ content }) => !isStep(content)).map((rule) => describe(rule, eventTypesOf(rule.content), false)),
    ...correlations
      .filter(({ content }) => !isStep(content))
      .map((each) => describe(each, eventTypesOfCorrelation(each.content, detections), true)),
  ].sort(
    (a, b) =>
      Number(b.on) - Number(a.on) ||
      (a.on ? 0 : (a.pack ?? "").localeCompare(b.pack ?? "")) ||
      a.behaviour.localeCompare(b.behaviour),
  );
}

/**
 * Tells the steps of correlations: rules and correlations that others refer to, and that no setting but
 * `experimentalDetections` switches on.
 */
export function createStepCheck({ correlations }: CoveringDetections): (content: Rule | Correlation) => boolean {
  const related = new Set(correlations.flatMap(({ content }) => content.rules.map(({ id }) => id)));
  return ({ id, status, pack }) => status === "experimental" && pack === null && related.has(id);
}

/** The event types that a rule names; null for a rule that names none. */
export function eventTypesOf(rule: Rule): readonly EventType[] | null {
  const named = requirementsOf(rule).get(indexField.toLowerCase());
  return named === undefined ? null : [...named.values()].map(findEventType);
}

/** The event types of the rules of a correlation, at any depth; null where one of them names none. */
export function eventTypesOfCorrelation(
  correlation: Correlation,
  detections: CoveringDetections,
): readonly EventType[] | null {
  const found = new Map<string, EventType>();
  for (const rule of rulesOfCorrelation(correlation, detections)) {
    const types = eventTypesOf(rule);
    if (types === null) return null;
    for (const type of types) found.set(type.name, type);
  }
  return [...found.values()];
}

/** The rules of a correlation, at any depth, each once. */
export function rulesOfCorrelation(
  correlation: Correlation,
  { rules, correlations }: CoveringDetections,
): readonly Rule[] {
  const all = withInner(
    [correlation],
    correlations.map(({ content }) => content),
  );
  const ids = partIdsOf(all);
  return rules.map(({ content }) => content).filter(({ id }) => ids.has(id));
}

function waysOf(eventTypes: readonly EventType[] | null): readonly Way[] {
  if (eventTypes === null) return ["hook", "System Log"];
  const byHook = eventTypes.some(({ hookEligible }) => hookEligible !== false);
  const byLog = eventTypes.some(({ hookEligible }) => hookEligible === false);
  return [...(byHook ? (["hook"] as const) : []), ...(byLog ? (["System Log"] as const) : [])];
}

/** The coverage for a terminal. */
export function writeCoverage(coverage: readonly Coverage[]): string {
  const width = Math.max(0, ...coverage.map(({ behaviour }) => behaviour.length));
  const lines = coverage.map(({ behaviour, on, level, pack, ways, techniques }) =>
    [
      on ? "on " : "off",
      behaviour.padEnd(width),
      level.padEnd(13),
      (pack ?? "").padEnd(10),
      ways.join(" and ").padEnd(19),
      techniques.join(" "),
    ]
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n\n${coverage.filter(({ on }) => on).length} of ${coverage.length} rules and correlations are on.\n`;
}

/** The event types that rules which run need of a hook, and that no hook of these subscribes to. */
export function missingEventTypes(
  coverage: readonly Coverage[],
  hooks: readonly { readonly eventTypes: readonly string[] }[],
): readonly { readonly eventType: string; readonly behaviours: readonly string[] }[] {
  const subscribed = new Set(hooks.flatMap(({ eventTypes }) => eventTypes.map((name) => name.toLowerCase())));
  const missing = new Map<string, string[]>();
  for (const { behaviour, on, eventTypes } of coverage) {
    if (!on) continue;
    for (const { name, hookEligible } of eventTypes ?? []) {
      if (hookEligible === false || subscribed.has(name.toLowerCase())) continue;
      missing.set(name, [...(missing.get(name) ?? []), behaviour]);
    }
  }
  return [...missing].sort().map(([eventType, behaviours]) => ({ eventType, behaviours }));
}
