import type { Profile, Source, SourceLocations } from "./profile.ts";

/**
 * Decides what a source says of a user. It is called again when another writer changed the item in between.
 *
 * @param before what is stored; undefined when there is no item
 * @returns null when it stays as it is; without any locations, those of the source are removed
 */
export type Decide = (user: string, before: Profile | undefined) => SourceLocations | null;

/** What was decided about a user, and is stored unless `after` is null or too large. */
export interface ProfileDecision {
  readonly user: string;
  readonly before: Profile | undefined;
  readonly after: SourceLocations | null;
  /** Whether an item has no room for it: what is stored stays as it is. */
  readonly tooLarge: boolean;
}

/** The profile table, for the commands and functions that write it. */
export interface ProfileItems {
  /** Items by key, as of now; a key without one is missing. Any number of keys. */
  readonly get: (keys: readonly string[]) => Promise<ReadonlyMap<string, Profile>>;
  /**
   * Replaces what one source says of users: one write for each user that changes, which touches that source's attribute
   * only, and none for the others. An item that loses its last location is removed. A user for whom an item has no room
   * is left as it is, and keeps none of the others from being written.
   *
   * @returns a decision for each user, in no order
   */
  readonly update: (source: Source, users: readonly string[], decide: Decide) => Promise<readonly ProfileDecision[]>;
  /** Removes items whole; returns the keys of those that there were. */
  readonly remove: (keys: readonly string[]) => Promise<readonly string[]>;
  /** All items, as they come. */
  readonly scan: () => AsyncGenerator<Profile>;
}
