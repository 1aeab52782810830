import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { checkSeverityField, checkValues } from "../../core/detections/known-fields.ts";
import { logSource } from "../../core/detections/log-source.ts";
import { changes } from "../../core/severity/adjustment.ts";
import type { AdjustmentDocument } from "../../core/severity/compile-adjustments.ts";
import { compileRule } from "../../core/sigma/compile.ts";
import { parseDocument, parseRule } from "../../core/sigma/parse/parse-rule.ts";
import { compileRegex } from "../../core/sigma/regex.ts";
import { type RuleWarning, SigmaRuleError } from "../../core/sigma/rule.ts";
import { codeOf } from "../../core/values/error.ts";
import { severityFile } from "./list-detections.ts";
import { readDocuments } from "./load-detections.ts";

const adjustment = z.strictObject({
  title: z
    .string("expected text")
    .check(z.minLength(1, "expected text"), z.maxLength(256, "expected at most 256 characters")),
  enabled: z._default(z.boolean("expected true or false, without quotes"), true),
  detection: z.record(z.string(), z.unknown(), "expected selections and a condition"),
  severity: z.enum(changes, `expected one of ${changes.join(", ")}`),
});
const adjustments = z.nullable(z.array(adjustment, "expected a list of adjustments"));

/**
 * Reads and checks the severity adjustments of a folder of detections, and those of further folders after them, where they have any.
 *
 * @param onWarning called with each warning: `file:line: what`
 * @throws RuleFileError naming file, line and reason of the first fault
 */
export async function loadSeverityOf(
  [folder, ...further]: readonly [string, ...string[]],
  onWarning?: (warning: string) => void,
): Promise<readonly AdjustmentDocument[]> {
  const load = (each: string) => loadSeverity(join(each, severityFile), onWarning);
  const loadIfThere = (each: string) =>
    load(each).catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    });
  return (await Promise.all([load(folder), ...further.map(loadIfThere)])).flat();
}

/**
 * Reads and checks a file of severity adjustments.
 *
 * @param onWarning called with each warning: `file:line: what`
 * @throws RuleFileError naming file, line and reason of the first fault
 */
export async function loadSeverity(
  file: string,
  onWarning: (warning: string) => void = () => {},
): Promise<readonly AdjustmentDocument[]> {
  const [document] = await readDocuments(await readFile(file, "utf8"), file, parse);
  for (const warning of document?.warnings ?? []) onWarning(warning);
  return document?.content ?? [];
}

function parse(value: unknown): {
  readonly content: readonly AdjustmentDocument[];
  readonly warnings: readonly RuleWarning[];
} {
  const listed = parseDocument(adjustments, value) ?? [];
  const warnings: RuleWarning[] = [];
  const content = listed.map(({ title, enabled, detection, severity: change }, index) => {
    try {
      const parsed = parseRule(
        { title, logsource: logSource, detection },
        { logsource: logSource, checkField: checkSeverityField, checkValues },
      );
      compileRule(parsed.rule, { compileRegex });
      // Drops warnings about a missing id or level, which an adjustment never has.
      const found = parsed.warnings.filter(({ path }) => path[0] === "detection");
      warnings.push(...found.map(({ message, path }) => ({ message, path: [index, ...path] })));
      return { rule: parsed.rule, change, enabled };
    } catch (error) {
      if (!(error instanceof SigmaRuleError)) throw error;
      throw new SigmaRuleError(error.message, [index, ...error.path]);
    }
  });
  return { content, warnings };
}
