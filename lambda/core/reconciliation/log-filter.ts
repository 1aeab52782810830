import { countEventTypes, findEventType } from "../okta/event-types.ts";
import { fold } from "../sigma/pattern.ts";
import { requirementsOf } from "../sigma/requirements.ts";
import type { Rule } from "../sigma/rule.ts";

/** The filter of requests to an org's System Log. */
export interface LogFilter {
  /**
   * An expression of Okta's filter language; null for every event: some rule names no event type. Where so many are
   * named that the URL would be too long, it asks for some by the start of their names, and more events than needed are
   * read.
   */
  readonly expression: string | null;
  /** The event types, each as Okta's catalog writes it, or where that has it not, a rule. */
  readonly eventTypes: readonly string[];
}

/** The most characters of an expression: encoded, it makes a URL of a length that servers accept. */
const maximumLength = 4_000;

/**
 * The event types that any of these rules could match. Other fields of the rules do not narrow it: Okta reports an
 * anonymous network in seven fields, each of which may be null or text, and no document says how its filter treats
 * those. Nor does one say that it compares in any case, as rules do.
 */
export function logFilter(rules: readonly Rule[]): LogFilter {
  const types = new Map<string, string>();
  let everything = false;
  for (const rule of rules) {
    const named = requirementsOf(rule).get(fold("eventType"));
    if (named === undefined) everything = true;
    for (const [folded, eventType] of named ?? [])
      if (!types.has(folded)) types.set(folded, findEventType(eventType).name);
  }
  const eventTypes = [...types.values()].sort();
  return { expression: everything ? null : shortExpression(eventTypes), eventTypes };
}

/** A comparison of the event type: with a whole name, or with the start of names. */
interface Term {
  readonly operator: "eq" | "sw";
  readonly text: string;
}

const writeTerm = ({ operator, text }: Term) => `eventType ${operator} ${JSON.stringify(text)}`;
const separator = " or ";
const write = (terms: readonly Term[]) => terms.map(writeTerm).join(separator);

/** Null for none, and where no expression is short enough. */
function shortExpression(eventTypes: readonly string[]): string | null {
  let terms: readonly Term[] = eventTypes.map((text) => ({ operator: "eq", text }));
  while (write(terms).length > maximumLength) {
    const shorter = joinByStart(terms);
    if (shorter === null) return null;
    terms = shorter;
  }
  return terms.length === 0 ? null : write(terms);
}

/**
 * Replaces terms that start alike by one: those that bring the fewest further event types of the catalog for each
 * character that is saved. Null where none start alike.
 */
function joinByStart(terms: readonly Term[]): readonly Term[] | null {
  const starts = new Set(
    terms.flatMap(({ text }) => {
      const parts = text.split(".").slice(0, -1);
      return parts.map((_, index) => `${parts.slice(0, index + 1).join(".")}.`);
    }),
  );
  const lengths = new Map(terms.map((term) => [term, writeTerm(term).length + separator.length]));
  let best: { readonly start: string; readonly cost: number } | null = null;
  for (const start of [...starts].sort()) {
    const covered = terms.filter(({ text }) => text.startsWith(start));
    const ownLength = writeTerm({ operator: "sw", text: start }).length + separator.length;
    const saved = covered.reduce((sum, term) => sum + (lengths.get(term) ?? 0), -ownLength);
    if (covered.length < 2 || saved <= 0) continue;
    const cost = (countEventTypes(start) - covered.length) / saved;
    if (best === null || cost < best.cost) best = { start, cost };
  }
  if (best === null) return null;
  const { start } = best;
  return [...terms.filter(({ text }) => !text.startsWith(start)), { operator: "sw", text: start }];
}
