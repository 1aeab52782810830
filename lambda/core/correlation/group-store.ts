import type { GroupState } from "./group-state.ts";

/** A group's state as its store holds it. */
export interface StoredGroup {
  readonly state: GroupState;
  /** Counts the writes; 0 where the store holds nothing. */
  readonly version: number;
}

/** A change of a group. */
export interface GroupChange {
  readonly state: GroupState;
  /** The version that the change is made from. */
  readonly seen: number;
  /** The timespan of the group's correlation, in milliseconds: it says how long the state is of use. */
  readonly milliseconds: number;
}

/** The states of groups, by the keys of `groupKey`. Every call rejects where the store does not answer. */
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
