import type { ProfileLocation } from "../../lambda/core/profiles/profile-location.ts";
import type { Geocoder } from "./geocoder.ts";

/**
 * Places a location of a profile file. Coordinates in the file win; without any, its city is looked up. The import and the
 * backtest share this function, so that one file gives both the same verdicts.
 *
 * @returns the location with its coordinates; the reason why it has none, and the chosen place of an ambiguous name: null otherwise
 */
export function placeLocation(location: ProfileLocation, geocode: Geocoder) {
  if (location.latitude !== null) return { location, unplaced: null, note: null };
  const geocoded = geocode(location);
  if (!geocoded.found) return { location, unplaced: geocoded.reason, note: null };
  const { latitude, longitude, note } = geocoded;
  return { location: { ...location, latitude, longitude }, unplaced: null, note };
}
