import type { Pattern } from "./pattern.ts";

/** The test that one value of a detection item makes of a field. Plain JSON, like all of a rule. */
export type Operand =
  /** The field's written form matches the pattern. */
  | { readonly kind: "pattern"; readonly pattern: Pattern }
  /** The expression is found somewhere in the field's written form. `flags` holds any of `i`, `m`, `s`. */
  | { readonly kind: "regex"; readonly source: string; readonly flags: string }
  /** The field is an IP address of this network. */
  | { readonly kind: "cidr"; readonly network: string; readonly prefix: number }
  /** The field is a number, or text that is one, on this side of the limit. */
  | { readonly kind: "compare"; readonly operator: ComparisonOperator; readonly limit: number }
  /** Another field of the event holds the same text, or text that is part of it. */
  | { readonly kind: "field"; readonly field: string; readonly comparison: TextComparison }
  /** The field is present, or absent. */
  | { readonly kind: "exists"; readonly expected: boolean }
  /** The field is null or missing. */
  | { readonly kind: "null" };

export type ComparisonOperator = "lt" | "lte" | "gt" | "gte";
export type TextComparison = "equals" | "contains" | "startswith" | "endswith";

/** A part of a time that a modifier takes. */
export const timeParts = ["minute", "hour", "day", "week", "month", "year"] as const;
export type TimePart = (typeof timeParts)[number];

/** One line of a selection, with its modifiers applied. */
export interface DetectionItem {
  /**
   * Dotted path into the event, for example `securityContext.isProxy`; null for a keyword, which is compared with every
   * value.
   */
  readonly field: string | null;
  /** One entry for each value as written. A value that expands to several has one operand for each. */
  readonly values: readonly (readonly Operand[])[];
  /** Whether one value has to match, or every one. One operand of a value suffices. */
  readonly linking: "any" | "all";
  /** Whether upper and lower case differ. */
  readonly cased: boolean;
  /** Whether the item matches when its values do not: the modifier `neq`. */
  readonly negated: boolean;
  /** The part of the field, a time, that is compared; null for the whole field. */
  readonly part: TimePart | null;
}

/** A search identifier: any of its maps has to match, and in a map every item. */
export type Selection = readonly (readonly DetectionItem[])[];

/** A parsed condition expression. */
export type Condition =
  | { readonly kind: "selection"; readonly name: string }
  | { readonly kind: "not"; readonly operand: Condition }
  | { readonly kind: "and" | "or"; readonly operands: readonly Condition[] };

/** Sigma's levels, mildest first. */
export const levels = ["informational", "low", "medium", "high", "critical"] as const;
export type Level = (typeof levels)[number];

/** Sigma's statuses. */
export const statuses = ["stable", "test", "experimental", "deprecated", "unsupported"] as const;
export type Status = (typeof statuses)[number];

/** A Sigma rule as this engine runs it: plain JSON, checked, its modifiers applied and its condition parsed. */
export interface Rule {
  readonly id: string;
  /** The name that filters and correlations may call the rule by; null when it has none. */
  readonly name: string | null;
  readonly title: string;
  readonly status: Status | null;
  readonly level: Level;
  readonly description: string;
  readonly references: readonly string[];
  readonly author: string | null;
  readonly date: string | null;
  readonly tags: readonly string[];
  readonly falsePositives: readonly string[];
  /** The pack by which the rule is switched on, of those that do not run by default; null for none. */
  readonly pack: string | null;
  /** What to do first about an alert of the rule, a sentence each. */
  readonly triage: readonly string[];
  /** Titles of the filters that were applied to the rule. */
  readonly filters: readonly string[];
  readonly selections: Readonly<Record<string, Selection>>;
  readonly condition: Condition;
}

/** Orders levels by severity: negative when `first` is the severer, for sorting the severest first. */
export function bySeverity(first: Level, second: Level): number {
  return levels.indexOf(second) - levels.indexOf(first);
}

/** The fault of a rule or filter that cannot be run, with its place in the document. */
export class SigmaRuleError extends Error {
  override readonly name = "SigmaRuleError";
  /** Keys and indexes from the top of the document to the fault. */
  readonly path: readonly (string | number)[];
  /** The placeholder that has to be defined before the rule can be run; null for any other fault. */
  readonly placeholder: string | null;

  constructor(message: string, path: readonly (string | number)[] = [], placeholder: string | null = null) {
    super(message);
    this.path = path;
    this.placeholder = placeholder;
  }
}

/** A warning about a rule or filter that can be run, with its place in the document. */
export interface RuleWarning {
  readonly message: string;
  /** Keys and indexes from the top of the document. */
  readonly path: readonly (string | number)[];
}

/** Runs `read`, and adds this path to a {@link SigmaRuleError} without one. */
export function at<Value>(path: readonly (string | number)[], read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SigmaRuleError) || error.path.length > 0) throw error;
    throw new SigmaRuleError(error.message, path, error.placeholder);
  }
}
