import {
  type Correlation,
  type CorrelationCondition,
  type GroupField,
  holdsOfRules,
  isMonotone,
  isTemporal,
  maximumOrderedRules,
  maximumRules,
  meetsCriteria,
  type RelatedRule,
} from "../correlation.ts";
import { at, type Condition, type DetectionItem, type Rule, type RuleWarning, SigmaRuleError } from "../rule.ts";
import { parseCondition } from "./parse-condition.ts";
import type { WrittenCorrelation } from "./parse-correlation.ts";

/** A correlation, or the fault for which it cannot be run. */
export type ResolvedCorrelation =
  | { readonly correlation: Correlation; readonly warnings: readonly RuleWarning[] }
  | { readonly fault: SigmaRuleError };

/** Options of resolving correlations. */
export interface ResolveOptions {
  /** As in {@link import("./parse-detection.ts").DetectionOptions}. @default every name is accepted */
  readonly checkField?: (name: string) => string | null;
}

/**
 * Resolves the rules that correlations name, among all rules and correlations of a deployment.
 *
 * @returns one result for each correlation, in their order
 */
export function resolveCorrelations(
  written: readonly WrittenCorrelation[],
  rules: readonly Rule[],
  { checkField = () => null }: ResolveOptions = {},
): readonly ResolvedCorrelation[] {
  const known: Known = { rules, correlations: written };
  return written.map((correlation) => {
    try {
      return resolve(correlation, known, checkField);
    } catch (error) {
      if (!(error instanceof SigmaRuleError)) throw error;
      return { fault: error };
    }
  });
}

interface Known {
  readonly rules: readonly Rule[];
  readonly correlations: readonly WrittenCorrelation[];
}

function resolve(written: WrittenCorrelation, known: Known, checkField: (name: string) => string | null) {
  const { ruleNames, rulePaths, groupNames, aliases, condition: asWritten, ...rest } = written;
  const found = ruleNames.map((name, index) => at(rulePaths[index] ?? [], () => findOne(name, known)));
  const first = new Map<string, number>();
  found.forEach(({ id, title }, index) => {
    if (first.has(id)) throw new SigmaRuleError(`"${title}" is named before`, rulePaths[index]);
    first.set(id, index);
  });
  found.forEach(({ id }, index) => {
    const circle = findCircle(written.id, id, known, []);
    if (circle === null) return;
    throw new SigmaRuleError(
      `the correlation would wait for itself: ${[written.title, ...circle].join(" -> ")}`,
      rulePaths[index],
    );
  });
  if (found.length > maximumRules) {
    throw new SigmaRuleError(`at most ${maximumRules} rules can be correlated`, ["correlation", "rules"]);
  }
  if (isTemporal(written) && found.length < 2) {
    throw new SigmaRuleError(`${written.type} needs two rules or more; event_count counts the events of one`, [
      "correlation",
      "rules",
    ]);
  }
  const names: NamesOfRules = found.map((rule, index) => [ruleNames[index] ?? "", rule.id, rule.name]);
  const warnings: RuleWarning[] = [];
  const fieldsOf = createFieldLookup(aliases, names);
  const groupBy = groupNames.map((name, index): GroupField => {
    const path = ["correlation", "group-by", index];
    return { name, fields: at(path, () => fieldsOf(name)) };
  });
  const valueFields = asWritten.fields.map((name) => at(["correlation", "condition", "field"], () => fieldsOf(name)));
  const asked = new Set([...groupNames, ...asWritten.fields]);
  for (const alias of Object.keys(aliases)) {
    if (asked.has(alias)) continue;
    warnings.push({
      message: "no field is called by this alias; it has no effect",
      path: ["correlation", "aliases", alias],
    });
  }
  const related = relatedRules(written, known);
  // What a correlation groups by, its aliases included, is a field of its matches.
  const ofInner = found.map(({ id }) => known.correlations.find((each) => each.id === id)?.groupNames ?? []);
  const unchecked = (fields: readonly string[]) => fields.filter((field, index) => !ofInner[index]?.includes(field));
  for (const [index, { fields }] of groupBy.entries()) {
    checkFields(unchecked(fields), ["correlation", "group-by", index], related, checkField, warnings);
  }
  for (const fields of valueFields) {
    checkFields(unchecked(fields), ["correlation", "condition", "field"], related, checkField, warnings);
  }
  const condition = resolveCondition(written, names);
  if (!isMonotone({ type: written.type, condition })) {
    warnings.push({
      message:
        "it can stop to hold by a further event: it is decided by the events that have arrived, and not withdrawn",
      path: ["correlation", "condition"],
    });
  }
  const correlation: Correlation = {
    ...rest,
    rules: found.map(({ id, title, isCorrelation }): RelatedRule => ({ id, title, isCorrelation })),
    groupBy,
    valueFields,
    percentile: asWritten.percentile,
    condition,
  };
  return { correlation, warnings };
}

interface Found extends RelatedRule {
  readonly name: string | null;
}

function findOne(name: string, known: Known): Found {
  const isNamed = (each: { readonly id: string; readonly name: string | null }) =>
    each.id === name.toLowerCase() || each.name === name;
  const rule = known.rules.find(isNamed);
  if (rule !== undefined) return { id: rule.id, name: rule.name, title: rule.title, isCorrelation: false };
  const correlation = known.correlations.find(isNamed);
  if (correlation === undefined) throw new SigmaRuleError(`no rule or correlation has the id or name "${name}"`);
  return { id: correlation.id, name: correlation.name, title: correlation.title, isCorrelation: true };
}

