import type { ProfileLocations } from "../../lambda/core/pipeline/ports.ts";
import type { Geocoder } from "../geocoding/geocoder.ts";
import { loadGeocoder } from "../geocoding/load-geocoder.ts";
import { placeLocation } from "../geocoding/place-location.ts";
import { type BadRow, type ProfileRow, readProfileFile } from "../profile-file.ts";

/** Users' profile locations, as an import of the same file stores them. */
export interface PlacedProfiles {
  readonly locations: ProfileLocations;
  /** Rows that cannot be used, with the reasons. */
  readonly bad: readonly BadRow[];
  /** Rows without coordinates, with the reasons. */
  readonly unplaced: readonly BadRow[];
  /** Rows with an ambiguous place, with the chosen one. */
  readonly notes: readonly BadRow[];
}

/**
 * Reads a profile file, and places its cities as `npx okta-proxy-watch profiles import` does.
 *
 * @throws InputError when it cannot be read, or no row of it can be used
 */
export async function readPlacedProfiles(path: string): Promise<PlacedProfiles> {
  const bad: BadRow[] = [];
  const unplaced: BadRow[] = [];
  const notes: BadRow[] = [];
  let geocode: Geocoder | undefined;
  const place = async ({ line, location: given }: ProfileRow) => {
    if (given.latitude !== null) return given;
    geocode ??= await loadGeocoder();
    const placed = placeLocation(given, geocode);
    if (placed.unplaced !== null) unplaced.push({ line, reason: placed.unplaced });
    if (placed.note !== null) notes.push({ line, reason: placed.note });
    return placed.location;
  };
  const locations = await readProfileFile(path, { place, onBad: (row) => bad.push(row) });
  return { locations, bad, unplaced, notes };
}
