import { compileRules, isEnabled } from "../../core/detections/compile-rules.ts";
import { rules } from "../../core/detections/rules.ts";
import type { RuleSet } from "../../core/sigma/rule-set.ts";
import type { PipelineConfig } from "../config/pipeline.ts";

/** Compiles the detections that run. Experimental ones are loaded only where a setting may switch one on. */
export async function enabledRules({ experimentalDetections: experimental, packs }: PipelineConfig): Promise<RuleSet> {
  const { experimentalRules } =
    experimental || packs.length > 0
      ? await import("../../core/detections/experimental-rules.ts")
      : { experimentalRules: [] };
  return compileRules([...rules, ...experimentalRules].filter((rule) => isEnabled(rule, { experimental, packs })));
}
