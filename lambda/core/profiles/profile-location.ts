import * as v from "valibot";
import { readDegrees } from "../geo/degrees.ts";

const text = v.fallback(v.nullable(v.string()), null);
const degrees = v.pipe(
  v.optional(v.unknown(), null),
  v.transform((value) => readDegrees(value)),
);

/** One place where a user is expected, in the form of the profile table. */
export const profileLocation = v.object({
  /** Its common name: "home", "Lisbon office". */
  label: v.fallback(v.string(), "location"),
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
export type ProfileLocation = v.InferOutput<typeof profileLocation>;
