import { distance } from "fastest-levenshtein";
import { betaNames, catalogRelease, hookEligibleNames, systemLogOnlyNames } from "./event-type-catalog.ts";

/** What Okta's catalog says of an event type. */
export interface EventType {
  /** The name: as the catalog writes it where it has the type, else as given. */
  readonly name: string;
  /** Whether an event hook can deliver it; null when the catalog does not have the type. */
  readonly hookEligible: boolean | null;
  /** Whether an event hook can deliver it only in orgs that have a feature in beta: the others refuse it. */
  readonly isBeta: boolean;
  /** The catalog's nearest name; null when it has the type, or no name is near. */
  readonly nearest: string | null;
}

const namesIn = (text: string) => text.trim().split(/\s+/);
const beta: ReadonlySet<string> = new Set(namesIn(betaNames));
const catalog: ReadonlyMap<string, Omit<EventType, "nearest">> = new Map(
  [
    ...namesIn(systemLogOnlyNames).map((name) => ({ name, hookEligible: false, isBeta: false })),
    ...namesIn(hookEligibleNames).map((name) => ({ name, hookEligible: true, isBeta: beta.has(name) })),
  ].map((each) => [each.name.toLowerCase(), each]),
);

/** Looks an event type up in Okta's catalog, in any case. */
export function findEventType(eventType: string): EventType {
  const known = catalog.get(eventType.toLowerCase());
  return known === undefined
    ? { name: eventType, hookEligible: null, isBeta: false, nearest: nearestTo(eventType.toLowerCase()) }
    : { ...known, nearest: null };
}

/** The number of event types of Okta's catalog whose names start like this. */
export function countEventTypes(prefix: string): number {
  const folded = prefix.toLowerCase();
  let count = 0;
  for (const name of catalog.keys()) if (name.startsWith(folded)) count += 1;
  return count;
}

/**
 * Why Okta may refuse to subscribe a hook to an event type, as a clause without its subject: `is in beta, by Okta's
 * catalog of 2026.08.1`.
 *
 * @returns null when the catalog gives no reason
 */
export function whyRefusable({ hookEligible, isBeta }: EventType): string | null {
  if (hookEligible === null) return `is not in Okta's catalog of ${catalogRelease}`;
  return isBeta ? `is in beta, by Okta's catalog of ${catalogRelease}` : null;
}

/** The most edits between a misspelt name and the name that is suggested for it. */
const maximumEdits = 3;

function nearestTo(folded: string): string | null {
  let nearest: string | null = null;
  let fewest = Math.min(maximumEdits, Math.floor(folded.length / 5)) + 1;
  for (const [known, { name }] of catalog) {
    const edits = Math.abs(known.length - folded.length) < fewest ? distance(folded, known) : fewest;
    if (edits < fewest) [nearest, fewest] = [name, edits];
  }
  return nearest;
}

/** How old the catalog is, in words: `release 2026.08.1, 3 months old`. */
export function catalogAge(now: Date): string {
  const [year = 0, month = 0] = catalogRelease.split(".").map(Number);
  const months = (now.getUTCFullYear() - year) * 12 + now.getUTCMonth() + 1 - month;
  const age = months <= 0 ? "of this month" : `${months} month${months === 1 ? "" : "s"} old`;
  return `release ${catalogRelease}, ${age}`;
}

export { catalogRelease };
