import { distance } from "@turf/distance";
import { readDegrees } from "./degrees.ts";

/** A point on the Earth, in degrees. */
export interface Coordinates {
  /** -90 (south pole) to 90 (north pole). */
  readonly latitude: number;
  /** -180 to 180, east positive. */
  readonly longitude: number;
}

/** Half of the circumference of the sphere that `@turf/distance` uses (mean radius 6,371.0088 km, IUGG). */
const halfCircumferenceKm = Math.PI * 6371.0088;

/** Great-circle distance in kilometers: 0 to 20,015. Symmetric. */
export function distanceKm(from: Coordinates, to: Coordinates): number {
  // Great-circle distance does not depend on the order; adding up the same numbers in another order does, in the last digit.
  const [first, second] = from.latitude < to.latitude ? [from, to] : [to, from];
  const result = distance([first.longitude, first.latitude], [second.longitude, second.latitude]);
  // Rounding can take the haversine of opposite points over 1, and its arc is then not a number.
  return Number.isNaN(result) ? halfCircumferenceKm : result;
}

/**
 * Coordinates that can be measured from; null when they are missing, no numbers or out of range.
 *
 * @param latitude degrees, as a number or as its text
 * @param longitude degrees, as a number or as its text
 * @param hasCity whether a city stands beside them. (0, 0), in the Gulf of Guinea, is what geolocation services give for
 *   "nowhere", and counts only with a city.
 */
export function usableCoordinates(latitude: unknown, longitude: unknown, hasCity: boolean): Coordinates | null {
  const point = { latitude: readDegrees(latitude), longitude: readDegrees(longitude) };
  if (point.latitude === null || point.longitude === null) return null;
  if (Math.abs(point.latitude) > 90 || Math.abs(point.longitude) > 180) return null;
  if (point.latitude === 0 && point.longitude === 0 && !hasCity) return null;
  return { latitude: point.latitude, longitude: point.longitude };
}
