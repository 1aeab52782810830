import { type ChosenDetections, chooseCorrelated } from "../../core/detections/choose-correlated.ts";
import { compileRules } from "../../core/detections/compile-rules.ts";
import { standardDetections } from "../../core/detections/standard-detections.ts";
import type { RuleSet } from "../../core/sigma/rule-set.ts";
import type { PipelineConfig } from "../config/pipeline.ts";

/** The detections that run. */
export interface EnabledDetections extends Pick<ChosenDetections, "correlations" | "silent"> {
  /** The rules that events are matched with, also those that yield no detections of their own. */
  readonly rules: RuleSet;
}

/** Compiles the detections that run. Experimental ones are loaded only where a setting may switch one on. */
export async function enabledDetections({
  experimentalDetections: experimental,
  packs,
}: PipelineConfig): Promise<EnabledDetections> {
  const all = [standardDetections];
  if (experimental || packs.length > 0) {
    const { experimentalDetections } = await import("../../core/detections/experimental-detections.ts");
    all.push(experimentalDetections);
  }
  const contents = {
    rules: all.flatMap(({ rules }) => rules),
    correlations: all.flatMap(({ correlations }) => correlations),
  };
  const { evaluated, correlations, silent } = chooseCorrelated(contents, { experimental, packs });
  return { rules: await compileRules(evaluated), correlations, silent };
}
