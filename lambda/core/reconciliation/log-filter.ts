import { findEventType } from "../okta/event-types.ts";
import { fold } from "../sigma/pattern.ts";
import { requirementsOf } from "../sigma/requirements.ts";
import type { Rule } from "../sigma/rule.ts";

/** The filter of requests to an org's System Log. */
export interface LogFilter {
  /**
   * An expression of Okta's filter language; null for every event: some rule names no event type, or they name so many
   * that the URL would be too long.
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
  const expression = eventTypes.map((eventType) => `eventType eq ${JSON.stringify(eventType)}`).join(" or ");
  const isUsable = !everything && expression !== "" && expression.length <= maximumLength;
  return { expression: isUsable ? expression : null, eventTypes };
}
