import type { ProfileLocation } from "./profile-location.ts";

/** A source of locations that this product writes, by the name of its attribute. */
export type Source = "imported" | "okta";

/** A location as it is stored; one of a journey has an end (ISO 8601, UTC). */
export type StoredLocation = ProfileLocation & { readonly until: string | null };

/** The locations of a user from one source. Times are ISO 8601, UTC; null where they are not known. */
export interface SourceLocations {
  readonly locations: readonly StoredLocation[];
  /** When the locations last changed. */
  readonly updatedAt: string | null;
  /** When a full sync last saw the user, or locations from Okta were last written; null for imported locations. */
  readonly syncedAt: string | null;
}

/** An item of the profile table. */
export interface Profile {
  readonly user: string;
  /** Locations of people and their own tools, with one `source` and `updatedAt` for all. */
  readonly locations: readonly StoredLocation[];
  readonly source: string | null;
  readonly updatedAt: string | null;
  /** Null when nothing was imported. */
  readonly imported: SourceLocations | null;
  /** Null when Okta has no location. */
  readonly okta: SourceLocations | null;
}

/** All of a user's locations: first those of people and their tools, then the imported ones, then those from Okta. */
export function allLocations({ locations, imported, okta }: Profile): readonly StoredLocation[] {
  return [...locations, ...(imported?.locations ?? []), ...(okta?.locations ?? [])];
}

/** Whether two lists hold the same locations, in the same order. */
export function sameLocations(first: readonly StoredLocation[], second: readonly StoredLocation[]): boolean {
  return canonical(first) === canonical(second);
}

/** The text of locations, which is one for the same locations, in the same order. */
export function canonical(locations: readonly StoredLocation[]): string {
  return JSON.stringify(locations.map((location) => Object.entries(location).sort(([a], [b]) => (a < b ? -1 : 1))));
}
