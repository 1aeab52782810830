/** An expression of WebAssembly's text format: a word, or a list of expressions. */
type Expression = string | readonly Expression[];
type List = readonly Expression[];

/** The numbers of instructions that have operands alone (https://webassembly.github.io/spec/core/binary/instructions.html). */
const plain: Readonly<Record<string, readonly number[]>> = {
  return: [0x0f],
  "i32.eqz": [0x45],
  "i32.eq": [0x46],
  "i32.ne": [0x47],
  "i32.lt_u": [0x49],
  "i32.gt_u": [0x4b],
  "i32.ctz": [0x68],
  "i32.add": [0x6a],
  "i32.sub": [0x6b],
  "i32.and": [0x71],
  "i32.or": [0x72],
  "i32.xor": [0x73],
  "i32.shl": [0x74],
  "i64.eq": [0x51],
  "i64.and": [0x83],
  "i8x16.splat": [0xfd, 0x0f],
  "i8x16.eq": [0xfd, 0x23],
  "i8x16.lt_u": [0xfd, 0x26],
  "i8x16.bitmask": [0xfd, 0x64],
  "v128.and": [0xfd, 0x4e],
  "v128.or": [0xfd, 0x50],
  "v128.xor": [0xfd, 0x51],
  "v128.any_true": [0xfd, 0x53],
};
/** Those that read or write memory, at an address and an offset. */
const memory: Readonly<Record<string, readonly number[]>> = {
  "i32.load": [0x28],
  "i64.load": [0x29],
  "i32.load8_u": [0x2d],
  "i32.store": [0x36],
  "i64.store": [0x37],
  "v128.load": [0xfd, 0x00],
};
const locals: Readonly<Record<string, number>> = { "local.get": 0x20, "local.set": 0x21, "local.tee": 0x22 };
const branches: Readonly<Record<string, number>> = { br: 0x0c, br_if: 0x0d };
const blocks: Readonly<Record<string, number>> = { block: 0x02, loop: 0x03 };
const valueTypes: Readonly<Record<string, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b };

const noResult = 0x40;
const [callCode, ifCode, elseCode, endCode, i32Constant, i64Constant] = [0x10, 0x04, 0x05, 0x0b, 0x41, 0x42];

/**
 * Assembles functions in WebAssembly's text format (https://webassembly.github.io/spec/core/text/index.html) to a module. The module
 * imports its memory as `memory` of `env`; functions return one `i32`, and all are exported by their names. Instructions are written folded,
 * locals, labels and functions by names; a few instructions are known, those that {@link plain} and the like list.
 *
 * @param pages the memory's size, in pages of 64 KiB
 * @throws Error for what it does not know
 */
export function assemble(text: string, pages: number): Uint8Array<ArrayBuffer> {
  const functions = parse(text).map((each) => readFunction(each));
  const indices = new Map(functions.map(({ name }, index) => [name, index]));
  const types = functions.map(({ parameters }) => [0x60, ...vector(parameters.map(typeOf)), ...vector([[0x7f]])]);
  const exported = functions.map(({ name }, index) => [...nameOf(name.slice(1)), 0x00, ...unsigned(index)]);
  const bodies = functions.map((each) => {
    const body = encodeBody(each, indices);
    return [...unsigned(body.length), ...body];
  });
  const limits = [0x01, ...unsigned(pages), ...unsigned(pages)];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(2, vector([[...nameOf("env"), ...nameOf("memory"), 0x02, ...limits]])),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(7, vector(exported)),
    ...section(10, vector(bodies)),
  ]);
}

interface Variable {
  readonly name: string;
  readonly type: string;
}

interface Function {
  readonly name: string;
  readonly parameters: readonly Variable[];
  readonly locals: readonly Variable[];
  readonly body: List;
}

/** `(func $name (param $a i32) (result i32) (local $b i32) instruction...)` */
function readFunction(expression: Expression): Function {
  const [keyword, name, ...parts] = listOf(expression);
  if (keyword !== "func") throw new Error(`${String(keyword)} is no function`);
  const headOf = (part: Expression) => (typeof part === "string" ? part : part[0]);
  const variablesOf = (head: string) =>
    parts.filter((part) => headOf(part) === head).map((part) => ({ name: wordOf(part[1]), type: wordOf(part[2]) }));
  const body = parts.filter((part) => !["param", "local", "result"].includes(String(headOf(part))));
  return { name: wordOf(name), parameters: variablesOf("param"), locals: variablesOf("local"), body };
}

