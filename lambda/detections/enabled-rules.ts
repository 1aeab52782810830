import type { PipelineConfig } from "../config.ts";
import type { RuleSet } from "../sigma/rule-set.ts";
import { compileRules, isEnabled } from "./compile-rules.ts";
import { rules } from "./rules.ts";

/** Compiles the detections that run. */
export function enabledRules({ experimentalDetections: experimental }: PipelineConfig): Promise<RuleSet> {
  return compileRules(rules.filter((rule) => isEnabled(rule, { experimental })));
}
