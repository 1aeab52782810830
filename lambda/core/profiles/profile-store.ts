import type { Profile, Source, SourceLocations } from "./profile.ts";

/**
 * Decides the locations of one source for a user. It is called again when another writer changed the item in between.
 *
 * @param before the stored profile; undefined when there is no item
 * @returns null for no change; an empty list removes the locations of the source
 */
export type Decide = (user: string, before: Profile | undefined) => SourceLocations | null;

/** The decision about a user, which is stored unless `after` is null or too large. */
export interface ProfileDecision {
  readonly user: string;
  readonly before: Profile | undefined;
  readonly after: SourceLocations | null;
  /** Whether an item has no room for it: the stored profile does not change. */
  readonly tooLarge: boolean;
}

/** The profile table, for the commands and functions that write it. */
export interface ProfileItems {
  /** Items by key, as of now; a key without one is missing. Any number of keys. */
  readonly get: (keys: readonly string[]) => Promise<ReadonlyMap<string, Profile>>;
  /**
   * Replaces the locations of one source: one write for each user that changes, to that source's attribute only. An
   * item that loses its last location is removed. A user for whom an item has no room does not change, and does not
   * stop the others.
   *
   * @returns a decision for each user, in no order
   */
  readonly update: (source: Source, users: readonly string[], decide: Decide) => Promise<readonly ProfileDecision[]>;
  /** Removes whole items; returns the keys of those that existed. */
  readonly remove: (keys: readonly string[]) => Promise<readonly string[]>;
  /** All items, as they come. */
  readonly scan: () => AsyncGenerator<Profile>;
}
