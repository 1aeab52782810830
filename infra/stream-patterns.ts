import { findEventType } from "../lambda/core/okta/event-types.ts";
import { streamSourcePrefix } from "../lambda/core/okta/streamed-event.ts";
import { logFilter } from "../lambda/core/reconciliation/log-filter.ts";
import { fold } from "../lambda/core/sigma/pattern.ts";
import type { Rule } from "../lambda/core/sigma/rule.ts";
import { requirementsOf } from "../lambda/core/sigma/rule-set.ts";

/** What the value of a field may be: a text, exactly; what starts with one; or one in any case. */
type FieldPattern = string | { readonly prefix: string } | { readonly "equals-ignore-case": string };

/**
 * Which events of a bus a rule of EventBridge lets through, in the language of
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export interface StreamPattern {
  readonly source: readonly FieldPattern[];
  readonly detail?: { readonly eventType: readonly FieldPattern[] };
}

/** EventBridge's quota for a pattern, in characters: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
export const maximumPatternLength = 2_048;

/** Rules that are worth it; where it takes more, one lets every event through, and the function leaves out what it needs not. */
const maximumPatterns = 5;

/**
 * What of the log stream the function is invoked with: events of the types that rules name, each by one pattern alone. It is not
 * narrowed by what else rules ask for, since Okta tells of an anonymous network in seven fields, each of which may be null or text.
 * Every event of the stream where a rule names no event type.
 *
 * @param rules the rules that run; null where they are not known, so that every event is let through
 * @param further event types that are wanted beside those of the rules
 */
export function streamPatterns(rules: readonly Rule[] | null, further: Iterable<string>): readonly StreamPattern[] {
  const everything: StreamPattern = { source: [{ prefix: streamSourcePrefix }] };
  if (rules === null) return [everything];
  if (!rules.every((rule) => requirementsOf(rule).has(fold("eventType")))) return [everything];
  const wanted = new Map([...logFilter(rules).eventTypes, ...further].map((name) => [name.toLowerCase(), name]));
  const patterns: StreamPattern[] = [];
  let types: FieldPattern[] = [];
  for (const type of [...wanted.values()].sort().map(typePattern)) {
    if (JSON.stringify({ ...everything, detail: { eventType: [...types, type] } }).length > maximumPatternLength) {
      patterns.push({ ...everything, detail: { eventType: types } });
      types = [];
    }
    types.push(type);
  }
  patterns.push({ ...everything, detail: { eventType: types } });
  return patterns.length > maximumPatterns ? [everything] : patterns;
}

/** Rules match in any case, and EventBridge does not: Okta writes a type of its catalog as the catalog does. */
function typePattern(eventType: string): FieldPattern {
  const { name, hookEligible } = findEventType(eventType);
  return hookEligible === null ? { "equals-ignore-case": name } : name;
}
