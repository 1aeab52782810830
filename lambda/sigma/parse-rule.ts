import * as z from "zod/mini";
import { parseCondition } from "./parse-condition.ts";
import { type DetectionItem, levels, type Rule, type Selection, SigmaRuleError, type SigmaValue } from "./rule.ts";

const nonEmpty = z.string().check(z.minLength(1));
const date = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/, "expected a date as YYYY-MM-DD"));

/** A rule document of the Sigma specification 2.1. Keys that are not named here are allowed, and left alone. */
const ruleDocument = z.looseObject({
  title: nonEmpty.check(z.maxLength(256)),
  id: z.uuid(),
  status: z.optional(z.enum(["stable", "test", "experimental", "deprecated", "unsupported"])),
  description: nonEmpty.check(z.maxLength(65_535)),
  references: z.optional(z.array(nonEmpty)),
  author: z.optional(nonEmpty),
  date: z.optional(date),
  modified: z.optional(date),
  tags: z.optional(
    z.array(z.string().check(z.regex(/^[a-z0-9_-]+\.[a-z0-9._-]+$/, "expected a tag as namespace.value"))),
  ),
  logsource: z.looseObject({ product: z.literal("okta"), service: z.literal("okta") }),
  detection: z.looseObject({ condition: z.union([nonEmpty, z.array(nonEmpty).check(z.minLength(1))]) }),
  falsepositives: z.optional(z.array(z.string().check(z.minLength(2)))),
  level: z.enum(levels),
});

/**
 * Turns a rule document, as read from YAML, into a rule that can be compiled.
 *
 * Beside what the specification requires, `id`, `description` and `level` are: an alert is named and routed by them.
 *
 * @throws SigmaRuleError for the first fault, with its path in the document
 */
export function parseRule(document: unknown): Rule {
  const parsed = ruleDocument.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new SigmaRuleError(issue?.message ?? "is no Sigma rule", issue?.path.filter(isKey));
  }
  const { condition: conditions, ...identifiers } = parsed.data.detection;
  const selections = Object.fromEntries(
    Object.entries(identifiers).map(([name, body]) => [name, parseSelection(name, body)]),
  );
  const names = Object.keys(selections);
  try {
    const alternatives = [conditions].flat().map((text) => parseCondition(text, names));
    const [only, ...others] = alternatives;
    if (only === undefined) throw new SigmaRuleError("a rule needs a condition");
    return {
      id: parsed.data.id,
      title: parsed.data.title,
      status: parsed.data.status ?? null,
      level: parsed.data.level,
      description: parsed.data.description.trim(),
      references: parsed.data.references ?? [],
      author: parsed.data.author ?? null,
      date: parsed.data.date ?? null,
      tags: parsed.data.tags ?? [],
      falsePositives: parsed.data.falsepositives ?? [],
      selections,
      condition: others.length === 0 ? only : { kind: "or", operands: alternatives },
    };
  } catch (error) {
    if (!(error instanceof SigmaRuleError)) throw error;
    throw new SigmaRuleError(error.message, ["detection", "condition"]);
  }
}

function parseSelection(name: string, body: unknown): Selection {
  const path = ["detection", name];
  const maps = Array.isArray(body) ? body : [body];
  if (maps.length === 0) throw new SigmaRuleError("a selection needs at least one map of fields", path);
  return maps.map((map, index) => {
    const mapPath = Array.isArray(body) ? [...path, index] : path;
    if (typeof map !== "object" || map === null || Array.isArray(map)) {
      throw new SigmaRuleError("expected a map of fields to values; keyword searches cannot be run", mapPath);
    }
    const items = Object.entries(map).map(([key, value]) => parseItem(key, value, [...mapPath, key]));
    if (items.length === 0) throw new SigmaRuleError("a selection without a field would match every event", mapPath);
    return items;
  });
}

function parseItem(key: string, value: unknown, path: readonly (string | number)[]): DetectionItem {
  const [field = "", ...modifiers] = key.split("|");
  if (field === "") throw new SigmaRuleError("a field needs a name; keyword searches cannot be run", path);
  const values = Array.isArray(value) ? value : [value];
  if (values.length === 0) throw new SigmaRuleError("an empty list of values matches nothing", path);
  if (values.length > 1 && values.includes(null)) {
    throw new SigmaRuleError("null cannot stand in a list of values; give it a selection of its own", path);
  }
  return {
    field,
    modifiers,
    values: values.map((each, index) => {
      if (!isSigmaValue(each))
        throw new SigmaRuleError("expected text, a number, true, false or null", [...path, index]);
      return each;
    }),
  };
}

function isSigmaValue(value: unknown): value is SigmaValue {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function isKey(key: PropertyKey): key is string | number {
  return typeof key !== "symbol";
}
