import { compileRule, usesRegex } from "../sigma/compile.ts";
import type { Rule } from "../sigma/rule.ts";
import type { SeverityAdjustment, SeverityChange } from "./adjustment.ts";

/** An adjustment as it stands in the bundle: its detection is that of a rule. */
export interface AdjustmentDocument {
  readonly rule: Rule;
  readonly change: SeverityChange;
  readonly enabled: boolean;
}

/** Compiles those that are enabled. The engine for regular expressions is loaded only when one holds any. */
export async function compileAdjustments(
  documents: readonly AdjustmentDocument[],
): Promise<readonly SeverityAdjustment[]> {
  const enabled = documents.filter((each) => each.enabled);
  const { compileRegex } = enabled.some(({ rule }) => usesRegex(rule)) ? await import("../sigma/regex.ts") : {};
  return enabled.map(({ rule, change }) => ({ compiled: compileRule(rule, { compileRegex }), change }));
}
