import { type CompiledRule, type CompileOptions, compileRule, usesRegex } from "../sigma/compile.ts";
import { LastEvent } from "../sigma/last-event.ts";
import type { Rule } from "../sigma/rule.ts";
import { createRuleSet, type RuleSet } from "../sigma/rule-set.ts";
import { indexField } from "./log-source.ts";

/** Which rules run. */
export interface EnabledOptions {
  /** Whether rules with `status: experimental` run. */
  readonly experimental: boolean;
  /** The packs whose experimental rules run. @default none */
  readonly packs?: readonly string[];
}

/** Whether a rule runs. Rules that are deprecated or unsupported never do. */
export function isEnabled(
  { status, pack }: Pick<Rule, "status" | "pack">,
  { experimental, packs = [] }: EnabledOptions,
): boolean {
  if (status === "deprecated" || status === "unsupported") return false;
  return experimental || status !== "experimental" || (pack !== null && packs.includes(pack));
}

/** The packs of rules, each once, in the order of their names. */
export function packsOf(rules: readonly Pick<Rule, "pack">[]): readonly string[] {
  return [...new Set(rules.flatMap(({ pack }) => pack ?? []))].sort();
}

/** Why a setting of packs cannot be used: a pack that no rule has would switch nothing on. Null where it can. */
export function faultOfPacks(packs: readonly string[], rules: readonly Pick<Rule, "pack">[]): string | null {
  const known = packsOf(rules);
  const unknown = packs.filter((pack) => !known.includes(pack));
  if (unknown.length === 0) return null;
  return `no rule is of the pack ${unknown.join(", ")}; there are: ${known.join(", ") || "none"}`;
}

/**
 * Compiles rules into a set, each at the first event that it is evaluated for. The engine for regular expressions is
 * loaded only when a rule holds one.
 *
 * @param rules as the build has checked them: one that cannot be compiled throws at that event
 */
export async function compileRules(rules: readonly Rule[]): Promise<RuleSet> {
  const { compileRegex } = rules.some(usesRegex) ? await import("../sigma/regex.ts") : {};
  const lastEvent = new LastEvent();
  const shared = { items: new Map(), lastEvent };
  return createRuleSet(
    rules.map((rule) => compileWhenAsked(rule, { compileRegex, shared })),
    { indexField, isDerived, lastEvent },
  );
}

/** Whether the pipeline adds a field to events: such a field is read of the others. */
const isDerived = (field: string) => field.toLowerCase().startsWith("enrichment.");

function compileWhenAsked(rule: Rule, options: CompileOptions): CompiledRule {
  let compiled: CompiledRule | null = null;
  const ask = () => {
    compiled ??= compileRule(rule, options);
    return compiled;
  };
  return {
    rule,
    evaluate: (event, enrichment) => ask().evaluate(event, enrichment),
    explain: (event, enrichment) => ask().explain(event, enrichment),
  };
}
