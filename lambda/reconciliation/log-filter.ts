import { fold } from "../sigma/pattern.ts";
import type { Rule } from "../sigma/rule.ts";
import { requirementsOf } from "../sigma/rule-set.ts";

/** What an org's System Log is asked for. */
export interface LogFilter {
  /**
   * An expression of Okta's filter language; null when every event is asked for, as some rule names no event type, or they name
   * so many that no server would take the address.
   */
  readonly expression: string | null;
  /** The event types, each as a rule writes it. */
  readonly eventTypes: readonly string[];
}

/** Characters of an expression: encoded, it makes an address of the length that servers take. */
const maximumLength = 4_000;

const isProxy = fold("securityContext.isProxy");

/**
 * The narrowest filter that leaves out no event that any of these rules could match: the event types that they name, and of
 * a type of which every rule wants a proxy, those that came through one.
 */
export function logFilter(rules: readonly Rule[]): LogFilter {
  const types = new Map<string, { readonly eventType: string; proxied: boolean }>();
  let everything = false;
  for (const rule of rules) {
    const required = requirementsOf(rule);
    const proxies = required.get(isProxy);
    const wantsProxy = proxies !== undefined && [...proxies.keys()].every((value) => value === "true");
    const named = required.get(fold("eventType"));
    if (named === undefined) everything = true;
    for (const [folded, eventType] of named ?? []) {
      const known = types.get(folded);
      if (known === undefined) types.set(folded, { eventType, proxied: wantsProxy });
      else known.proxied &&= wantsProxy;
    }
  }
  const all = [...types.values()].sort((a, b) => (a.eventType < b.eventType ? -1 : 1));
  const eventTypes = all.map(({ eventType }) => eventType);
  const anyOf = (wanted: readonly { readonly eventType: string }[]) =>
    wanted.map(({ eventType }) => `eventType eq ${JSON.stringify(eventType)}`).join(" or ");
  const proxied = all.filter((each) => each.proxied);
  const others = all.filter((each) => !each.proxied);
  const parts = [
    ...(others.length === 0 ? [] : [anyOf(others)]),
    ...(proxied.length === 0 ? [] : [`(${anyOf(proxied)}) and securityContext.isProxy eq true`]),
  ];
  const expression = parts.length > 1 ? parts.map((part) => `(${part})`).join(" or ") : (parts[0] ?? "");
  const isUsable = !everything && expression !== "" && expression.length <= maximumLength;
  return { expression: isUsable ? expression : null, eventTypes };
}
