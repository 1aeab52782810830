import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { v4 as uuidv4 } from "uuid";
import { parse, stringify } from "yaml";
import { checkRules } from "../../lambda/adapters/rule-files/load-detections.ts";
import { isObject } from "../../lambda/core/values/object.ts";
import { InputError } from "../command.ts";
import { type Comparison, type Expression, ExpressionError, parseExpression } from "./okta-expression.ts";

/** A map of one selection: fields with modifiers, and their values. */
type Fields = Readonly<Record<string, unknown>>;

/** The detection of a Sigma rule, as YAML holds it. */
export type DetectionDocument = Readonly<Record<string, unknown>> & { readonly condition: string };

/** What an import makes of a file. */
export interface ImportedRules {
  /** The rules, as YAML. */
  readonly yaml: string;
  /** What is to be written or looked at in them: `line: what`. */
  readonly remarks: readonly string[];
}

/**
 * Turns a file with a filter expression of Okta's System Log into Sigma rules for review: plain text, or one of Okta's
 * customer-detections, whose expressions become a rule each.
 *
 * @param today the date of the rules, `YYYY-MM-DD`
 * @throws InputError for what cannot be read, or not be said in Sigma
 */
export async function importOkta(file: string, today: string): Promise<ImportedRules> {
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new InputError(`${file} cannot be read: ${error.message}`);
  });
  const { title, expressions, metadata } = expressionsIn(text, file);
  const { description, references, author, tags, falsePositives } = metadata;
  const origin = `Imported from ${basename(file)}.`;
  const yaml = expressions
    .map((expression, index) => {
      const detection = readDetection(expression, file);
      const rule = {
        title: expressions.length === 1 ? title : `${title} (${index + 1})`,
        id: uuidv4(),
        status: "experimental",
        description:
          description === null
            ? `TODO: what happens, and why it is worth a look. ${origin}`
            : `${description}\n\n${origin}`,
        ...(references.length > 0 && { references }),
        ...(author !== null && { author }),
        date: today,
        ...(tags.length > 0 && { tags }),
        logsource: { product: "okta", service: "okta" },
        detection,
        falsepositives: falsePositives.length > 0 ? falsePositives : ["TODO: who does it as part of their work"],
        level: "medium",
        triage: ["TODO: what to do first"],
      };
      const source = expression
        .trim()
        .split(lineBreaks)
        .map((line) => `#   ${line.trim()}\n`);
      return `# To be reviewed. The filter of Okta's System Log that it is made from:\n${source.join("")}${stringify(rule, { lineWidth: 0 })}`;
    })
    .join("---\n");
  const remarks = (await checkRules(yaml, ruleLabel)).map((remark) => remark.slice(ruleLabel.length + 1));
  return { yaml, remarks };
}

/** What ends a line, and so a comment, in YAML 1.1 (https://yaml.org/spec/1.1/#id871136), which other tools read rules as, or in 1.2. */
const lineBreaks = /\r\n|[\n\r\u0085\u2028\u2029]/;

/** Stands for the file that the rules have not yet. */
const ruleLabel = "rule";

function readDetection(expression: string, file: string): DetectionDocument {
  try {
    return toDetection(parseExpression(expression));
  } catch (error) {
    if (error instanceof ExpressionError) throw new InputError(`${file}: ${error.message}`);
    throw error;
  }
}

/** What one of Okta's files says of its detection, and a Sigma rule has a place for. */
interface Metadata {
  readonly description: string | null;
  readonly references: readonly string[];
  readonly author: string | null;
  /** ATT&CK's tactics and techniques: `attack.persistence`, `attack.t1078`. */
  readonly tags: readonly string[];
  readonly falsePositives: readonly string[];
}

interface FilterFile {
  readonly title: string;
  readonly expressions: readonly string[];
  readonly metadata: Metadata;
}

