import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { compileRule } from "../lambda/sigma/compile.ts";
import { parseRule } from "../lambda/sigma/parse-rule.ts";
import { type Rule, SigmaRuleError } from "../lambda/sigma/rule.ts";

/** A rule file that cannot be run. The message says which file, which line, and what is wrong with it. */
export class RuleFileError extends Error {
  override readonly name = "RuleFileError";
}

/**
 * Reads and checks every `*.yml` of a folder, one Sigma rule a file, in the order of their names.
 *
 * @throws RuleFileError listing every file that cannot be run, and each id that two files claim
 */
export async function loadRules(folder: string): Promise<Rule[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".yml")).sort();
  if (files.length === 0) throw new RuleFileError(`${folder}: no Sigma rule (*.yml) in this folder`);
  const faults: string[] = [];
  const rules: Rule[] = [];
  const fileOfId = new Map<string, string>();
  for (const file of files) {
    const path = join(folder, file);
    try {
      const rule = readRule(await readFile(path, "utf8"), path);
      const other = fileOfId.get(rule.id);
      if (other !== undefined) throw new RuleFileError(`${path}: the id ${rule.id} is taken by ${other}`);
      fileOfId.set(rule.id, path);
      rules.push(rule);
    } catch (error) {
      if (!(error instanceof RuleFileError)) throw error;
      faults.push(error.message);
    }
  }
  if (faults.length > 0) throw new RuleFileError(faults.join("\n"));
  return rules;
}

/**
 * Reads one rule, and compiles it once, so that what cannot be compiled is refused here and not in the function.
 *
 * @param text the file's YAML
 * @param path names the file in errors
 * @throws RuleFileError with file, line and reason
 */
export function readRule(text: string, path: string): Rule {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, schema: "core" });
  const [fault] = document.errors;
  if (fault !== undefined) {
    throw new RuleFileError(`${path}:${lines.linePos(fault.pos[0]).line}: ${fault.message.split("\n")[0]}`);
  }
  try {
    const rule = parseRule(document.toJS());
    compileRule(rule);
    return rule;
  } catch (error) {
    if (!(error instanceof SigmaRuleError)) throw error;
    throw new RuleFileError(`${path}:${lineOf(error.path)}: ${describe(error)}`);
  }

  function lineOf(faultPath: readonly (string | number)[]): number {
    for (let length = faultPath.length; length > 0; length -= 1) {
      const node = document.getIn(faultPath.slice(0, length), true);
      const range = (node as { range?: readonly number[] } | undefined)?.range;
      if (range?.[0] !== undefined) return lines.linePos(range[0]).line;
    }
    return 1;
  }
}

function describe(error: SigmaRuleError): string {
  return error.path.length === 0 ? error.message : `${error.path.join(".")}: ${error.message}`;
}
