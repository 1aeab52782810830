import { distance } from "fastest-levenshtein";
import * as z from "zod/mini";
import { isObject } from "../../values/object.ts";
import { packPattern } from "../pack.ts";
import { levels, type Rule, type RuleWarning, SigmaRuleError, statuses } from "../rule.ts";
import { metadataOf, warningsOfMetadata } from "./metadata.ts";
import { type DetectionOptions, parseDetection } from "./parse-detection.ts";

/** The log source of the events, in Sigma's words, in lower case. */
export interface LogSource {
  readonly product: string;
  readonly service: string;
}

/** Options of parsing a rule or filter. */
export interface ParseOptions extends DetectionOptions {
  /** Rules for another log source are refused. */
  readonly logsource: LogSource;
}

/** A rule, and warnings for its author. */
export interface ParsedRule {
  readonly rule: Rule;
  readonly warnings: readonly RuleWarning[];
}

const nonEmpty = z.string("expected text").check(z.minLength(1, "expected text"));
/** `YYYY-MM-DD`; many rules have slashes, which Sigma 2 dropped. */
export const date = z
  .string("expected a date as YYYY-MM-DD")
  .check(z.regex(/^\d{4}[-/]\d{2}[-/]\d{2}$/, "expected a date as YYYY-MM-DD"));
export const title = nonEmpty.check(z.maxLength(256, "expected at most 256 characters"));
export const id = z.guid("expected a UUID");
export const description = z.string("expected text").check(z.maxLength(65_535, "expected at most 65,535 characters"));
export const logsource = z.record(z.string(), z.unknown(), "expected a map with product and service");

const packMessage = "expected a name such as admin: a-z, 0-9 and -";
export const pack = z.string(packMessage).check(z.regex(packPattern, packMessage));
const tagMessage = "expected a tag as namespace.value";
export const tags = z.array(
  z.string(tagMessage).check(z.regex(/^[a-z0-9_-]+\.[a-z0-9._-]+$/, tagMessage)),
  "expected a list of tags",
);

const texts = (message: string) => z.array(nonEmpty, message);

/** A rule document of the Sigma specification 2.1. */
const ruleDocument = z.looseObject(
  {
    title,
    id: z.optional(id),
    name: z.optional(nonEmpty.check(z.maxLength(256, "expected at most 256 characters"))),
    related: z.optional(
      z.array(z.looseObject({ id: nonEmpty, type: nonEmpty }, "expected id and type"), "expected a list of rules"),
    ),
    taxonomy: z.optional(z.literal("sigma", "only the taxonomy sigma can be run")),
    status: z.optional(z.enum(statuses, `expected one of ${statuses.join(", ")}`)),
    description: z.optional(description),
    license: z.optional(nonEmpty),
    author: z.optional(nonEmpty),
    references: z.optional(texts("expected a list of references")),
    date: z.optional(date),
    modified: z.optional(date),
    logsource,
    detection: z.record(z.string(), z.unknown(), "expected selections and a condition"),
    fields: z.optional(texts("expected a list of fields")),
    falsepositives: z.optional(texts("expected a list of texts")),
    level: z.optional(z.enum(levels, `expected one of ${levels.join(", ")}`)),
    tags: z.optional(tags),
    scope: z.optional(texts("expected a list of texts")),
    // An extension: a further way for the rule to match, by fields that only this pipeline adds. Other tools ignore
    // unknown keys.
    enriched: z.optional(z.record(z.string(), z.unknown(), "expected a map of fields")),
    // Extensions that describe a rule: its pack, the reason for its level, and what to do first.
    pack: z.optional(pack),
    level_reason: z.optional(nonEmpty),
    triage: z.optional(texts("expected a list of sentences")),
  },
  "expected a Sigma rule: a map with title, logsource and detection",
);

/** Keys of other documents, and of Sigma 1, whose content this engine would not run. */
const refusedKeys: Readonly<Record<string, string>> = {
  correlation: "this is a correlation, and no rule about one event",
  filter: "this is a filter: it belongs into the folder filters",
  action: "collections of rules by action were dropped from Sigma 2: write each rule out",
};

/** Unknown keys that look like a typing error but are in use: the specification's prose has `reference`. */
const toleratedKeys = new Set(["reference"]);

/**
 * Turns a rule document, as read from YAML, into a rule that can be compiled.
 *
 * @throws SigmaRuleError for the first fault, with its path in the document
 */
