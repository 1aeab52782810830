import { writeOperand } from "../../lambda/core/detections/known-fields.ts";
import { enrich } from "../../lambda/core/pipeline/match.ts";
import { compileRule } from "../../lambda/core/sigma/compile.ts";
import { type Enrichment, parsePath, readField, settled, UNKNOWN } from "../../lambda/core/sigma/field.ts";
import { compileRegex } from "../../lambda/core/sigma/regex.ts";
import type { Condition, DetectionItem, Rule, Selection } from "../../lambda/core/sigma/rule.ts";
import type { Truth } from "../../lambda/core/sigma/truth.ts";
import type { RuleWithCases } from "./all-cases.ts";
import type { RuleCase, StreamEvent } from "./cases-file.ts";
import { setPath } from "./set-path.ts";

/** The result of a case. */
export interface CaseResult {
  readonly rule: Rule;
  readonly case: RuleCase;
  /** "unknown" when the outcome depends on enrichment that the case does not give. */
  readonly truth: Truth;
  readonly passed: boolean;
}

/** One line of a selection, against the event of a case. */
export interface ItemResult {
  readonly truth: Truth;
  /** The field, with what the rule asks of it: `outcome.result is "FAILURE" or "DENY"`. */
  readonly asked: string;
  /** The values of the event, as JSON; null where it has no such field. */
  readonly found: string | null;
}

/** A selection of a rule, against the event of a case. */
export interface SelectionResult {
  readonly name: string;
  /** Whether the condition asks for the selection's absence. */
  readonly isNegated: boolean;
  readonly truth: Truth;
  /** The lines of the map that comes nearest to a match. */
  readonly items: readonly ItemResult[];
}

/** Runs the cases of rules, each by the engine that the functions run. */
export function runCases(rules: readonly RuleWithCases[]): readonly CaseResult[] {
  return rules.flatMap(({ rule, cases }) => {
    const { evaluate } = compileRule(rule, { compileRegex });
    return cases.map((each) => {
      const truth = evaluate(each.event.received, enrichmentOf(each));
      return { rule, case: each, truth, passed: truth === each.matches };
    });
  });
}

/**
 * What the pipeline adds to the event of a case: what it reads off the event, by the same code, below what the case
 * gives. Where a person is expected is unknown unless the case gives it.
 */
export function enrichmentOf({ event, enrichment: given }: StreamEvent): Enrichment {
  const { enrichment } = enrich(event, UNKNOWN) as { readonly enrichment: Readonly<Record<string, unknown>> };
  // A part that is given in full or by dots: `geo: {mismatch: true}`, `geo.mismatch: true`.
  let added: unknown = {};
  for (const [field, value] of Object.entries(given)) added = setPath(added, field.split("."), value);
  const parts = Object.entries(added as Readonly<Record<string, unknown>>).map(([name, part]) => {
    const computed = settled(enrichment[name]);
    const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
    return [
      name,
      isObject(computed) && isObject(part) ? { ...(computed as object), ...(part as object) } : part,
    ] as const;
  });
  return { enrichment: { ...enrichment, ...Object.fromEntries(parts) } };
}

/** What each selection of a rule says to the event of a case. */
export function explainCase({ rule, case: of }: Pick<CaseResult, "rule" | "case">): readonly SelectionResult[] {
  const event = of.event.received;
  const enrichment = enrichmentOf(of);
  const truthOf = (selection: Selection) =>
    compileRule(
      { ...rule, selections: { asked: selection }, condition: { kind: "selection", name: "asked" } },
      { compileRegex },
    ).evaluate(event, enrichment);
  return namesOf(rule.condition).map(({ name, isNegated }) => {
    const selection = rule.selections[name] ?? [];
    const maps = selection.map((items) => items.map((item) => explainItem(item, truthOf([[item]]), event, enrichment)));
    const [nearest = []] = maps.toSorted((a, b) => share(b) - share(a));
    return { name, isNegated, truth: truthOf(selection), items: nearest };
  });
}

const share = (items: readonly ItemResult[]) => items.filter(({ truth }) => truth === true).length / items.length;

/** The selections of a condition, each once, in the order of the condition. */
function namesOf(condition: Condition): readonly { readonly name: string; readonly isNegated: boolean }[] {
  const found = new Map<string, boolean>();
  const visit = (each: Condition, isNegated: boolean): void => {
    if (each.kind === "not") visit(each.operand, !isNegated);
    else if (each.kind === "selection") found.set(each.name, found.get(each.name) ?? isNegated);
    else for (const operand of each.operands) visit(operand, isNegated);
  };
  visit(condition, false);
  return [...found].map(([name, isNegated]) => ({ name, isNegated }));
}

function explainItem(item: DetectionItem, truth: Truth, event: unknown, enrichment: Enrichment): ItemResult {
  const { field, values, linking, negated, part } = item;
  const wanted = values
    .map((operands) => operands.map(writeAsked).join(" or "))
    .join(linking === "all" ? " and " : " or ");
  const asked = `${field ?? "any value"}${part === null ? "" : `, its ${part},`} ${negated ? "is not" : "is"} ${wanted}`;
  if (field === null) return { truth, asked, found: truth === true ? "found" : "found nowhere" };
  const { values: found, present, unknown } = readField(event, parsePath(field), enrichment);
  if (unknown) return { truth, asked, found: "unknown: the case does not give it" };
  return { truth, asked, found: present ? found.map((value) => JSON.stringify(value)).join(", ") || "[]" : null };
}

type Operand = DetectionItem["values"][number][number];

function writeAsked(operand: Operand): string {
  switch (operand.kind) {
    case "null":
      return "missing or null";
    case "exists":
      return operand.expected ? "present" : "absent";
    case "field":
      return `as ${operand.field}`;
    case "compare":
      return `${operand.operator} ${operand.limit}`;
    case "cidr":
      return `in ${operand.network}/${operand.prefix}`;
    default:
      return writeOperand(operand);
  }
}
