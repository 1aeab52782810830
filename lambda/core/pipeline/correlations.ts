import type { CorrelationPlan, Firing } from "../correlation/correlate.ts";
import { asksForComparison } from "../detections/enriched-fields.ts";
import type { Correlation } from "../sigma/correlation.ts";
import type { Candidate } from "./match.ts";
import type { Work } from "./work.ts";

/** The correlations that run. */
export interface RunningCorrelations {
  readonly plan: CorrelationPlan;
  /** The ids of rules and correlations that yield no detections of their own. */
  readonly silent: ReadonlySet<string>;
}

/** The correlations of a pipeline; null for none. */
export interface WithCorrelations {
  readonly correlations: RunningCorrelations | null;
}

/** Whether a detection by this rule or correlation is one that the work is for. */
export function isWanted(id: string, { rules }: Pick<Work, "rules">, { correlations }: WithCorrelations): boolean {
  return rules === null ? correlations?.silent.has(id) !== true : rules.includes(id);
}

/** Whether some rule that matches, or may match, yields a detection that the work is for. */
export function isReported({ rules }: Candidate, work: Pick<Work, "rules">, ports: WithCorrelations): boolean {
  return rules.some(({ rule }) => isWanted(rule.id, work, ports));
}

/**
 * Whether some rule is expected to yield a detection that the work is for: it matches, or may match by the user's location. A rule that
 * waits for a comparison is not: few persons travel so fast, and few sessions change.
 */
export function isExpected({ rules, certain }: Candidate, work: Pick<Work, "rules">, ports: WithCorrelations): boolean {
  return rules.some(
    (each) => isWanted(each.rule.id, work, ports) && (certain.includes(each) || !asksForComparison(each.rule)),
  );
}

/** Whether an event takes part in a correlation. A test is nothing that its user did. */
export function isCorrelated({ event, rules }: Candidate, { correlations }: WithCorrelations): boolean {
  return correlations !== null && !event.isTest && rules.some(({ rule }) => correlations.plan.partsOf.has(rule.id));
}

/** An event's part in correlations and comparisons, for reconciliation: `only` where no alert of its own is expected. */
export function partInCorrelations(candidate: Candidate, ports: WithCorrelations): "none" | "beside" | "only" {
  const isPart = isCorrelated(candidate, ports) || candidate.rules.some(({ rule }) => asksForComparison(rule));
  if (!isPart) return "none";
  return isExpected(candidate, { rules: null }, ports) ? "beside" : "only";
}

/** The correlation of this id; undefined where none runs. */
export function findCorrelation(id: string, { correlations }: WithCorrelations): Correlation | undefined {
  return correlations?.plan.correlations.find((each) => each.id === id);
}

/** The ids of the correlations that rules or correlations take part in, at any depth, and that yield detections. */
export function correlationsOver(ids: Iterable<string>, { correlations }: WithCorrelations): readonly string[] {
  if (correlations === null) return [];
  const { plan, silent } = correlations;
  const found = new Set<string>(ids);
  const given = new Set(found);
  // A set yields what is added to it while it is read: correlations over correlations.
  for (const id of found) for (const { correlation } of plan.partsOf.get(id) ?? []) found.add(correlation.id);
  return [...found].filter((id) => !given.has(id) && !silent.has(id));
}

/** The ids of the rules whose matches correlations need, at any depth. */
export function rulesBelow(ids: Iterable<string>, ports: WithCorrelations): ReadonlySet<string> {
  const found = new Set<string>(ids);
  for (const id of found) for (const part of findCorrelation(id, ports)?.rules ?? []) found.add(part.id);
  return found;
}

/** Orders firings of one event: the earliest first. An alert names one of each correlation. */
export function firstOfEach(firings: readonly Firing[]): readonly Firing[] {
  const ofCorrelation = new Map<string, Firing>();
  for (const firing of firings.toSorted((one, other) => one.at - other.at)) {
    if (!ofCorrelation.has(firing.correlation.id)) ofCorrelation.set(firing.correlation.id, firing);
  }
  return [...ofCorrelation.values()];
}

/** What tells a new firing from all others, for the window of its alert. */
export function namesOfFirings(detections: readonly { readonly firing?: Firing | null }[]): readonly string[] {
  return detections.flatMap(({ firing }) =>
    firing ? [`${firing.correlation.id} ${firing.slot} ${JSON.stringify(firing.group)}`] : [],
  );
}

/** The ids of the correlations that fired. */
export function firedOf(detections: readonly { readonly firing?: Firing | null }[]): readonly string[] {
  return detections.flatMap(({ firing }) => (firing ? [firing.correlation.id] : []));
}