function encodeBody({ parameters, locals: own, body }: Function, functions: ReadonlyMap<string, number>): number[] {
  const variables = new Map([...parameters, ...own].map(({ name }, index) => [name, index]));
  const code = body.flatMap((each) => encode(each, { variables, functions, labels: [] }));
  return [...vector(own.map((each) => [1, ...typeOf(each)])), ...code, endCode];
}

interface Scope {
  readonly variables: ReadonlyMap<string, number>;
  readonly functions: ReadonlyMap<string, number>;
  /** The labels of the blocks around, the innermost last. */
  readonly labels: readonly string[];
}

function encode(expression: Expression, scope: Scope): number[] {
  const [first, ...operands] = listOf(expression);
  const name = wordOf(first);
  const all = (expressions: List) => expressions.flatMap((each) => encode(each, scope));
  const [word, ...behind] = operands;
  if (name in plain) return [...all(operands), ...(plain[name] ?? [])];
  if (name in memory) {
    const [, offset] = typeof word === "string" ? word.split("offset=") : [];
    const addresses = offset === undefined ? operands : behind;
    return [...all(addresses), ...(memory[name] ?? []), 0x00, ...unsigned(Number(offset ?? 0))];
  }
  if (name in locals) return [...all(behind), locals[name] ?? 0, ...unsigned(indexOf(scope.variables, word))];
  if (name in branches) {
    const depth = scope.labels.length - 1 - scope.labels.lastIndexOf(wordOf(word));
    if (depth === scope.labels.length) throw new Error(`there is no block ${wordOf(word)}`);
    return [...all(behind), branches[name] ?? 0, ...unsigned(depth)];
  }
  if (name in blocks) {
    const inner = { ...scope, labels: [...scope.labels, wordOf(word)] };
    return [blocks[name] ?? 0, noResult, ...behind.flatMap((each) => encode(each, inner)), endCode];
  }
  switch (name) {
    case "call":
      return [...all(behind), callCode, ...unsigned(indexOf(scope.functions, word))];
    case "i32.const":
      return [i32Constant, ...signed(BigInt(wordOf(word)))];
    case "i64.const":
      return [i64Constant, ...signed(BigInt(wordOf(word)))];
    case "if": {
      const [condition, ...arms] = operands;
      const inner = { ...scope, labels: [...scope.labels, ""] };
      const [then = [], otherwise = []] = arms.map((arm) =>
        listOf(arm)
          .slice(1)
          .flatMap((each) => encode(each, inner)),
      );
      const ofElse = arms.length > 1 ? [elseCode, ...otherwise] : [];
      return [...all([condition ?? ""]), ifCode, noResult, ...then, ...ofElse, endCode];
    }
    default:
      throw new Error(`the instruction ${name} is not known`);
  }
}

/** Words and parentheses; `;;` starts a comment. */
function parse(text: string): List {
  const stack: Expression[][] = [[]];
  for (const [token] of text.replaceAll(/;;.*/g, "").matchAll(/[()]|[^()\s]+/g)) {
    if (token === "(") {
      stack.push([]);
      continue;
    }
    const done = token === ")" ? stack.pop() : token;
    const around = stack.at(-1);
    if (done === undefined || around === undefined) throw new Error("a parenthesis is closed that none opened");
    around.push(done);
  }
  const [whole = [], ...open] = stack;
  if (open.length > 0) throw new Error("a parenthesis is not closed");
  return whole;
}

function listOf(expression: Expression | undefined): List {
  if (expression === undefined || typeof expression === "string") throw new Error(`${expression} is no list`);
  return expression;
}

function wordOf(expression: Expression | undefined): string {
  if (typeof expression !== "string") throw new Error("a word is missing");
  return expression;
}

function indexOf(indices: ReadonlyMap<string, number>, name: Expression | undefined): number {
  const index = indices.get(wordOf(name));
  if (index === undefined) throw new Error(`there is no ${wordOf(name)}`);
  return index;
}

function typeOf({ name, type }: Variable): number[] {
  const code = valueTypes[type];
  if (code === undefined) throw new Error(`${name} has the type ${type}, which is not known`);
  return [code];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(elements: readonly (readonly number[])[]): number[] {
  return [...unsigned(elements.length), ...elements.flat()];
}

function nameOf(name: string): number[] {
  return vector([...Buffer.from(name)].map((byte) => [byte]));
}

/** A number in LEB128 (https://webassembly.github.io/spec/core/binary/values.html#integers). */
function unsigned(number: number): number[] {
  return number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...unsigned(number >>> 7)];
}

function signed(number: bigint): number[] {
  const low = Number(number & 0x7fn);
  const rest = number >> 7n;
  const isLast = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}
