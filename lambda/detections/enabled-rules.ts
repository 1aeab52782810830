import type { PipelineConfig } from "../config.ts";
import type { RuleSet } from "../sigma/rule-set.ts";
import { compileRules, isEnabled } from "./compile-rules.ts";
import { rules } from "./rules.ts";

let compiled: Promise<RuleSet> | undefined;

/** The detections that run, compiled once: the settings of a function do not change. */
export function enabledRules({ experimentalDetections: experimental }: PipelineConfig): Promise<RuleSet> {
  compiled ??= compileRules(rules.filter((rule) => isEnabled(rule, { experimental })));
  return compiled;
}
