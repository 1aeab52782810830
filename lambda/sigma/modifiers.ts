import { ANY_RUN, literalPattern, type Pattern, parsePattern } from "./pattern.ts";
import { type DetectionItem, SigmaRuleError, type SigmaValue } from "./rule.ts";

/** What one value of a detection item asks of the field. */
export type Operand =
  | { readonly kind: "pattern"; readonly pattern: Pattern }
  | { readonly kind: "null" }
  | { readonly kind: "exists"; readonly expected: boolean };

/** A detection item on its way through its modifiers. */
export interface Match {
  readonly operands: readonly Operand[];
  /** Whether one operand has to match or every one. */
  readonly linking: "any" | "all";
  /** Whether upper and lower case differ. */
  readonly cased: boolean;
}

/** Takes a detection item one step further, or throws a {@link SigmaRuleError} when it cannot stand where it stands. */
type Modifier = (match: Match, item: DetectionItem) => Match;

/** The modifiers of Sigma's appendix that this engine runs. To add one is to add a row. */
const modifiers: Readonly<Record<string, Modifier>> = {
  contains: (match, item) => padPatterns(match, item, "contains", (pattern) => [ANY_RUN, ...pattern, ANY_RUN]),
  startswith: (match, item) => padPatterns(match, item, "startswith", (pattern) => [...pattern, ANY_RUN]),
  endswith: (match, item) => padPatterns(match, item, "endswith", (pattern) => [ANY_RUN, ...pattern]),
  all: (match, item) => {
    if (item.values.length < 2) throw new SigmaRuleError("the modifier all needs a list of at least two values");
    return { ...match, linking: "all" };
  },
  cased: (match) => ({ ...match, cased: true }),
  exists: (match, item) => {
    const [expected] = item.values;
    if (item.modifiers.length !== 1) throw new SigmaRuleError("the modifier exists stands alone");
    if (item.values.length !== 1 || typeof expected !== "boolean") {
      throw new SigmaRuleError("the modifier exists takes one value, true or false");
    }
    return { ...match, operands: [{ kind: "exists", expected }] };
  },
};

/**
 * Applies an item's modifiers, left to right.
 *
 * @throws SigmaRuleError for a modifier that is not known, or that cannot stand where it stands
 */
export function applyModifiers(item: DetectionItem): Match {
  let match: Match = { operands: item.values.map(toOperand), linking: "any", cased: false };
  for (const name of item.modifiers) {
    const modifier = Object.hasOwn(modifiers, name) ? modifiers[name] : undefined;
    if (modifier === undefined) {
      throw new SigmaRuleError(`unknown modifier "${name}"; this engine runs: ${Object.keys(modifiers).join(", ")}`);
    }
    match = modifier(match, item);
  }
  return match;
}

function toOperand(value: SigmaValue): Operand {
  if (value === null) return { kind: "null" };
  return { kind: "pattern", pattern: typeof value === "string" ? parsePattern(value) : literalPattern(String(value)) };
}

function padPatterns(match: Match, item: DetectionItem, name: string, pad: (pattern: Pattern) => Pattern): Match {
  return {
    ...match,
    operands: match.operands.map((operand) => {
      if (operand.kind !== "pattern") {
        throw new SigmaRuleError(`the modifier ${name} compares text, and a value of ${item.field} is none`);
      }
      return { kind: "pattern", pattern: mergeRuns(pad(operand.pattern)) };
    }),
  };
}

/** `**` matches what `*` does; one of them keeps the pattern in its quickest form. */
function mergeRuns(pattern: Pattern): Pattern {
  return pattern.filter((part, index) => part !== ANY_RUN || pattern[index - 1] !== ANY_RUN);
}