/** The expressions of a file, with a title, and with what the file says of them. */
function expressionsIn(text: string, file: string): FilterFile {
  const name = `Okta ${basename(file).replace(/\.\w+$/, "")}`;
  const bare = { title: name, expressions: [text], metadata: metadataIn({}) };
  let document: unknown;
  try {
    document = parse(text);
  } catch {
    return bare;
  }
  if (typeof document !== "object" || document === null) return bare;
  const { title, detection } = document as {
    readonly title?: unknown;
    readonly detection?: { readonly okta_systemlog?: unknown } | null;
  };
  const expressions = textsIn(detection?.okta_systemlog);
  if (expressions.length === 0) {
    const others = Object.keys(detection ?? {}).filter((key) => key !== "explanation");
    throw new InputError(
      `${file} is YAML without detection.okta_systemlog, where Okta's detections have their filter${others.length === 0 ? "" : `: detection has ${others.join(", ")} alone`}`,
    );
  }
  return {
    title: typeof title === "string" ? title : bare.title,
    expressions,
    metadata: metadataIn(document as Readonly<Record<string, unknown>>),
  };
}

/** Reads the keys of Okta's customer-detections (https://github.com/okta/customer-detections); others are left out. */
function metadataIn(document: Readonly<Record<string, unknown>>): Metadata {
  const { description, references, author, threat, false_positives: falsePositives } = document;
  const { Tactic, Technique }: Readonly<Record<string, unknown>> = isObject(threat) ? threat : {};
  // A technique is the key of a map of one, `T1078: Valid Accounts`, or stands in a text.
  const techniques = [Technique].flat().flatMap((each) => (isObject(each) ? Object.keys(each) : textsOf(each)));
  const tags = [
    ...textsOf(Tactic).map((tactic) => tactic.toLowerCase().replaceAll(/[^a-z]+/g, "-")),
    ...techniques.flatMap((each) => /\bT\d{4}(?:\.\d{3})?\b/.exec(each)?.[0].toLowerCase() ?? []),
  ];
  const [only = null] = textsOf(description);
  return {
    description: only,
    references: textsOf(references),
    author: textsOf(author)[0] ?? null,
    tags: [...new Set(tags)].map((tag) => `attack.${tag}`),
    falsePositives: textsOf(falsePositives),
  };
}

/** The texts of a list, or the one that stands for a list, without those that are empty. */
function textsOf(value: unknown): readonly string[] {
  return [value].flat().flatMap((each) => (typeof each === "string" && each.trim() !== "" ? [each.trim()] : []));
}

/** The queries for single SIEMs that some files of Okta have beside the filter (https://github.com/okta/customer-detections). */
const otherLanguages: ReadonlySet<string> = new Set(["datadog"]);

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => (otherLanguages.has(key) ? [] : textsIn(each)));
}

/**
 * Says an expression in Sigma: what is joined by `and` stands in one selection, values of one field that are joined by
 * `or` in one list, and the rest in the condition.
 *
 * @throws ExpressionError for a comparison that Sigma does not have
 */
export function toDetection(expression: Expression): DetectionDocument {
  const selections: Record<string, Fields> = {};
  const add = (fields: Fields, prefix: string): string => {
    const name = `${prefix}_${Object.keys(selections).length + 1}`;
    selections[name] = fields;
    return name;
  };
  const write = (each: Expression, isNegated: boolean): string => {
    const prefix = isNegated ? "filter" : "selection";
    if (each.kind === "not") return `not ${bracketed(each.operand, !isNegated)}`;
    if (each.kind === "comparison") {
      const { fields, isAbsence } = fieldsOf(each);
      return isAbsence ? `not ${add(fields, prefix)}` : add(fields, prefix);
    }
    const list = each.kind === "or" ? listOf(each.operands) : null;
    if (list !== null) return add(list, prefix);
    if (each.kind === "or") return each.operands.map((operand) => bracketed(operand, isNegated)).join(" or ");
    const { together, apart } = joined(each.operands);
    const parts = [
      ...(Object.keys(together).length > 0 ? [add(together, prefix)] : []),
      ...apart.map((operand) => bracketed(operand, isNegated)),
    ];
    return parts.join(" and ");
  };
  const bracketed = (each: Expression, isNegated: boolean): string => {
    const written = write(each, isNegated);
    return / (?:and|or) |^not /.test(written) ? `(${written})` : written;
  };
  const condition = write(expression, false);
  return { ...selections, condition };
}

