/** A comparison of a filter expression of Okta's System Log. */
export interface Comparison {
  readonly kind: "comparison";
  readonly field: string;
  readonly operator: Operator;
  /** Null for `pr`, which has none, and for the value null. */
  readonly value: string | number | boolean | null;
}

/** A filter expression of Okta's System Log. */
export type Expression =
  | Comparison
  | { readonly kind: "not"; readonly operand: Expression }
  | { readonly kind: "and" | "or"; readonly operands: readonly Expression[] };

/** The operators that can be said in Sigma: https://developer.okta.com/docs/reference/core-okta-api/#operators */
export const operators = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"] as const;
export type Operator = (typeof operators)[number];

/** An expression that cannot be read, or not said in Sigma. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
}

interface Token {
  readonly text: string;
  readonly kind: "word" | "text" | "number" | "bracket" | "comma";
  /** From 1. */
  readonly position: number;
}

const lexeme =
  /\s*(?:(?<text>"(?:[^"\\]|\\.)*")|(?<number>-?\d+(?:\.\d+)?)(?![\w.])|(?<word>[A-Za-z_][\w.-]*)|(?<bracket>[()[\]])|(?<comma>,))/y;

function equal(field: string, value: Comparison["value"]): Comparison {
  return { kind: "comparison", field, operator: "eq", value };
}

/** The most brackets and `not` within one another. */
const deepest = 100;

/**
 * Parses a filter expression: comparisons, `and` before `or`, `not`, brackets. `a in ["x", "y"]`, which filters of Okta's
 * customer-detections have, is read as `a eq "x" or a eq "y"`.
 *
 * @throws ExpressionError naming the position, from 1, and what is not understood there
 */
export function parseExpression(text: string): Expression {
  const tokens = tokenize(text);
  let at = 0;
  let depth = 0;
  const word = () => (tokens[at]?.kind === "word" ? tokens[at]?.text.toLowerCase() : undefined);
  const fail = (what: string): never => {
    const token = tokens[at];
    throw new ExpressionError(
      token === undefined
        ? `the expression ends where ${what} is expected`
        : `at ${token.position}, "${token.text}": expected ${what}`,
    );
  };
  const deeper = <Value>(read: () => Value): Value => {
    depth += 1;
    if (depth > deepest) throw new ExpressionError(`it has more than ${deepest} brackets within one another`);
    const value = read();
    depth -= 1;
    return value;
  };
  const primary = (): Expression => {
    if (word() === "not") {
      at += 1;
      return { kind: "not", operand: deeper(primary) };
    }
    if (tokens[at]?.text === "(" && tokens[at]?.kind === "bracket") {
      at += 1;
      const inner = deeper(or);
      if (tokens[at]?.text !== ")") fail('")"');
      at += 1;
      return inner;
    }
    return comparison();
  };
  const isBracket = (text: string) => tokens[at]?.kind === "bracket" && tokens[at]?.text === text;
  const value = (): Comparison["value"] => {
    const found = readValue(tokens[at]);
    if (found === undefined) return fail("a value: text in double quotes, a number, true, false or null");
    at += 1;
    return found;
  };
  const list = (): readonly Comparison["value"][] => {
    if (!isBracket("[")) fail('"["');
    at += 1;
    const values = [value()];
    while (tokens[at]?.kind === "comma") {
      at += 1;
      values.push(value());
    }
    if (!isBracket("]")) fail('"," or "]"');
    at += 1;
    return values;
  };
  const comparison = (): Expression => {
    const field = tokens[at];
    if (field?.kind !== "word") return fail("the name of a field");
    at += 1;
    if (isBracket("[")) {
      throw new ExpressionError(`at ${tokens[at]?.position}, "[": a filter of elements cannot be said in Sigma`);
    }
    if (word() === "in") {
      at += 1;
      return { kind: "or", operands: list().map((each) => equal(field.text, each)) };
    }
    const operator = operators.find((each) => each === word());
    if (operator === undefined) return fail(`one of ${[...operators, "in"].join(", ")}`);
    at += 1;
    if (operator === "pr") return { kind: "comparison", field: field.text, operator, value: null };
    return { kind: "comparison", field: field.text, operator, value: value() };
  };
  const chain = (kind: "and" | "or", operand: () => Expression) => (): Expression => {
    const first = operand();
    const operands = [first];
    while (word() === kind) {
      at += 1;
      operands.push(operand());
    }
    return operands.length === 1 ? first : { kind, operands };
  };
  const and = chain("and", primary);
  const or: () => Expression = chain("or", and);
  const whole = or();
  if (at < tokens.length) fail('"and" or "or"');
  return whole;
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  let position = 0;
  while (position < end) {
    lexeme.lastIndex = position;
    const groups = lexeme.exec(text)?.groups;
    if (groups === undefined) {
      const rest = text.slice(position).trimStart();
      throw new ExpressionError(`at ${text.length - rest.length + 1}, "${rest.slice(0, 20)}": this is not understood`);
    }
    const [kind, found] = Object.entries(groups).find(([, value]) => value !== undefined) as [Token["kind"], string];
    tokens.push({ kind, text: found, position: lexeme.lastIndex - found.length + 1 });
    position = lexeme.lastIndex;
  }
  return tokens;
}

/** The control characters that JSON writes with a letter (RFC 8259, section 7); RFC 7644 takes its texts from JSON. */
const controlCharacters: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** Reads the escapes of JSON; another escaped character stands for itself. */
function unescapeText(text: string): string {
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|(.))/gs, (_, code: string | undefined, character: string) =>
    code === undefined ? (controlCharacters[character] ?? character) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** Undefined for what is no value. */
function readValue(token: Token | undefined): Comparison["value"] | undefined {
  if (token?.kind === "number") return Number(token.text);
  if (token?.kind === "text") return unescapeText(token.text.slice(1, -1));
  const constants = new Map<string, boolean | null>([
    ["true", true],
    ["false", false],
    ["null", null],
  ]);
  return token?.kind === "word" ? constants.get(token.text.toLowerCase()) : undefined;
}
