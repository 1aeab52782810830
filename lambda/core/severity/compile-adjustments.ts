import { compileRule, usesRegex } from "../sigma/compile.ts";
import type { Rule } from "../sigma/rule.ts";
import type { SeverityAdjustment, SeverityChange } from "./adjustment.ts";

/** An adjustment in the bundle, whose detection is that of a rule. */
export interface AdjustmentDocument {
  readonly rule: Rule;
  readonly change: SeverityChange;
  readonly enabled: boolean;
}

/** Compiles the enabled adjustments. It loads the engine for regular expressions only when one needs it. */
export async function compileAdjustments(
  documents: readonly AdjustmentDocument[],
): Promise<readonly SeverityAdjustment[]> {
  const enabled = documents.filter((each) => each.enabled);
  const { compileRegex } = enabled.some(({ rule }) => usesRegex(rule)) ? await import("../sigma/regex.ts") : {};
  return enabled.map(({ rule, change }) => ({ compiled: compileRule(rule, { compileRegex }), change }));
}
