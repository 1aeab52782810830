import type { Trail } from "./trail.ts";

/** A trail as its store holds it. */
export interface StoredTrail {
  readonly trail: Trail;
  /** Counts the writes; 0 where the store holds nothing. */
  readonly version: number;
}

/** The trails of persons, by the keys of `travellerOf`. The look-up of a delivery reads them. */
export interface TrailStore {
  /**
   * Writes a trail, where it still is as it was seen. Rejects where the store does not answer.
   *
   * @param seen the version that the trail is made from
   * @returns null where it is written; else what the store holds instead
   */
  write(traveller: string, trail: Trail, seen: number, signal: AbortSignal): Promise<StoredTrail | null>;
}
