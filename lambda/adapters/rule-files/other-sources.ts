import { distance } from "fastest-levenshtein";
import { logSource } from "../../core/detections/log-source.ts";
import { formatCount, plural } from "../../core/text/shorten.ts";
import { fieldsOf, isObject, type Json } from "../../core/values/object.ts";

/*
 * The rules of other log sources in a folder that others keep, as SigmaHQ's is: thousands of files, most of them about
 * other products. They are known by their text, which takes a hundredth of the time that their YAML takes to be parsed.
 */

/** What a text holds that is not parsed. */
export interface OtherSources {
  /** The log source of each of its rules: the product, else the category or service; null for rules that wait. */
  readonly sources: readonly string[] | null;
  /** The ids and names of its rules. */
  readonly names: readonly string[];
}

/** The text of our product, in a file that has to be parsed. */
const ours = new RegExp(logSource.product, "i");
const documentEnd = /^---.*$/m;
const logsourceKey = /^["']?logsource["']?\s*:/m;
const correlationKey = /^["']?correlation["']?\s*:/m;
const attributes = ["product", "category", "service"] as const;

/**
 * Tells a text whose rules are all about other log sources, or that holds no rule.
 *
 * @returns null for a text that has to be parsed: it names our product, or a product that may be ours misspelt, or it
 * holds a correlation, which may be about any rules
 */
export function readOtherSources(text: string): OtherSources | null {
  if (ours.test(text)) return null;
  const documents = text.split(documentEnd);
  const rules = documents.filter((document) => logsourceKey.test(document));
  if (rules.length === 0 && documents.some((document) => correlationKey.test(document))) return null;
  const sources = rules.map((rule) => {
    const found = attributes.flatMap((name) => valueAt(rule.slice(rule.search(logsourceKey)), name) ?? []);
    return found[0] ?? "no log source";
  });
  if (sources.some(isNearOurs)) return null;
  return { sources, names: documents.flatMap((each) => ["id", "name"].flatMap((key) => topValueAt(each, key) ?? [])) };
}

/** The value of a key at any depth, in a line of its own or in a map on one line. */
function valueAt(text: string, key: string): string | null {
  return new RegExp(`(?:^|[\\s{,])["']?${key}["']?\\s*:\\s*["']?([\\w.-]+)`, "m").exec(text)?.[1] ?? null;
}

function topValueAt(text: string, key: string): string | null {
  return new RegExp(`^${key}\\s*:\\s*["']?([^\\s"'#]+)`, "m").exec(text)?.[1] ?? null;
}

/** The keys of a document that a Sigma rule, correlation or filter has. */
const sigmaKeys = ["logsource", "detection", "correlation", "filter"] as const;

/** What a document of a folder of others is: a rule for us, one of other log sources, or no rule at all. */
export function kindOf(document: unknown): "ours" | OtherSources {
  if (!isObject(document)) return noRule;
  const { logsource } = document;
  const names = namesOf(document);
  if (!sigmaKeys.some((key) => Object.hasOwn(document, key))) return { ...noRule, names };
  if (!isObject(logsource)) return "ours";
  const [source] = attributes.map((each) => logsource[each]).filter((value) => typeof value === "string");
  return source === undefined || isNearOurs(source) ? "ours" : { sources: [source], names };
}

function namesOf({ id, name }: Json): string[] {
  return [id, name].filter((each) => typeof each === "string");
}

/** A rule for us that cannot be run until a placeholder is defined. */
export function waitingRule(document: unknown): OtherSources {
  return { sources: null, names: namesOf(fieldsOf(document)) };
}

const noRule: OtherSources = { sources: [], names: [] };

/** The most edits that separate a misspelling from the name of our product: a rule that never alerts is a fault. */
const mostEdits = 2;

function isNearOurs(source: string): boolean {
  return distance(source.toLowerCase(), logSource.product) <= mostEdits;
}

/** Files that are left out, with what they hold. */
export interface LeftOut extends OtherSources {
  readonly file: string;
}

/** The most log sources that a warning names. */
const mostNamed = 8;

/** What is left out of a folder, in a line for rules of other log sources, and one for files without rules. */
export function describeLeftOut(folder: string, all: readonly LeftOut[]): string[] {
  const sources = all.flatMap((each) => (each.sources ?? []).map((source) => source.toLowerCase()));
  const counts = [...Map.groupBy(sources, (source) => source)]
    .map(([source, { length }]) => ({ source, length }))
    .sort((a, b) => b.length - a.length || (a.source < b.source ? -1 : 1));
  const named = counts.slice(0, mostNamed).map(({ source, length }) => `${source} (${formatCount(length)})`);
  const more = counts.length > mostNamed ? [`${counts.length - mostNamed} more`] : [];
  const without = all.filter(({ sources: found }) => found?.length === 0);
  const [first] = without;
  return [
    ...(sources.length === 0
      ? []
      : [
          `${folder}: ${plural(sources.length, "rule")} of other log sources not run: ${[...named, ...more].join(", ")}`,
        ]),
    ...(first === undefined
      ? []
      : [`${folder}: ${plural(without.length, "YAML file")} in subfolders without a Sigma rule, as ${first.file}`]),
  ];
}
