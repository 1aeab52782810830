import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join, sep } from "node:path";
import { checkField, checkValues } from "../../core/detections/known-fields.ts";
import { logSource } from "../../core/detections/log-source.ts";
import { compileRule } from "../../core/sigma/compile.ts";
import type { Correlation } from "../../core/sigma/correlation.ts";
import type { Placeholders } from "../../core/sigma/parse/modifiers.ts";
import {
  isCorrelationDocument,
  parseCorrelation,
  type WrittenCorrelation,
} from "../../core/sigma/parse/parse-correlation.ts";
import { appliesTo, applyFilters, type Filter, parseFilter } from "../../core/sigma/parse/parse-filter.ts";
import { type ParseOptions, parseRule } from "../../core/sigma/parse/parse-rule.ts";
import { resolveCorrelations } from "../../core/sigma/parse/resolve-correlations.ts";
import { compileRegex } from "../../core/sigma/regex.ts";
import { type Rule, type RuleWarning, SigmaRuleError } from "../../core/sigma/rule.ts";
import { codeOf } from "../../core/values/error.ts";
import { fieldsOf, isObject } from "../../core/values/object.ts";
import { type ListedDetections, listDetections, placeholdersFile } from "./list-detections.ts";
import {
  describeLeftOut,
  kindOf,
  type LeftOut,
  type OtherSources,
  readOtherSources,
  waitingRule,
} from "./other-sources.ts";
import { readPlainYaml } from "./plain-yaml.ts";
import { RuleFileError } from "./rule-file-error.ts";
import type { Tree } from "./yaml-trees.ts";

/** A rule or filter, and its file. */
export interface FromFile<Content> {
  readonly content: Content;
  readonly file: string;
  /** Line on which its document starts, from 1. */
  readonly line: number;
}

/** The content of a folder of detections. */
export interface Detections {
  /** The rules, filters applied, in the order of their files' names. */
  readonly rules: readonly FromFile<Rule>[];
  /** The correlations over the rules. */
  readonly correlations: readonly FromFile<Correlation>[];
  readonly filters: readonly FromFile<Filter>[];
  /** Files with the cases of rules, `*.cases.yml`, in the order of their names. */
  readonly cases: readonly string[];
  /** Warnings about content that can be run: `file:line: what`, or `file: what`. */
  readonly warnings: readonly string[];
}

/**
 * Reads and checks a folder of detections: Sigma rules and correlations in every `*.yml`, filters in every `filters/*.yml`, and the
 * values of placeholders in `placeholders.yml`. A file may hold several documents, divided by `---`. Other files that
 * may be meant for rules are faults or warnings. Subfolders may be others', as SigmaHQ's are: their rules of other log
 * sources are left out, with a warning that counts them.
 *
 * @param further folders of rules beside the first: their ids and names differ from its own, filters apply to all, and
 * the last value of a placeholder counts
 * @throws RuleFileError listing every fault of every file
 */
