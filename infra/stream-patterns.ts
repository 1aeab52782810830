import { findEventType } from "../lambda/core/okta/event-types.ts";
import { streamSourcePrefix } from "../lambda/core/okta/streamed-event.ts";
import { logFilter } from "../lambda/core/reconciliation/log-filter.ts";
import { fold } from "../lambda/core/sigma/pattern.ts";
import { requirementsOf } from "../lambda/core/sigma/requirements.ts";
import type { Rule } from "../lambda/core/sigma/rule.ts";

/** The pattern of a field's value: an exact text, a prefix, or a text in any case. */
type FieldPattern = string | { readonly prefix: string } | { readonly "equals-ignore-case": string };

/**
 * The events that a rule of EventBridge passes, in the language of
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export interface StreamPattern {
  readonly source: readonly FieldPattern[];
  readonly detail?: { readonly eventType: readonly FieldPattern[] };
}

/** EventBridge's quota for a pattern, in characters: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
export const maximumPatternLength = 2_048;

/** The most rules; beyond them, one rule passes every event, and the function ignores those that it does not need. */
const maximumPatterns = 5;

/**
 * The patterns of events that invoke the function: the event types that rules name, each in one pattern. Other fields
 * of the rules do not narrow them, since Okta reports an anonymous network in seven fields, each of which may be null
 * or text. Where a rule names no event type, every event passes.
 *
 * @param rules the rules that run; null where they are not known, so that every event passes
 * @param further event types beside those of the rules
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

/** Rules match in any case, EventBridge does not: Okta writes a type of its catalog as the catalog does. */
function typePattern(eventType: string): FieldPattern {
  const { name, hookEligible } = findEventType(eventType);
  return hookEligible === null ? { "equals-ignore-case": name } : name;
}
