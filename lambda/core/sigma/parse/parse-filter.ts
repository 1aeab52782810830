import * as z from "zod/mini";
import { at, type Condition, type Rule, type RuleWarning, type Selection, SigmaRuleError } from "../rule.ts";
import { parseDetection } from "./parse-detection.ts";
import {
  checkLogSource,
  date,
  description,
  id,
  logsource,
  type ParseOptions,
  parseDocument,
  refuseTypos,
  title,
} from "./parse-rule.ts";

/** A Sigma filter: exclusions from rules, in a document of their own. */
export interface Filter {
  readonly id: string | null;
  readonly title: string;
  /** Ids or names of the rules that it applies to; null for all. */
  readonly rules: readonly string[] | null;
  readonly selections: Readonly<Record<string, Selection>>;
  /** The exclusion: the rules do not match an event for which this condition holds. */
  readonly excluded: Condition;
}

/** A filter, and warnings for its author. */
export interface ParsedFilter {
  readonly filter: Filter;
  readonly warnings: readonly RuleWarning[];
}

/** A filter document of the Sigma specification 2.1. It has neither level nor status. */
const filterDocument = z.looseObject(
  {
    title,
    id: z.optional(id),
    taxonomy: z.optional(z.literal("sigma", "only the taxonomy sigma can be run")),
    description: z.optional(description),
    author: z.optional(z.string("expected text")),
    date: z.optional(date),
    modified: z.optional(date),
    logsource,
    filter: z.looseObject(
      {
        rules: z.union(
          [z.literal("any"), z.string().check(z.minLength(1)), z.array(z.string().check(z.minLength(1)))],
          'expected a list of rule ids, or "any"',
        ),
      },
      "expected rules, selections and a condition",
    ),
  },
  "expected a Sigma filter: a map with title, logsource and filter",
);

/**
 * Turns a filter document, as read from YAML, into a filter.
 *
 * The specification does not say whether the condition names the events to exclude or those to keep: its own example
 * has `condition: selection`, pySigma expects `not selection`. Here both exclude the events that the selection matches.
 * A condition that begins with `not` names the events to keep, one without any `not` names the events to exclude, and
 * an ambiguous condition is refused.
 *
 * @throws SigmaRuleError for the first fault, with its path in the document
 */
export function parseFilter(document: unknown, options: ParseOptions): ParsedFilter {
  if (typeof document === "object" && document !== null) {
    for (const key of ["detection", "level", "status"]) {
      if (Object.hasOwn(document, key)) throw new SigmaRuleError(`a filter has no ${key}`, [key]);
    }
    refuseTypos(Object.keys(document), Object.keys(filterDocument.shape));
  }
  const parsed = parseDocument(filterDocument, document);
  checkLogSource(parsed.logsource, options.logsource);
  const { rules: named, ...body } = parsed.filter;
  const rules = named === "any" ? null : [named].flat();
  if (rules?.length === 0) {
    throw new SigmaRuleError('names no rule; write "any" for all of them', ["filter", "rules"]);
  }
  const { detection, warnings } = parseDetection(body, ["filter"], options);
  const { selections, condition } = detection;
  const excluded = at(["filter", "condition"], () => whatIsExcluded(condition));
  return {
    filter: { id: parsed.id?.toLowerCase() ?? null, title: parsed.title, rules, selections, excluded },
    warnings: [
      ...warnings,
      ...(holdsNot(condition)
        ? []
        : [
            {
              message:
                "it says what is excluded; pySigma would keep that alone: write it as not (...) for both to agree",
              path: ["filter", "condition"],
            },
          ]),
    ],
  };
}

function whatIsExcluded(condition: Condition): Condition {
  if (!holdsNot(condition)) return condition;
  if (condition.kind === "not") return condition.operand;
  // "not a and not b" keeps events that match neither, so it excludes "a or b".
  if (condition.kind !== "selection" && condition.operands.every((operand) => operand.kind === "not")) {
    return {
      kind: condition.kind === "and" ? "or" : "and",
      operands: condition.operands.map((operand) => whatIsExcluded(operand)),
    };
  }
  throw new SigmaRuleError(
    "it is ambiguous whether this condition says what is excluded or what is kept: write what is excluded as not (...)",
  );
}

function holdsNot(condition: Condition): boolean {
  if (condition.kind === "selection") return false;
  return condition.kind === "not" || condition.operands.some(holdsNot);
}

/** Whether a filter applies to a rule. */
export function appliesTo(filter: Filter, rule: Rule): boolean {
  return filter.rules === null || filter.rules.some((named) => named.toLowerCase() === rule.id || named === rule.name);
}

/** Adds the exclusions of filters to a rule. Their selections get names that no rule can have. */
export function applyFilters(rule: Rule, filters: readonly Filter[]): Rule {
  return filters.filter((filter) => appliesTo(filter, rule)).reduce(applyFilter, rule);
}

function applyFilter(rule: Rule, filter: Filter): Rule {
  const rename = (name: string) => `filter ${rule.filters.length + 1}: ${name}`;
  const renamed = Object.entries(filter.selections).map(([name, selection]) => [rename(name), selection] as const);
  return {
    ...rule,
    filters: [...rule.filters, filter.title],
    selections: { ...rule.selections, ...Object.fromEntries(renamed) },
    condition: {
      kind: "and",
      operands: [rule.condition, { kind: "not", operand: renameSelections(filter.excluded, rename) }],
    },
  };
}

/** The rule before filters were applied: it also matches the events that they exclude. */
export function withoutFilters(rule: Rule): Rule {
  if (rule.filters.length === 0) return rule;
  let { condition } = rule;
  for (const _ of rule.filters) {
    const [before] = condition.kind === "and" ? condition.operands : [];
    if (before === undefined) throw new Error(`the filters of the rule ${rule.id} were not applied`);
    condition = before;
  }
  return { ...rule, filters: [], condition };
}

function renameSelections(condition: Condition, rename: (name: string) => string): Condition {
  if (condition.kind === "selection") return { kind: "selection", name: rename(condition.name) };
  if (condition.kind === "not") return { kind: "not", operand: renameSelections(condition.operand, rename) };
  return { kind: condition.kind, operands: condition.operands.map((operand) => renameSelections(operand, rename)) };
}
