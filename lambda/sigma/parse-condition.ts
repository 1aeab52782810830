import { type Condition, SigmaRuleError } from "./rule.ts";

const token = /\s*(?:([()])|([^\s()]+))/y;

/**
 * Parses a Sigma condition expression. Binding, loosest first: `or`, `and`, `not`, `1 of` / `all of`, parentheses
 * (Sigma specification 2.1, "Condition"). `1 of x*` and `all of x*` are written out over the selections they name.
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
    // Counted, not recursed into: a long run of "not" must not exhaust the stack.
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
    if ((word === "1" || word === "all") && tokens[position + 1] === "of") {
      position += 2;
      return parseOf(word === "1" ? "or" : "and");
    }
    if (word === undefined || reserved.has(word)) return fail("the name of a selection");
    take();
    if (!selectionNames.includes(word)) {
      throw new SigmaRuleError(
        `condition "${text}" names the selection "${word}", which is not defined; defined: ${selectionNames.join(", ")}`,
      );
    }
    return { kind: "selection", name: word };
  }

  function parseOf(kind: "and" | "or"): Condition {
    const pattern = peek();
    if (pattern === undefined || pattern === "(" || pattern === ")")
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

const reserved = new Set(["and", "or", "not", "of", "them", "(", ")", "|"]);

/** Parentheses deeper than this are refused: parsing and evaluation recurse by them. */
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

function combine(kind: "and" | "or", operands: readonly Condition[]): Condition {
  const [only] = operands;
  return operands.length === 1 && only !== undefined ? only : { kind, operands };
}

/** `them` and patterns leave out names that start with `_`, unless the pattern starts with `_` itself. */
function isNamedBy(name: string, pattern: string): boolean {
  if (name.startsWith("_") && !pattern.startsWith("_")) return false;
  if (pattern === "them") return true;
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}
