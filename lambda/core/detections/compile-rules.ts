import { type CompiledItem, compileRule, usesRegex } from "../sigma/compile.ts";
import type { Rule } from "../sigma/rule.ts";
import { createRuleSet, type RuleSet } from "../sigma/rule-set.ts";
import { indexField } from "./log-source.ts";

/** Which rules run. */
export interface EnabledOptions {
  /** Whether rules with `status: experimental` run. */
  readonly experimental: boolean;
}

/** Whether a rule runs. Rules that are deprecated or unsupported never do. */
export function isEnabled({ status }: Rule, { experimental }: EnabledOptions): boolean {
  if (status === "deprecated" || status === "unsupported") return false;
  return experimental || status !== "experimental";
}

/** Compiles rules into a set. The engine for regular expressions is loaded only when a rule holds one. */
export async function compileRules(rules: readonly Rule[]): Promise<RuleSet> {
  const { compileRegex } = rules.some(usesRegex) ? await import("../sigma/regex.ts") : {};
  const shared = new Map<string, CompiledItem>();
  return createRuleSet(
    rules.map((rule) => compileRule(rule, { compileRegex, shared })),
    indexField,
  );
}
