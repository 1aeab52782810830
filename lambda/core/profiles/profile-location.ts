import * as z from "zod/mini";
import { readDegrees } from "../geo/degrees.ts";

const text = z.catch(z.nullable(z.string()), null);
const degrees = z.catch(z.pipe(z.unknown(), z.transform(readDegrees)), null);

/** One place where a user is expected, in the form of the profile table. */
export const profileLocation = z.object({
  /** Its common name: "home", "Lisbon office". */
  label: z.catch(z.string(), "location"),
  /** ISO 3166-1 alpha-2. */
  countryCode: text,
  state: text,
  city: text,
  postalCode: text,
  /** Degrees, -90 to 90. */
  latitude: degrees,
  /** Degrees, -180 to 180. */
  longitude: degrees,
});

/** One place where a user is expected. */
export type ProfileLocation = z.infer<typeof profileLocation>;
