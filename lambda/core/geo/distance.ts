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
  // A fixed order makes the distance symmetric: floating-point addition depends on the order in the last digit.
  const [first, second] = from.latitude < to.latitude ? [from, to] : [to, from];
  const result = distance([first.longitude, first.latitude], [second.longitude, second.latitude]);
  // Rounding can take the haversine of opposite points over 1, and its arc is then not a number.
  return Number.isNaN(result) ? halfCircumferenceKm : result;
}

/**
 * Coordinates for measuring; null when they are missing, not numbers or out of range.
 *
 * @param latitude degrees, as a number or as its text
 * @param longitude degrees, as a number or as its text
 * @param hasCity whether the event names a city. Geolocation services give (0, 0), in the Gulf of Guinea, for an
 * unknown place, so that it counts only with a city.
 */
export function usableCoordinates(latitude: unknown, longitude: unknown, hasCity: boolean): Coordinates | null {
  const point = { latitude: readDegrees(latitude), longitude: readDegrees(longitude) };
  if (point.latitude === null || point.longitude === null) return null;
  if (Math.abs(point.latitude) > 90 || Math.abs(point.longitude) > 180) return null;
  if (point.latitude === 0 && point.longitude === 0 && !hasCity) return null;
  return { latitude: point.latitude, longitude: point.longitude };
}
