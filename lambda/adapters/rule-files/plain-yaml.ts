/*
 * Nearly all rules are written in a small part of YAML: maps and lists by indentation, and texts on one line or as blocks.
 * This reads that part alone, in a twentieth of the time that a document tree with its positions takes, and leaves
 * everything else to the YAML library, faults and all.
 */

/** A document in plain YAML. */
export interface PlainDocument {
  readonly value: Readonly<Record<string, unknown>> | readonly unknown[];
  /** The line on which its content starts, from 1. */
  readonly line: number;
}

/**
 * Reads a text whose documents are maps or lists in plain YAML, as the core schema of YAML 1.2 has it.
 *
 * @returns null for a text that holds anything else, or a fault: a flow collection other than an empty list, a tag, an
 * anchor, a key in quotes or twice, a text over several lines other than as a block, a tab, an empty document
 */
export function readPlainYaml(text: string): readonly PlainDocument[] | null {
  return elsewhere.test(text) ? null : new Reader(text).readDocuments();
}

/** Control characters, tabs and carriage returns among them, and the mark of a byte order. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const elsewhere = /[\0-\x09\x0b-\x1f\x7f\ufeff]/;

/** Empty lines and comments, and the indentation of the line behind them. */
const between = /(?: *(?:#[^\n]*)?\n)* */y;
/** A key of at most 1,024 characters (https://yaml.org/spec/1.2.2/#742-flow-mappings), its colon, and the space before its value. */
const key = /([A-Za-z_][\w.|-]{0,1023}):(?: +|(?=\n)|$)/y;
/** The dash of a list's element, which has its value on the same line. */
const dash = /- +(?![\n#]|$)/y;
const restOfLine = "(?: +#[^\\n]*| *)(?=\\n|$)";
const singleQuoted = new RegExp(`'((?:[^'\\n]|'')*)'${restOfLine}`, "y");
/** Without escapes. */
const doubleQuoted = new RegExp(`"([^"\\\\\\n]*)"${restOfLine}`, "y");
const emptyList = new RegExp(`\\[\\]${restOfLine}`, "y");
/** Text without quotes, which starts with none of YAML's indicators. */
const unquoted = /[^ \n\-?:,[\]{}#&*!|>'"%@`~][^\n]*/y;
/** The head of a block of text: `|` or `>`, with the line breaks at its end cut or as they are by default. */
const blockHead = /([|>])(-?) *\n/y;
/** The first line of a block with text, and its indentation. */
const blockStart = /( +)(?=[^ \n])/y;

/** https://yaml.org/spec/1.2.2/#103-core-schema */
const otherThanText =
  /^(?:null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?\d+|0o[0-7]+|0x[\da-fA-F]+|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
/** The characters that such a value starts with. */
const startOfOther = /^[\d.+\-nNtTfF]/;
/** Whole numbers that are exact. */
const wholeNumber = /^(?:0|[1-9]\d{0,14})$/;

/** The line between documents. */
const marker = "---\n";
const newline = 0x0a;
const space = 0x20;
const hash = 0x23;
const hyphen = 0x2d;

/** The deepest nesting that is read here. */
const maximumDepth = 32;

/** Reads one text. Its methods return undefined for what is no plain YAML. */
class Reader {
  readonly #text: string;
  /** The position of the first character on the next line that holds any content. */
  #at = 0;
  /** The indentation of that line; -1 at the end of the text. */
  #indent = -1;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readDocuments(): readonly PlainDocument[] | null {
    const documents: PlainDocument[] = [];
    this.#goOn(0);
    if (this.#isMarker()) this.#goOn(this.#at + marker.length - 1);
    let line = 1;
    let lineStart = 0;
    for (;;) {
      if (this.#indent !== 0 || this.#isMarker()) return null;
      const start = this.#at;
      const value = this.#text.charCodeAt(start) === hyphen ? this.#readList() : this.#readMap();
      if (value === undefined || (this.#indent >= 0 && !this.#isMarker())) return null;
      // A document's first key or dash is at the start of a line.
      for (; lineStart < start; line += 1) lineStart = this.#text.indexOf("\n", lineStart) + 1;
      documents.push({ value, line });
      if (this.#indent < 0) return documents;
      this.#goOn(this.#at + marker.length - 1);
    }
  }

  /** Whether the next line divides documents. */
  #isMarker(): boolean {
    return this.#indent === 0 && this.#text.startsWith(marker, this.#at);
  }

  /** Goes to the next line that holds any content. */
  #goOn(lineEnd: number): void {
    between.lastIndex = lineEnd;
    between.test(this.#text);
    const at = between.lastIndex;
    const isEnd = at >= this.#text.length || this.#text.charCodeAt(at) === hash;
    this.#at = at;
    this.#indent = isEnd ? -1 : at - this.#text.lastIndexOf("\n", at - 1) - 1;
  }

  /** Reads the map whose first key is here. */
  #readMap(): Readonly<Record<string, unknown>> | undefined {
    const indent = this.#indent;
    if (this.#depth >= maximumDepth) return undefined;
    this.#depth += 1;
    const map: Record<string, unknown> = {};
    while (this.#indent === indent && !this.#isMarker()) {
      key.lastIndex = this.#at;
      const name = key.exec(this.#text)?.[1];
      if (name === undefined || name === "__proto__" || Object.hasOwn(map, name) || isOtherThanText(name)) {
        return undefined;
      }
      const value = this.#readValue(key.lastIndex, indent);
      if (value === undefined) return undefined;
      map[name] = value;
    }
    this.#depth -= 1;
    return this.#indent > indent ? undefined : map;
  }

  /** Reads the list whose first dash is here. */
  #readList(): readonly unknown[] | undefined {
    const indent = this.#indent;
    if (this.#depth >= maximumDepth) return undefined;
    this.#depth += 1;
    const list: unknown[] = [];
    while (this.#indent === indent && this.#text.charCodeAt(this.#at) === hyphen && !this.#isMarker()) {
      dash.lastIndex = this.#at;
      if (!dash.test(this.#text)) return undefined;
      const at = dash.lastIndex;
      key.lastIndex = at;
      let value: unknown;
      if (key.test(this.#text)) {
        this.#indent += at - this.#at;
        this.#at = at;
        value = this.#readMap();
      } else value = this.#readValue(at, indent);
      if (value === undefined) return undefined;
      list.push(value);
    }
    this.#depth -= 1;
    return this.#indent > indent ? undefined : list;
  }

  /**
   * Reads a value.
   *
   * @param at the position behind its key or dash
   * @param indent that of the map or list that holds it
   */
  #readValue(at: number, indent: number): unknown {
    const text = this.#text;
    const first = text.charCodeAt(at);
    if (at >= text.length || first === newline || first === hash) {
      this.#goOn(lineEnd(text, at));
      const isList = text.charCodeAt(this.#at) === hyphen && !this.#isMarker();
      if (isList && this.#indent >= indent) return this.#readList();
      return this.#indent > indent ? this.#readMap() : null;
    }
    blockHead.lastIndex = at;
    const block = blockHead.exec(text);
    if (block !== null) return this.#readBlock(blockHead.lastIndex, indent, block[1] === ">", block[2] === "-");
    const value = readScalar(text, at);
    this.#goOn(lineEnd(text, at));
    // A text that goes on in the next line.
    return this.#indent > indent ? undefined : value;
  }

  /** Reads the lines of a block of text. */
  #readBlock(start: number, indent: number, isFolded: boolean, isStripped: boolean): string | undefined {
    const text = this.#text;
    blockStart.lastIndex = start;
    const indentation = blockStart.exec(text)?.[1];
    if (indentation === undefined || indentation.length <= indent) return undefined;
    let block = "";
    let separator = "";
    let at = start;
    let end = start;
    while (at < text.length) {
      const isEmpty = text.charCodeAt(at) === newline;
      if (!isEmpty && !text.startsWith(indentation, at)) break;
      const behind = text.indexOf("\n", at);
      // Whether the last line has a line break decides on how the text ends.
      if (behind < 0) return undefined;
      if (isEmpty) separator = isFolded && separator === " " ? "\n" : `${separator}\n`;
      else {
        const line = text.slice(at + indentation.length, behind);
        // Lines that are empty but for spaces, and lines that are not folded.
        if (line === "" || (line.charCodeAt(0) === space && (isFolded || line.trim() === ""))) return undefined;
        block += separator + line;
        separator = isFolded ? " " : "\n";
      }
      at = behind + 1;
      end = behind;
    }
    this.#goOn(end);
    return this.#indent > indent ? undefined : `${block}${isStripped ? "" : "\n"}`;
  }
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

function isOtherThanText(written: string): boolean {
  return startOfOther.test(written) && otherThanText.test(written);
}

/** Reads a value on one line. */
function readScalar(text: string, at: number): unknown {
  const first = text.charAt(at);
  if (first === "'") return matchAt(singleQuoted, text, at)?.[1]?.replaceAll("''", "'");
  if (first === '"') return matchAt(doubleQuoted, text, at)?.[1];
  if (first === "[") return matchAt(emptyList, text, at) === null ? undefined : [];
  const line = matchAt(unquoted, text, at)?.[0];
  if (line === undefined) return undefined;
  const comment = line.indexOf(" #");
  const written = withoutSpaceAtEnd(comment < 0 ? line : line.slice(0, comment));
  // A map within the line.
  if (written.includes(": ") || written.endsWith(":")) return undefined;
  if (!isOtherThanText(written)) return written;
  if (wholeNumber.test(written)) return Number(written);
  return words.get(written);
}

/** An expression for it takes time by the square of the spaces within a text. */
function withoutSpaceAtEnd(text: string): string {
  let end = text.length;
  while (text.charCodeAt(end - 1) === space) end -= 1;
  return text.slice(0, end);
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

const words: ReadonlyMap<string, boolean | null> = new Map([
  ["true", true],
  ["false", false],
  ["null", null],
]);
