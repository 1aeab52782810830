import { escapeRegex } from "../../text/escape-regex.ts";
import { type Condition, SigmaRuleError } from "../rule.ts";

const token = /\s*(?:([()])|([^\s()]+))/y;

/**
 * Parses a Sigma condition expression. Binding, loosest first: `or`, `and`, `not`, `1 of` / `all of`, parentheses
 * (Sigma specification 2.1, "Condition"). `1 of x*` and `all of x*` are expanded to the selections that they name.
 *
 * @param text the expression
 * @param selectionNames the search identifiers that the rule defines
 * @throws SigmaRuleError naming the word that does not fit, or the selection that is not defined
 */
export function parseCondition(text: string, selectionNames: readonly string[]): Condition {
  const tokens = tokenize(text);
  let position = 0;

  const peek = () => tokens[position];
  const take = () => tokens[position++];
  const fail = (wanted: string): never => {
    const found = peek();
    throw new SigmaRuleError(
      `condition "${text}": expected ${wanted}, found ${found === undefined ? "its end" : `"${found}"`}`,
    );
  };

  function parseOr(): Condition {
    return parseChain("or", parseAnd);
  }

  function parseAnd(): Condition {
    return parseChain("and", parseNot);
  }

  function parseChain(kind: "and" | "or", parseOperand: () => Condition): Condition {
    const operands = [parseOperand()];
    while (peek() === kind) {
      take();
      operands.push(parseOperand());
    }
    return combine(kind, operands);
  }

  function parseNot(): Condition {
    // A counter instead of recursion: a long run of "not" must not exhaust the stack.
    let negations = 0;
    while (peek() === "not") {
      take();
      negations += 1;
    }
    const operand = parsePrimary();
    return negations % 2 === 1 ? { kind: "not", operand } : operand;
  }

  function parsePrimary(): Condition {
    const word = peek();
    if (word === "(") {
      take();
      const inner = parseOr();
      if (take() !== ")") {
        position -= 1;
        fail('")"');
      }
      return inner;
    }
    if (word !== undefined && Object.hasOwn(quantifiers, word) && tokens[position + 1] === "of") {
      position += 2;
      return parseOf(quantifiers[word] ?? "or");
    }
    if (word === undefined || reserved.has(word)) return fail("the name of a selection");
    take();
    if (!selectionNames.includes(word)) {
      const hint = reserved.has(word.toLowerCase())
        ? `write "${word.toLowerCase()}" in lower case`
        : /^\d+$/.test(word) && tokens[position] === "of"
          ? 'Sigma knows "1 of" and "all of"'
          : `defined: ${selectionNames.join(", ")}`;
      throw new SigmaRuleError(`condition "${text}" names the selection "${word}", which is not defined; ${hint}`);
    }
    return { kind: "selection", name: word };
  }

  function parseOf(kind: "and" | "or"): Condition {
    const pattern = peek();
    if (pattern === undefined || (reserved.has(pattern) && pattern !== "them"))
      return fail('"them" or a pattern of selection names');
    take();
    const named = selectionNames.filter((name) => isNamedBy(name, pattern));
    if (named.length === 0) {
      throw new SigmaRuleError(`condition "${text}": no selection is named by "${pattern}"`);
    }
    return combine(
      kind,
      named.map((name) => ({ kind: "selection", name })),
    );
  }

  const condition = parseOr();
  if (position < tokens.length) fail('"and", "or" or its end');
  return condition;
}

/** `any of` is common, though the specification does not have it. */
const quantifiers: Readonly<Record<string, "and" | "or">> = { "1": "or", any: "or", all: "and" };

const reserved = new Set(["and", "or", "not", "of", "them", "(", ")", "|"]);

/** The deepest parentheses: parsing and evaluation recurse into them. */
const maximumDepth = 64;

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  let depth = 0;
  token.lastIndex = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const found = match[1] ?? match[2] ?? "";
    if (found.includes("|")) {
      throw new SigmaRuleError(
        `condition "${text}": aggregations behind "|" were removed from Sigma 2 and cannot be run; use a correlation rule`,
      );
    }
    if (found === "(") depth += 1;
    if (found === ")") depth -= 1;
    if (depth > maximumDepth) throw new SigmaRuleError(`condition: parentheses nest deeper than ${maximumDepth}`);
    tokens.push(found);
  }
  return tokens;
}

/** The words of a condition expression: names of selections, patterns, operators, parentheses. */
export function wordsOf(text: string): readonly string[] {
  return Array.from(text.matchAll(new RegExp(token, "g")), (match) => match[1] ?? match[2] ?? "");
}

/** The names of all selections that a condition asks about. */
export function selectionsOf(condition: Condition): ReadonlySet<string> {
  if (condition.kind === "selection") return new Set([condition.name]);
  if (condition.kind === "not") return selectionsOf(condition.operand);
  return new Set(condition.operands.flatMap((operand) => [...selectionsOf(operand)]));
}

function combine(kind: "and" | "or", operands: readonly Condition[]): Condition {
  const [only] = operands;
  return operands.length === 1 && only !== undefined ? only : { kind, operands };
}

/** `them` and patterns leave out names that start with `_`, unless the pattern starts with `_` itself. */
function isNamedBy(name: string, pattern: string): boolean {
  if (name.startsWith("_") && !pattern.startsWith("_")) return false;
  if (pattern === "them") return true;
  const parts = pattern.split("*").map(escapeRegex);
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}
