import { hookEligibleNames } from "./event-type-catalog.ts";

const eligible = new Set(hookEligibleNames.toLowerCase().trim().split(/\s+/));

/**
 * Whether Okta can deliver events of this type to an event hook, by its catalog. The catalog lacks types that Okta made
 * eligible after its release.
 */
export function isHookEligible(eventType: string): boolean {
  return eligible.has(eventType.toLowerCase());
}
