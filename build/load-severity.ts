import { readFile } from "node:fs/promises";
import * as z from "zod";
import { logSource } from "../lambda/detections/log-source.ts";
import { changes } from "../lambda/severity/adjustment.ts";
import type { AdjustmentDocument } from "../lambda/severity/compile-adjustments.ts";
import { compileRule } from "../lambda/sigma/compile.ts";
import { parseRule } from "../lambda/sigma/parse-rule.ts";
import { compileRegex } from "../lambda/sigma/regex.ts";
import { at, SigmaRuleError } from "../lambda/sigma/rule.ts";
import { readDocuments } from "./load-detections.ts";

const adjustment = z.strictObject({
  title: z.string("expected text").min(1, "expected text").max(256, "expected at most 256 characters"),
  enabled: z.boolean("expected true or false").default(true),
  detection: z.record(z.string(), z.unknown(), "expected selections and a condition"),
  severity: z.enum(changes, `expected one of ${changes.join(", ")}`),
});
const adjustments = z.array(adjustment, "expected a list of adjustments").nullable();

/**
 * Reads and checks the file of severity adjustments.
 *
 * @throws RuleFileError naming file, line and reason of the first fault
 */
export async function loadSeverity(file: string): Promise<readonly AdjustmentDocument[]> {
  const [document] = readDocuments(await readFile(file, "utf8"), file, (value) => ({
    content: parse(value),
    warnings: [],
  }));
  return document?.content ?? [];
}

function parse(value: unknown): readonly AdjustmentDocument[] {
  const parsed = adjustments.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new SigmaRuleError(
      issue?.message ?? "cannot be read",
      issue?.path.map((key) => key as string | number),
    );
  }
  return (parsed.data ?? []).map(({ title, enabled, detection, severity: change }, index) => {
    const rule = at([index], () => {
      const { rule } = parseRule({ title, logsource: logSource, detection }, { logsource: logSource });
      compileRule(rule, { compileRegex });
      return rule;
    });
    return { rule, change, enabled };
  });
}
