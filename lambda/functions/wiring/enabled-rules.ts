import { compileRules, isEnabled } from "../../core/detections/compile-rules.ts";
import { rules } from "../../core/detections/rules.ts";
import type { RuleSet } from "../../core/sigma/rule-set.ts";
import type { PipelineConfig } from "../config/pipeline.ts";

/** Compiles the detections that run. */
export function enabledRules({ experimentalDetections: experimental, packs }: PipelineConfig): Promise<RuleSet> {
  return compileRules(rules.filter((rule) => isEnabled(rule, { experimental, packs })));
}