export function parseRule(document: unknown, options: ParseOptions): ParsedRule {
  const keys = isObject(document) ? Object.keys(document) : [];
  const refused = keys.find((key) => Object.hasOwn(refusedKeys, key));
  if (refused !== undefined) throw new SigmaRuleError(refusedKeys[refused] ?? "", [refused]);
  refuseTypos(keys, Object.keys(ruleDocument.shape));
  const parsed = parseDocument(ruleDocument, document);
  checkLogSource(parsed.logsource, options.logsource);
  const { detection, warnings } = parseDetection(withEnriched(parsed), ["detection"], options);
  const custom = keys.filter((key) => !Object.hasOwn(ruleDocument.shape, key));
  const warn = (message: string, ...path: string[]): RuleWarning => ({ message, path });
  return {
    rule: {
      ...metadataOf(parsed),
      filters: [],
      ...detection,
    },
    warnings: [
      ...warningsOfMetadata(parsed),
      ...(parsed.references ?? []).flatMap((reference, index) => {
        const fault = faultOfReference(reference);
        return fault === null ? [] : [{ message: fault, path: ["references", index] }];
      }),
      ...custom.map((key) => warn("this is no part of a Sigma rule, and has no effect", key)),
      ...warnings,
    ],
  };
}

/** Domains that lead nowhere: https://www.rfc-editor.org/rfc/rfc2606#section-2 */
const reservedDomain = /(^|\.)(test|invalid|localhost|example)$/;

/** Why a reference cannot be opened, by its form alone; null where it may. */
function faultOfReference(reference: string): string | null {
  const url = URL.canParse(reference) ? new URL(reference) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return `"${reference}" is no address: expected https://...`;
  const { hostname } = url;
  if (!hostname.includes(".") || reservedDomain.test(hostname)) return `"${reference}" leads nowhere: no such host`;
  return /\s/.test(reference.trim()) ? `"${reference}" is more than one address` : null;
}

/** The detection of a rule, combined with its `enriched` fields: one of the two has to hold. */
function withEnriched({
  detection,
  enriched,
}: Pick<z.output<typeof ruleDocument>, "detection" | "enriched">): Readonly<Record<string, unknown>> {
  if (enriched === undefined) return detection;
  if (Object.hasOwn(detection, "enriched")) {
    throw new SigmaRuleError("a selection has this name already: give it another one", ["detection", "enriched"]);
  }
  const conditions: unknown[] = Array.isArray(detection.condition) ? detection.condition : [detection.condition];
  return { ...detection, enriched, condition: [...conditions, "enriched"] };
}

/**
 * Parses a document by its schema, or throws its first fault as a {@link SigmaRuleError}.
 *
 * @param base where the document stands in its file
 */
export function parseDocument<Schema extends z.core.$ZodType>(
  schema: Schema,
  document: unknown,
  base: readonly (string | number)[] = [],
): z.output<Schema> {
  const parsed = z.safeParse(schema, document, { error: describeUnknownKey });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).filter((key): key is string | number => typeof key !== "symbol");
  throw new SigmaRuleError(issue?.message ?? "cannot be read", [...base, ...path]);
}

/** The message about keys that a strict schema does not have, of one that is nearly a known key first: Zod Mini has none of its own. */
function describeUnknownKey(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== "unrecognized_keys") return undefined;
  const known = issue.inst instanceof z.core.$ZodObject ? Object.keys(issue.inst._zod.def.shape) : [];
  const slip = issue.keys.find((key) => nearestKey(key, known) !== undefined);
  if (slip !== undefined) return `unknown key "${slip}"; did you mean "${nearestKey(slip, known)}"?`;
  return `unknown key ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
}

/** Custom keys are allowed, but one that is nearly a known key is a typing error that would have no effect. */
export function refuseTypos(keys: readonly string[], known: readonly string[]): void {
  for (const key of keys) {
    if (known.includes(key) || toleratedKeys.has(key)) continue;
    const near = nearestKey(key, known);
    if (near !== undefined) throw new SigmaRuleError(`unknown key "${key}"; did you mean "${near}"?`, [key]);
  }
}

function nearestKey(key: string, known: readonly string[]): string | undefined {
  return known.find((each) => distance(key.toLowerCase(), each) <= (each.length > 4 ? 2 : 1));
}

/**
 * A rule or filter applies to a log source when every attribute that it names is that of the source.
 *
 * @throws SigmaRuleError otherwise, or when it names none
 */
export function checkLogSource(named: Readonly<Record<string, unknown>>, source: LogSource): void {
  const attributes = ["category", "product", "service"] as const;
  const wanted: Readonly<Record<string, string>> = { ...source };
  const ours = `product: ${source.product}, service: ${source.service}`;
  for (const attribute of attributes) {
    const value = named[attribute];
    if (value === undefined || value === null) continue;
    if (typeof value !== "string" || value.toLowerCase() !== wanted[attribute]) {
      throw new SigmaRuleError(`${JSON.stringify(value)} is another log source; only ${ours} can be run here`, [
        "logsource",
        attribute,
      ]);
    }
  }
  if (attributes.every((attribute) => named[attribute] === undefined || named[attribute] === null)) {
    throw new SigmaRuleError(`names no log source; expected ${ours}`, ["logsource"]);
  }
}
