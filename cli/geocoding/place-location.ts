import type { ProfileLocation } from "../../lambda/core/profiles/profile-location.ts";
import type { Geocoder } from "./geocoder.ts";

/** A location with the coordinates of its place, where that is known. */
export interface PlacedLocation {
  readonly location: ProfileLocation;
  /** The reason for missing coordinates; null when it has some. */
  readonly unplaced: string | null;
  /** The chosen place of an ambiguous name; null for an unambiguous one. */
  readonly note: string | null;
}

/**
 * Places a location of a profile file. Coordinates in the file win; without any, its city is looked up. The import and the
 * backtest share this function, so that one file gives both the same verdicts.
 */
export function placeLocation(location: ProfileLocation, geocode: Geocoder): PlacedLocation {
  if (location.latitude !== null) return { location, unplaced: null, note: null };
  const geocoded = geocode(location);
  if (!geocoded.found) return { location, unplaced: geocoded.reason, note: null };
  const { latitude, longitude, note } = geocoded;
  return { location: { ...location, latitude, longitude }, unplaced: null, note };
}
