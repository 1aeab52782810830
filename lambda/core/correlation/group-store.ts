import type { GroupState } from "./group-state.ts";

/*
 * Groups of several correlations whose values are the same are kept as one: one read and one write serve all of them. What one
 * correlation keeps there is its part.
 */

/** What one correlation keeps of a group. */
export interface GroupPart {
  readonly state: GroupState;
  /** When the store may drop it, in milliseconds since 1970: two timespans after its newest event at the least. */
  readonly until: number;
}

/** A group as its store holds it. */
export interface StoredGroup {
  /** By `partKey`. The parts of correlations that do not run any more stay until their time is over. */
  readonly parts: ReadonlyMap<string, GroupPart>;
  /** Counts the writes; 0 where the store holds nothing. */
  readonly version: number;
}

/** What the store holds of a group without events. */
export const missingGroup: StoredGroup = { parts: new Map(), version: 0 };

/** A part that changes. */
export interface ChangedPart {
  readonly state: GroupState;
  /** The timespan of the correlation, in milliseconds: it says how long the state is of use. */
  readonly milliseconds: number;
}

/** A change of a group. */
export interface GroupChange {
  /** What the change is made from. */
  readonly seen: StoredGroup;
  /** The parts that change, by `partKey`; at least one. All others stay as they are seen. */
  readonly changed: ReadonlyMap<string, ChangedPart>;
}

/** The groups, by the keys of `groupKey`. Every call rejects where the store does not answer. */
export interface GroupStore {
  /** The groups that the store holds, each as the last write left it. */
  read(keys: Iterable<string>, signal: AbortSignal): Promise<ReadonlyMap<string, StoredGroup>>;
  /**
   * Writes a group, where it still is as it was seen.
   *
   * @returns null where it is written; else what the store holds instead
   */
  write(key: string, change: GroupChange, signal: AbortSignal): Promise<StoredGroup | null>;
}

/**
 * The parts of a group after a change. A part whose time is over is dropped, also that of a correlation that does not run any more.
 *
 * @param now milliseconds since 1970
 * @param grace milliseconds that a part is kept beyond its use, and after its last change
 */
export function partsAfter({ seen, changed }: GroupChange, now: number, grace: number): ReadonlyMap<string, GroupPart> {
  const parts = new Map([...seen.parts].filter(([key, { until }]) => changed.has(key) || until > now));
  for (const [key, { state, milliseconds }] of changed) {
    const newest = state.slots.at(-1)?.entries.at(-1)?.at ?? 0;
    parts.set(key, { state, until: Math.max(newest + 2 * milliseconds, now) + grace });
  }
  return parts;
}
