import type { Stop } from "./stop.ts";

/** The places of a person in the last days. */
export interface Trail {
  /** In the order of their arrival, which need not be that of time. */
  readonly stops: readonly Stop[];
  /** The latest time (milliseconds since 1970) of a stop that is forgotten: what is not later comes too late. Null for none. */
  readonly forgottenUntil: number | null;
}

/** The trail of a person of whom nothing is known. */
export const emptyTrail: Trail = { stops: [], forgottenUntil: null };

/** Days for which a stop is kept, by the time of the latest: as long as claims, so that redrive and reconciliation find it. */
export const trailDays = 7;
/** The most stops of a trail, so that its item stays of some 2 KB. */
export const maximumStops = 20;

/** A trail with a stop in it. */
export interface Visited {
  readonly trail: Trail;
  /** The stops that arrived before; null for a stop that comes too late to be compared. */
  readonly others: readonly Stop[] | null;
}

/**
 * Takes a stop into a trail. Each pair of stops is met once, when the second of them arrives: so pairs are the same in whatever order
 * their events arrive, and however often. A stop that has arrived before meets the same others again.
 */
export function visit(trail: Trail, stop: Stop): Visited {
  const known = trail.stops.findIndex(({ event }) => event === stop.event);
  if (known >= 0) return { trail, others: trail.stops.slice(0, known) };
  const tooLate = { trail, others: null };
  if (trail.forgottenUntil !== null && stop.at <= trail.forgottenUntil) return tooLate;
  const all = [...trail.stops, stop];
  const newestFirst = all.toSorted((one, other) => other.at - one.at);
  const oldest = (newestFirst[0]?.at ?? 0) - trailDays * 86_400_000;
  const forgotten = newestFirst.filter(({ at }, index) => index >= maximumStops || at < oldest);
  if (forgotten.includes(stop)) return tooLate;
  const [latest] = forgotten;
  const stops = all.filter((each) => !forgotten.includes(each));
  return {
    trail: { stops, forgottenUntil: latest?.at ?? trail.forgottenUntil },
    others: stops.slice(0, -1),
  };
}