/** The comparisons that one selection can hold, each of a field of its own, and all else. */
function joined(operands: readonly Expression[]): { readonly together: Fields; readonly apart: readonly Expression[] } {
  const together: Record<string, unknown> = {};
  const apart: Expression[] = [];
  for (const each of operands) {
    const found =
      each.kind === "comparison"
        ? fieldsOf(each)
        : each.kind === "or"
          ? listFields(each.operands)
          : { fields: {}, isAbsence: true };
    const names = Object.keys(found.fields);
    if (found.isAbsence || names.some((name) => Object.hasOwn(together, name))) apart.push(each);
    else Object.assign(together, found.fields);
  }
  return { together, apart };
}

function listFields(operands: readonly Expression[]): { readonly fields: Fields; readonly isAbsence: boolean } {
  const fields = listOf(operands);
  return { fields: fields ?? {}, isAbsence: fields === null };
}

/** Comparisons of one field by one operator as one list; null for others. Null has to stand alone, and so has `ne`. */
function listOf(operands: readonly Expression[]): Fields | null {
  const comparisons = operands.filter((each): each is Comparison => each.kind === "comparison");
  const all = comparisons.map((each) => Object.entries(fieldsOf(each).fields)[0]);
  const [first] = all;
  if (first === undefined || comparisons.length < operands.length) return null;
  const isAlike = all.every(
    (each, index) =>
      each?.[0] === first[0] && each[1] !== null && !["ne", "pr"].includes(comparisons[index]?.operator ?? ""),
  );
  return isAlike ? { [first[0]]: all.map((each) => each?.[1]) } : null;
}

const textModifiers: Readonly<Partial<Record<Comparison["operator"], string>>> = {
  co: "contains",
  sw: "startswith",
  ew: "endswith",
};
const numberModifiers: Readonly<Partial<Record<Comparison["operator"], string>>> = {
  gt: "gt",
  ge: "gte",
  lt: "lt",
  le: "lte",
};

/** One comparison as a field of a selection, and whether the condition has to ask for the selection's absence. */
function fieldsOf(comparison: Comparison): { readonly fields: Fields; readonly isAbsence: boolean } {
  const { field, operator, value } = comparison;
  const said = `${field} ${operator} ${JSON.stringify(value)}`;
  // JavaScript would lose the comparison, and the rule would match more than the expression.
  if (field === "__proto__") throw new ExpressionError(`${said}: no event of Okta's has such a field`);
  if (operator === "pr" || (operator === "ne" && value === null)) return { fields: { [field]: null }, isAbsence: true };
  if (operator === "eq" || operator === "ne") {
    const written = typeof value === "string" ? escapeWildcards(value) : value;
    return { fields: { [operator === "ne" ? `${field}|neq` : field]: written }, isAbsence: false };
  }
  const text = textModifiers[operator];
  if (text !== undefined) {
    if (typeof value !== "string" || value === "")
      throw new ExpressionError(`${said}: Sigma compares parts of texts alone`);
    return { fields: { [`${field}|${text}`]: escapeWildcards(value) }, isAbsence: false };
  }
  if (typeof value !== "number") {
    throw new ExpressionError(`${said}: Sigma compares numbers alone; times and texts have no order there`);
  }
  return { fields: { [`${field}|${numberModifiers[operator]}`]: value }, isAbsence: false };
}

/** What is a wildcard or an escape in Sigma, and none in Okta's expression. */
function escapeWildcards(text: string): string {
  return text.replace(/\\(?=[*?\\]|$)|[*?]/g, "\\$&");
}