export async function loadDetections(folder: string, ...further: readonly string[]): Promise<Detections> {
  const folders = [folder, ...further];
  const all: ListedDetections[] = [];
  for (const each of folders) all.push(await listDetections(each));
  const listed: Pick<ListedDetections, "rules" | "below" | "filters" | "cases"> = {
    rules: all.flatMap(({ rules }) => rules),
    below: all.flatMap(({ below }) => below),
    filters: all.flatMap(({ filters }) => filters),
    cases: all.flatMap(({ cases }) => cases),
  };
  const faults = all.flatMap((each) => each.faults);
  const warnings = all.flatMap((each) => each.warnings);
  const placeholders: Record<string, Placeholders[string]> = {};
  for (const each of folders) {
    Object.assign(placeholders, await collectFaults(faults, () => loadPlaceholders(join(each, placeholdersFile))));
  }
  const options = { logsource: logSource, placeholders, checkField, checkValues };
  const readAll = async <Content>(files: readonly string[], parse: ParseDocument<Content>) => {
    const read: Located<Content>[] = [];
    for (const file of files) {
      await collectFaults(faults, async () => {
        for (const each of await readDocuments(readText(file), file, parse)) {
          const { content, line, locate, warnings: found } = each;
          read.push({ content, file, line, locate });
          warnings.push(...found);
        }
      });
    }
    return read;
  };
  const top = await readAll<RuleDocument>(listed.rules, (document) => parseRuleDocument(document, options));
  const leftOut: LeftOut[] = [];
  const toParse: string[] = [];
  for (const file of listed.below) {
    const text = await collectFaults(faults, () => readText(file));
    if (text === null) continue;
    const found = readOtherSources(text);
    if (found === null) toParse.push(file);
    else leftOut.push({ file, ...found });
  }
  const parsed = await readAll(toParse, (document) => parseDocumentOfOthers(document, options));
  const below: Located<RuleDocument>[] = [];
  for (const { content, ...each } of parsed) {
    if ("kind" in content) below.push({ ...each, content });
    else leftOut.push({ file: each.file, ...content });
  }
  for (const each of folders) {
    const isIn = ({ file }: LeftOut) => file.startsWith(join(each, sep));
    warnings.push(...describeLeftOut(each, leftOut.filter(isIn)));
  }
  const documents = [...top, ...withoutOthers(below, top, leftOut)];
  if (documents.length === 0 && faults.length === 0) {
    faults.push(`${folders[0]}: no Sigma rule (*.yml) for ${logSource.product} in this folder`);
  }
  const rules = documents.flatMap((each) =>
    each.content.kind === "rule" ? [{ ...each, content: each.content.rule }] : [],
  );
  const written = documents.flatMap((each) =>
    each.content.kind === "correlation" ? [{ ...each, content: each.content.correlation }] : [],
  );
  const filters = await readAll(listed.filters, (document) => {
    const { filter, warnings } = parseFilter(document, options);
    return { content: filter, warnings };
  });
  const named = documents.map((each) => ({ ...each, content: namesOf(each.content) }));
  faults.push(...duplicates(named, ({ id }) => id, "id"), ...duplicates(named, ({ name }) => name, "name"));
  faults.push(...duplicates(filters, ({ id }) => id, "id"));
  // Filters and correlations can be checked only when all rules could be read.
  const correlations: FromFile<Correlation>[] = [];
  if (faults.length === 0) {
    faults.push(...unmatchedFilters(filters, rules));
    const resolved = resolveCorrelations(
      written.map(({ content }) => content),
      rules.map(({ content }) => content),
      { checkField },
    );
    for (const [index, { file, line, locate }] of written.entries()) {
      const result = resolved[index];
      if (result === undefined) continue;
      if ("fault" in result) faults.push(await locate(result.fault));
      else {
        correlations.push({ content: result.correlation, file, line });
        for (const warning of result.warnings) warnings.push(await locate(warning));
      }
    }
  }
  if (faults.length > 0) throw new RuleFileError(faults.join("\n"));
  const contents = filters.map(({ content }) => content);
  return {
    rules: rules.map(({ content, file, line }) => ({ content: applyFilters(content, contents), file, line })),
    correlations,
    filters: filters.map(({ content, file, line }) => ({ content, file, line })),
    cases: listed.cases,
    warnings,
  };
}

/**
 * Others' rules for us, without correlations over rules that are left out.
 *
 * @param below what subfolders hold
 * @param top what correlations may refer to beside that
 */
function withoutOthers(
  below: readonly Located<RuleDocument>[],
  top: readonly Located<RuleDocument>[],
  leftOut: readonly LeftOut[],
): readonly Located<RuleDocument>[] {
  const others = new Set(leftOut.flatMap(({ names }) => names));
  const known = new Set([...top, ...below].flatMap(({ content }) => Object.values(namesOf(content))));
  const isOfOthers = ({ content }: Located<RuleDocument>) =>
    content.kind === "correlation" &&
    content.correlation.ruleNames.some((name) => others.has(name) && !known.has(name));
  const kept = below.filter((each) => !isOfOthers(each));
  if (kept.length === below.length) return kept;
  const dropped = below.filter(isOfOthers).map(({ file, content }) => {
    const { id, name } = namesOf(content);
    return { file, sources: null, names: name === null ? [id] : [id, name] };
  });
  // A correlation may be about another one that is left out.
  return withoutOthers(kept, top, [...leftOut, ...dropped]);
}

/** A document of a file of rules. */
type RuleDocument =
  | { readonly kind: "rule"; readonly rule: Rule }
  | { readonly kind: "correlation"; readonly correlation: WrittenCorrelation };

/**
 * Checks the rules of a YAML text as {@link loadDetections} does those of a file, without what other files define.
 *
 * @param path names the text in errors and warnings
 * @returns warnings: `path:line: what`
 * @throws RuleFileError for a rule that cannot be run
 */
export async function checkRules(text: string, path: string): Promise<readonly string[]> {
  const options = { logsource: logSource, placeholders: {}, checkField, checkValues };
  const read = await readDocuments(text, path, (document) => parseRuleDocument(document, options));
  return read.flatMap(({ warnings }) => warnings);
}

function parseRuleDocument(
  document: unknown,
  options: ParseOptions,
): { readonly content: RuleDocument; readonly warnings: readonly RuleWarning[] } {
  if (isCorrelationDocument(document)) {
    const { correlation, warnings } = parseCorrelation(document);
    return { content: { kind: "correlation", correlation }, warnings };
  }
  refuseOktaDetection(document);
  const { rule, warnings } = parseRule(document, options);
  compileRule(rule, { compileRegex });
  return { content: { kind: "rule", rule }, warnings: [...warnings, ...unwrittenTexts(document)] };
}

