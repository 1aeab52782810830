import { readDegrees } from "../geo/degrees.ts";
import * as stored from "../values/stored.ts";

const text = stored.orElse(stored.nullable(stored.string()), null);
const degrees = stored.made((value) => readDegrees(value));

/** One place where a user is expected, in the form of the profile table. */
export const profileLocation = stored.object({
  /** Its common name: "home", "Lisbon office". */
  label: stored.orElse(stored.string(), "location"),
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
export type ProfileLocation = stored.Output<typeof profileLocation>;
