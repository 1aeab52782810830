import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from "yaml";
import { RuleFileError } from "./rule-file-error.ts";

/*
 * Rule files as the YAML library reads them: those that are not in plain YAML, and lines of what there is something to say about. It takes
 * as long to load as an export of some thousand events to read.
 */

/** A document of a text as a tree, whose parts have positions. */
export interface Tree {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  /** Line on which its content starts, from 1. */
  readonly start: number;
  /** The line of the key or element at a path, or of its nearest existing ancestor; null where there is none. */
  readonly lineOf: (place: readonly (string | number)[]) => number | null;
}

/**
 * Reads every document of a text.
 *
 * @param path names the text in errors
 * @throws RuleFileError for an empty text, and one that is nested too deeply
 */
export function readTrees(text: string, path: string): readonly Tree[] {
  const lines = new LineCounter();
  const documents = notTooDeep(path, () => parseAllDocuments(text, { lineCounter: lines, schema: "core" }));
  if (!Array.isArray(documents) || documents.length === 0) throw new RuleFileError(`${path}:1: the file is empty`);
  return documents.map((document) => ({
    document,
    lines,
    start: lines.linePos(document.contents?.range?.[0] ?? document.range[0]).line,
    lineOf: (place) => lineOf(document, lines, place),
  }));
}

/**
 * The value of a document.
 *
 * @throws RuleFileError for a fault of its YAML
 */
export function valueOfTree({ document, lines, start }: Tree, path: string): unknown {
  const [fault] = document.errors;
  if (fault !== undefined) {
    throw new RuleFileError(`${path}:${lines.linePos(fault.pos[0]).line}: ${fault.message.split("\n")[0]}`);
  }
  // A map of JavaScript does not hold it as a key of its own: what it says would be left out.
  visit(document, {
    Pair: (_, { key }) => {
      if (!isScalar(key) || key.value !== "__proto__") return;
      throw new RuleFileError(`${path}:${lines.linePos(key.range?.[0] ?? 0).line}: "__proto__" is no name of a key`);
    },
  });
  try {
    return notTooDeep(path, () => document.toJS());
  } catch (error) {
    // The YAML library throws a ReferenceError for aliases that expand too far.
    if (error instanceof ReferenceError) throw new RuleFileError(`${path}:${start}: ${error.message}`);
    throw error;
  }
}

/** A file that nests too deeply exhausts the stack of the YAML library. */
function notTooDeep<Value>(path: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new RuleFileError(`${path}:1: the file is nested too deeply to be read`);
    throw error;
  }
}

/** The line of the key or element at a path, or of its nearest existing ancestor. */
function lineOf(document: Document.Parsed, lines: LineCounter, path: readonly (string | number)[]): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const node = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === last)?.key
      : isSeq(parent)
        ? parent.items[Number(last)]
        : undefined;
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}
