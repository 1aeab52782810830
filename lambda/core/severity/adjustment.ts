import type { CompiledRule } from "../sigma/compile.ts";
import type { Enrichment } from "../sigma/field.ts";
import { type Level, levels } from "../sigma/rule.ts";

/** The effect of an adjustment: a level, or one step down or up. */
export const changes = [...levels, "lower", "raise"] as const;
export type SeverityChange = (typeof changes)[number];

/** An adjustment of `severity.yml`, compiled. */
export interface SeverityAdjustment {
  readonly compiled: CompiledRule;
  readonly change: SeverityChange;
}

/** An adjustment that changed an alert's severity. */
export interface AppliedAdjustment {
  readonly title: string;
  readonly from: Level;
  readonly to: Level;
}

/**
 * Adjusts the severity of an alert, one adjustment after the other.
 *
 * @param from the highest level among the alert's detections
 * @returns the adjustments that changed it, in this order; the last one's `to` is the severity
 */
export function adjustSeverity(
  from: Level,
  adjustments: readonly SeverityAdjustment[],
  event: unknown,
  enrichment: Enrichment,
): readonly AppliedAdjustment[] {
  const applied: AppliedAdjustment[] = [];
  let level = from;
  for (const { compiled, change } of adjustments) {
    // An unknown condition adjusts nothing.
    if (compiled.evaluate(event, enrichment) !== true) continue;
    const to = apply(change, level);
    if (to !== level) applied.push({ title: compiled.rule.title, from: level, to });
    level = to;
  }
  return applied;
}

function apply(change: SeverityChange, level: Level): Level {
  if (change !== "lower" && change !== "raise") return change;
  const next = levels[levels.indexOf(level) + (change === "lower" ? -1 : 1)];
  return next ?? level;
}
