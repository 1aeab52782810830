/** A value as a rule's author wrote it. Numbers and booleans are compared by their written form. */
export type SigmaValue = string | number | boolean | null;

/** One line of a selection: `field|modifier|modifier: value(s)`. */
export interface DetectionItem {
  /** Dotted path into the event, for example `securityContext.isProxy`. */
  readonly field: string;
  /** Modifier names, in the order written. */
  readonly modifiers: readonly string[];
  /** At least one value; one of them has to match unless a modifier says otherwise. */
  readonly values: readonly SigmaValue[];
}

/** A search identifier: any of its maps has to match, and in a map every item. */
export type Selection = readonly (readonly DetectionItem[])[];

/** A parsed condition expression. It is plain JSON, so that it can be compiled into a bundle. */
export type Condition =
  | { readonly kind: "selection"; readonly name: string }
  | { readonly kind: "not"; readonly operand: Condition }
  | { readonly kind: "and" | "or"; readonly operands: readonly Condition[] };

/** Sigma's levels, mildest first. */
export const levels = ["informational", "low", "medium", "high", "critical"] as const;
export type Level = (typeof levels)[number];

/** A Sigma rule as this engine runs it: plain JSON, checked, its condition parsed. */
export interface Rule {
  readonly id: string;
  readonly title: string;
  readonly status: string | null;
  readonly level: Level;
  readonly description: string;
  readonly references: readonly string[];
  readonly author: string | null;
  readonly date: string | null;
  readonly tags: readonly string[];
  readonly falsePositives: readonly string[];
  readonly selections: Readonly<Record<string, Selection>>;
  readonly condition: Condition;
}

/** Orders levels by severity: negative when `first` is the severer, for sorting the severest first. */
export function bySeverity(first: Level, second: Level): number {
  return levels.indexOf(second) - levels.indexOf(first);
}

/** A rule that cannot be run, with the place of the fault inside its document. */
export class SigmaRuleError extends Error {
  override readonly name = "SigmaRuleError";
  /** Keys and indexes from the top of the document to the fault. */
  readonly path: readonly (string | number)[];

  constructor(message: string, path: readonly (string | number)[] = []) {
    super(message);
    this.path = path;
  }
}