/** The titles on the way from a correlation to the one with the id `wanted`; null where none leads there. */
function findCircle(wanted: string, id: string, known: Known, seen: readonly string[]): readonly string[] | null {
  const correlation = known.correlations.find((each) => each.id === id);
  if (correlation === undefined || seen.includes(id)) return null;
  if (id === wanted) return [correlation.title];
  for (const name of correlation.ruleNames) {
    const next = known.correlations.find((each) => each.id === name.toLowerCase() || each.name === name);
    const circle = next === undefined ? null : findCircle(wanted, next.id, known, [...seen, id]);
    if (circle !== null) return [correlation.title, ...circle];
  }
  return null;
}

/** What each of a correlation's rules may be called: as the list names it, by its id and by its name. */
type NamesOfRules = readonly (readonly (string | null)[])[];

function indexOfRule(name: string, names: NamesOfRules): number {
  return names.findIndex((all) => all.includes(name) || all.includes(name.toLowerCase()));
}

/** Returns the field, or the fields that an alias stands for, for each of the rules. */
function createFieldLookup(
  aliases: WrittenCorrelation["aliases"],
  names: NamesOfRules,
): (name: string) => readonly string[] {
  const resolved = new Map<string, readonly (string | undefined)[]>();
  for (const [alias, fields] of Object.entries(aliases)) {
    const ofRules: (string | undefined)[] = names.map(() => undefined);
    for (const [rule, field] of Object.entries(fields)) {
      const index = indexOfRule(rule, names);
      if (index < 0) {
        throw new SigmaRuleError(`the correlation has no rule "${rule}"`, ["correlation", "aliases", alias, rule]);
      }
      ofRules[index] = field;
    }
    resolved.set(alias, ofRules);
  }
  return (name) => {
    const ofRules = resolved.get(name);
    if (ofRules === undefined) return names.map(() => name);
    const missing = ofRules.indexOf(undefined);
    if (missing >= 0) {
      throw new SigmaRuleError(
        `the alias "${name}" has no field for the rule "${names[missing]?.[0]}", whose events could take no part`,
      );
    }
    return ofRules as readonly string[];
  };
}

/** The plain rules whose events a correlation reads, itself or through correlations. */
function relatedRules(written: WrittenCorrelation, known: Known): readonly Rule[] {
  const found = new Set<Rule>();
  const visit = (names: readonly string[]): void => {
    for (const name of names) {
      const is = (each: { readonly id: string; readonly name: string | null }) =>
        each.id === name.toLowerCase() || each.name === name;
      const rule = known.rules.find(is);
      if (rule !== undefined) found.add(rule);
      else visit(known.correlations.find(is)?.ruleNames ?? []);
    }
  };
  visit(written.ruleNames);
  return [...found];
}

/** A field that no event has would keep all events out; one that a related rule asks for may be newer than the catalog. */
function checkFields(
  fields: readonly string[],
  path: readonly (string | number)[],
  related: readonly Rule[],
  checkField: (name: string) => string | null,
  warnings: RuleWarning[],
): void {
  for (const field of new Set(fields)) {
    if (/^enrichment\.(?:geo|travel|session\.changed)(?:\.|$)/i.test(field)) {
      throw new SigmaRuleError(
        `"${field}" is known only once a store has answered, and cannot tell groups or values apart`,
        path,
      );
    }
    const warning = at(path, () => checkField(field));
    if (warning === null) continue;
    if (!related.some((rule) => itemsOf(rule).some((item) => item.field?.toLowerCase() === field.toLowerCase()))) {
      throw new SigmaRuleError(`${warning}, and none of the related rules asks for it: no event would take part`, path);
    }
    warnings.push({ message: warning, path });
  }
}

function itemsOf(rule: Rule): readonly DetectionItem[] {
  return Object.values(rule.selections).flat(2);
}

function resolveCondition({ condition, type }: WrittenCorrelation, names: NamesOfRules): CorrelationCondition {
  const path = ["correlation", "condition"];
  const { criteria, expression } = condition;
  if (expression === null) {
    if (!isTemporal({ type })) return { kind: "criteria", criteria };
    const all = [{ operator: "gte", limit: names.length }] as const;
    const counts = names.map((_, index) => index + 1);
    if (criteria.length > 0 && !counts.some((count) => meetsCriteria(count, criteria))) {
      throw new SigmaRuleError(`it counts the rules that fired, which are at most ${names.length}`, path);
    }
    return { kind: "criteria", criteria: criteria.length === 0 ? all : criteria };
  }
  if (type === "temporal_ordered" && names.length > maximumOrderedRules) {
    throw new SigmaRuleError(`${type} takes an expression over at most ${maximumOrderedRules} rules`, path);
  }
  const parsed = at(path, () => {
    for (const name of condition.ruleNames) {
      if (indexOfRule(name, names) < 0) {
        throw new SigmaRuleError(`"${expression}" names "${name}", which is none of the correlation's rules`);
      }
    }
    return parseCondition(expression, condition.ruleNames);
  });
  const byIndex = renamed(parsed, (name) => String(indexOfRule(name, names)));
  if (holdsOfRules(byIndex, new Set(), new Set())) {
    throw new SigmaRuleError(
      "it holds of no events at all, and would fire without any: no event is delivered that could tell; ask for a rule beside the absent ones",
      path,
    );
  }
  return { kind: "expression", expression: byIndex };
}

function renamed(condition: Condition, rename: (name: string) => string): Condition {
  if (condition.kind === "selection") return { kind: "selection", name: rename(condition.name) };
  if (condition.kind === "not") return { kind: "not", operand: renamed(condition.operand, rename) };
  return { kind: condition.kind, operands: condition.operands.map((operand) => renamed(operand, rename)) };
}