/** Parses a document of a subfolder: a rule, or what is left out. */
function parseDocumentOfOthers(
  document: unknown,
  options: ParseOptions,
): { readonly content: RuleDocument | OtherSources; readonly warnings: readonly RuleWarning[] } {
  const kind = kindOf(document);
  if (kind !== "ours") return { content: kind, warnings: [] };
  try {
    return parseRuleDocument(document, options);
  } catch (error) {
    if (!(error instanceof SigmaRuleError) || error.placeholder === null) throw error;
    // A rule of others that waits for values of the org is no reason to refuse all others.
    const { message, path } = error;
    return { content: waitingRule(document), warnings: [{ message: `the rule is not run: ${message}`, path }] };
  }
}

/** A document that can say where a part of it stands, as `file:line: what`. */
interface Located<Content> extends FromFile<Content> {
  readonly locate: Locate;
}

/** The most bytes of a file of rules; the largest of SigmaHQ's has 295,078. */
const mostBytes = 1_048_576;

/** One byte more than the largest file of rules. */
const fileBytes = Buffer.allocUnsafeSlow(mostBytes + 1);

/**
 * Reads a file of rules; a longer one takes minutes to be parsed. It waits for the file, without promises and a buffer of
 * its own: for small files these take longer than to read them.
 *
 * @throws RuleFileError for a file that is too large, or cannot be opened
 */
function readText(file: string): string {
  let size = 0;
  try {
    const descriptor = openSync(file, "r");
    try {
      for (let read = -1; read !== 0 && size < fileBytes.length; size += read) {
        read = readSync(descriptor, fileBytes, size, fileBytes.length - size, null);
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new RuleFileError(`${file}: it cannot be opened: ${String(codeOf(error))}`);
  }
  if (size > mostBytes) throw new RuleFileError(`${file}:1: the file is larger than ${mostBytes / 1_048_576} MiB`);
  return fileBytes.toString("utf8", 0, size);
}

function namesOf(document: RuleDocument): Pick<Rule, "id" | "name"> {
  return document.kind === "rule" ? document.rule : document.correlation;
}

/**
 * Okta's own collection (https://github.com/okta/customer-detections) has YAML files that look like rules.
 *
 * @throws SigmaRuleError for a document of it
 */
function refuseOktaDetection(document: unknown): void {
  const { detection } = fieldsOf(document);
  if (!Object.hasOwn(fieldsOf(detection), "okta_systemlog")) return;
  throw new SigmaRuleError(
    "this is one of Okta's customer-detections, a filter expression of the System Log and no Sigma: docs/detections.md shows how to write the same as a rule",
    ["detection", "okta_systemlog"],
  );
}

/** The texts of a document that a template left to be written: they start with `TODO:`. */
function unwrittenTexts(value: unknown): readonly RuleWarning[] {
  const found: RuleWarning[] = [];
  const path: (string | number)[] = [];
  const visit = (each: unknown): void => {
    if (typeof each === "string" && each.startsWith("TODO:")) {
      found.push({ message: `is still to be written: ${each}`, path: [...path] });
    }
    if (typeof each !== "object" || each === null) return;
    for (const [key, below] of Array.isArray(each) ? each.entries() : Object.entries(each)) {
      path.push(key);
      visit(below);
      path.pop();
    }
  };
  visit(value);
  return found;
}

/** Parses a document. */
type ParseDocument<Content> = (document: unknown) => {
  readonly content: Content;
  readonly warnings: readonly RuleWarning[];
};

/** A document of a file of rules, parsed. */
interface ReadDocument<Content> {
  readonly content: Content;
  /** Line on which it starts, from 1. */
  readonly line: number;
  /** `file:line: what`. */
  readonly warnings: readonly string[];
  readonly locate: Locate;
}

/** Says where a part of a document stands: `file:line: what`. */
type Locate = (what: Pick<SigmaRuleError, "message" | "path">) => Promise<string>;

/** The line of a key or element of a document, from 1, by its path; null where there is none. */
type LineOf = (path: readonly (string | number)[]) => number | null;

/**
 * Reads every document of a YAML file. The YAML library is loaded where a text is not in plain YAML, and for the lines of what there is
 * something to say about.
 *
 * @param text the file's YAML
 * @param path names the file in errors and warnings
 * @returns the documents, each with its warnings: `file:line: what`
 * @throws RuleFileError with file, line and reason
 */
export async function readDocuments<Content>(
  text: string,
  path: string,
  parse: ParseDocument<Content>,
): Promise<readonly ReadDocument<Content>[]> {
  const plain = readPlainYaml(text);
  if (plain === null) return await readDocumentsWithLines(text, path, parse);
  let reading: Promise<readonly Tree[]> | null = null;
  const readTree = async (index: number) => {
    reading ??= import("./yaml-trees.ts").then(({ readTrees }) => readTrees(text, path));
    return (await reading)[index];
  };
  const read: ReadDocument<Content>[] = [];
  for (const [index, { value, line }] of plain.entries()) {
    const lineOf = async () => (await readTree(index))?.lineOf ?? (() => null);
    read.push(await parseValue(value, { path, line, lineOf }, parse));
  }
  return read;
}

/**
 * The same, by the YAML library.
 *
 * @param parse is given the lines of the document's parts, too
 */
export async function readDocumentsWithLines<Content>(
  text: string,
  path: string,
  parse: (
    document: unknown,
    lineOf: (path: readonly (string | number)[]) => number,
  ) => ReturnType<ParseDocument<Content>>,
): Promise<readonly ReadDocument<Content>[]> {
  const { readTrees, valueOfTree } = await import("./yaml-trees.ts");
  const read: ReadDocument<Content>[] = [];
  for (const tree of readTrees(text, path)) {
    const { start: line, lineOf } = tree;
    const value = valueOfTree(tree, path);
    const lineAt = (place: readonly (string | number)[]) => (place.length === 0 ? line : (lineOf(place) ?? line));
    read.push(await parseValue(value, { path, line, lineOf: async () => lineOf }, (each) => parse(each, lineAt)));
  }
  return read;
}

/** Parses the value of a document, with lines in what it says about it. */
async function parseValue<Content>(
  value: unknown,
  { path, line, lineOf }: { readonly path: string; readonly line: number; readonly lineOf: () => Promise<LineOf> },
  parse: ParseDocument<Content>,
): Promise<ReadDocument<Content>> {
  const locate: Locate = async ({ message, path: place }) => {
    const found = place.length === 0 ? line : ((await lineOf())(place) ?? line);
    const where = place.length === 0 ? "" : `${place.join(".")}: `;
    return `${path}:${found}: ${where}${message}`;
  };
  let parsed: ReturnType<ParseDocument<Content>>;
  try {
    parsed = parse(value);
  } catch (error) {
    if (error instanceof SigmaRuleError) throw new RuleFileError(await locate(error));
    throw error;
  }
  const warnings: string[] = [];
  for (const warning of parsed.warnings) warnings.push(await locate(warning));
  return { content: parsed.content, line, warnings, locate };
}

async function collectFaults<Value>(faults: string[], read: () => Value | Promise<Value>): Promise<Value | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof RuleFileError)) throw error;
    faults.push(error.message);
    return null;
  }
}

