import * as z from "zod/mini";
import { type Correlation, type CorrelationType, correlationTypes, maximumTimespan } from "../correlation.ts";
import { levels, type RuleWarning, SigmaRuleError, statuses } from "../rule.ts";
import { metadataOf, warningsOfMetadata } from "./metadata.ts";
import { parseCorrelationCondition, type WrittenCondition } from "./parse-correlation-condition.ts";
import { date, description, id, pack, parseDocument, refuseTypos, tags, title } from "./parse-rule.ts";

/** A correlation whose references are not resolved yet. */
export interface WrittenCorrelation
  extends Omit<Correlation, "rules" | "groupBy" | "valueFields" | "percentile" | "condition"> {
  /** Ids or names of rules and correlations, as written. */
  readonly ruleNames: readonly string[];
  /** Where each of the names stands in the document. */
  readonly rulePaths: readonly (readonly (string | number)[])[];
  /** Fields and aliases, as written. */
  readonly groupNames: readonly string[];
  /** The fields of aliases, by the names or ids of rules. */
  readonly aliases: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly condition: WrittenCondition;
}

/** A correlation, and warnings for its author. */
export interface ParsedCorrelation {
  readonly correlation: WrittenCorrelation;
  readonly warnings: readonly RuleWarning[];
}

const text = z.string("expected text").check(z.minLength(1, "expected text"));
const oneOrMore = (message: string) => z.union([text, z.array(text, message).check(z.minLength(1, message))], message);

/** The section `correlation` of a correlation document. */
const correlationSection = z.looseObject(
  {
    type: z.enum(correlationTypes, `expected one of ${correlationTypes.join(", ")}`),
    rules: z.optional(oneOrMore("expected a list of ids or names of rules")),
    "group-by": z.optional(oneOrMore("expected a list of fields")),
    timespan: z.string("expected a number and a unit: 30s, 5m, 12h or 2d"),
    condition: z.optional(z.unknown()),
    aliases: z.optional(
      z.record(
        z.string(),
        z.record(z.string(), text, "expected a map of rule names to fields"),
        "expected a map of aliases",
      ),
    ),
    generate: z.optional(z.boolean("expected true or false, without quotes")),
  },
  "expected a map with type, rules, group-by, timespan and condition",
);

/** A correlation document of the Sigma specification 2.1. */
const correlationDocument = z.looseObject(
  {
    title,
    id: z.optional(id),
    name: z.optional(text.check(z.maxLength(256, "expected at most 256 characters"))),
    status: z.optional(z.enum(statuses, `expected one of ${statuses.join(", ")}`)),
    taxonomy: z.optional(z.literal("sigma", "only the taxonomy sigma can be run")),
    description: z.optional(description),
    author: z.optional(text),
    references: z.optional(z.array(text, "expected a list of references")),
    date: z.optional(date),
    modified: z.optional(date),
    license: z.optional(text),
    related: z.optional(z.unknown()),
    fields: z.optional(z.unknown()),
    scope: z.optional(z.unknown()),
    falsepositives: z.optional(oneOrMore("expected text or a list of texts")),
    level: z.optional(z.enum(levels, `expected one of ${levels.join(", ")}`)),
    tags: z.optional(tags),
    generate: z.optional(z.boolean("expected true or false, without quotes")),
    // The same extensions as those of rules.
    pack: z.optional(pack),
    level_reason: z.optional(text),
    triage: z.optional(z.array(text, "expected a list of sentences")),
    correlation: correlationSection,
  },
  "expected a Sigma correlation: a map with title and correlation",
);

/** Whether a document, as read from YAML, is a correlation. */
export function isCorrelationDocument(document: unknown): boolean {
  return typeof document === "object" && document !== null && Object.hasOwn(document, "correlation");
}

/**
 * Turns a correlation document, as read from YAML, into a correlation whose references are as written.
 *
 * @throws SigmaRuleError for the first fault, with its path in the document
 */
export function parseCorrelation(document: unknown): ParsedCorrelation {
  if (typeof document === "object" && document !== null) {
    for (const key of ["detection", "logsource"]) {
      if (Object.hasOwn(document, key)) {
        throw new SigmaRuleError(`a correlation has no ${key}: write the rule as a document of its own`, [key]);
      }
    }
    refuseTypos(Object.keys(document), Object.keys(correlationDocument.shape));
  }
  const parsed = parseDocument(correlationDocument, document);
  const section = parsed.correlation;
  const type = section.type;
  const known = Object.keys(correlationSection.shape);
  for (const key of Object.keys(section)) {
    if (known.includes(key)) continue;
    throw new SigmaRuleError(`unknown key "${key}"; expected some of ${known.join(", ")}`, ["correlation", key]);
  }
  const condition = parseCorrelationCondition(section.condition, type);
  const written = [section.rules ?? []].flat();
  const isOne = typeof section.rules === "string";
  const ruleNames = written.length > 0 ? written : [...condition.ruleNames];
  if (ruleNames.length === 0) throw new SigmaRuleError("expected a list of ids or names of rules", ["correlation"]);
  const rulePaths = ruleNames.map((_, index) =>
    written.length === 0 ? ["correlation", "condition"] : ["correlation", "rules", ...(isOne ? [] : [index])],
  );
  const warn = (message: string, ...path: string[]): RuleWarning => ({ message, path });
  return {
    correlation: {
      ...metadataOf(parsed),
      type,
      ruleNames,
      rulePaths,
      groupNames: [section["group-by"] ?? []].flat(),
      aliases: section.aliases ?? {},
      timespan: section.timespan,
      milliseconds: readTimespan(section.timespan),
      condition,
      // The schema has it at the top of the document, pySigma in the section.
      generate: parsed.generate ?? section.generate ?? false,
    },
    warnings: [
      ...warningsOfMetadata(parsed),
      ...Object.keys(parsed)
        .filter((key) => !Object.hasOwn(correlationDocument.shape, key))
        .map((key) => warn("this is no part of a Sigma correlation, and has no effect", key)),
      ...(section["group-by"] === undefined ? [warn(ungrouped(type), "correlation")] : []),
    ],
  };
}

const ungrouped = (type: CorrelationType) =>
  `it has no group-by: ${type} takes the events of all persons and sources together`;

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads a timespan into milliseconds. */
function readTimespan(text: string): number {
  const path = ["correlation", "timespan"];
  const [, number, unit] = /^(\d{1,7})([smhd])$/.exec(text) ?? [];
  if (number === undefined) {
    throw new SigmaRuleError(`"${text}" is no timespan; expected a number and a unit: 30s, 5m, 12h or 2d`, path);
  }
  const milliseconds = Number(number) * units[unit as keyof typeof units];
  if (milliseconds === 0) throw new SigmaRuleError("a timespan of 0 holds no events", path);
  if (milliseconds > maximumTimespan) {
    throw new SigmaRuleError(`a timespan of ${text} is over what is kept of events: at most 7d`, path);
  }
  return milliseconds;
}