/** Reads `name: value` and `name: [values]`; a missing file defines nothing. */
async function loadPlaceholders(path: string): Promise<Placeholders> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return {};
    throw error;
  }
  const documents = await readDocuments(text, path, (document) => {
    if (!isObject(document)) {
      throw new SigmaRuleError("expected a map of placeholder names to values");
    }
    const entries = Object.entries(document).map(([name, value]): [string, string[]] => {
      const values: unknown[] = Array.isArray(value) ? value : [value];
      if (values.length === 0) throw new SigmaRuleError("expected at least one value", [name]);
      return [
        name,
        values.map((each) => {
          if (typeof each !== "string" && typeof each !== "number") {
            throw new SigmaRuleError("expected text, or a list of texts", [name]);
          }
          return String(each);
        }),
      ];
    });
    return { content: Object.fromEntries(entries), warnings: [] };
  });
  return Object.assign({}, ...documents.map(({ content }) => content));
}

function duplicates<Content>(
  files: readonly FromFile<Content>[],
  key: (content: Content) => string | null,
  what: string,
): string[] {
  const first = new Map<string, FromFile<Content>>();
  return files.flatMap((each) => {
    const value = key(each.content);
    if (value === null) return [];
    const other = first.get(value);
    if (other === undefined) first.set(value, each);
    return other === undefined
      ? []
      : [`${each.file}:${each.line}: the ${what} ${value} is taken by ${other.file}:${other.line}`];
  });
}

function unmatchedFilters(filters: readonly FromFile<Filter>[], rules: readonly FromFile<Rule>[]): string[] {
  return filters.flatMap(({ content, file, line }) =>
    (content.rules ?? [])
      .filter((named) => !rules.some(({ content: rule }) => appliesTo({ ...content, rules: [named] }, rule)))
      .map((named) => `${file}:${line}: filter.rules: no rule has the id or name ${named}`),
  );
}
