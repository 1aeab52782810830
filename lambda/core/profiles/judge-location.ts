import { countryCode } from "../geo/country.ts";
import { type Coordinates, distanceKm, usableCoordinates } from "../geo/distance.ts";
import type { GeographicalContext } from "../okta/log-event.ts";
import type { ProfileLocation } from "./profile-location.ts";

/** The judgement of whether an exit node is near a place where its user is expected, with the reason. */
export interface GeoJudgement {
  readonly verdict: "mismatch" | "match" | "unknown";
  /** One sentence for the person who reads the alert. */
  readonly reason: string;
  /** Distance from the exit to the nearest profile location; null when none was measured. */
  readonly distanceKm: number | null;
  /** The location that the distance is to, or that lies in the exit's country; null for none. */
  readonly nearestProfileLocation: ProfileLocation | null;
}

/**
 * Judges an exit node against a user's profile locations, in this order:
 *
 * 1. Coordinates on both sides, those of the exit being a place's (see {@link coordinatesOfExit}): the distance to the
 * nearest location decides. Over the threshold, a location in the exit's country without coordinates still counts as
 * near: its distance is not known.
 * 2. Country on both sides: a mismatch when the exit's country is none of the user's. A location without city, state
 * and coordinates stands for its country.
 * 3. Else unknown, with the reason.
 *
 * @param exit Okta's location of the request's address; null where it has none
 * @param locations the user's profile locations; empty when there is no profile
 * @param thresholdKm a mismatch is farther than this
 * @param noun what the reason calls the place: the exit of a proxy, or the address where there is none
 */
export function judgeLocation(
  exit: GeographicalContext | null,
  locations: readonly ProfileLocation[],
  thresholdKm: number,
  noun: "exit" | "address" = "exit",
): GeoJudgement {
  if (locations.length === 0) return unknown("No profile location is known for this user.");
  if (exit === null) return unknown("Okta gave no location for the address.");

  const exitCountry = countryCode(exit.country);
  const inExitCountry = (location: ProfileLocation) =>
    exitCountry !== null && countryCode(location.countryCode) === exitCountry;

  const exitCoordinates = coordinatesOfExit(exit);
  const measured = exitCoordinates === null ? [] : measure(exitCoordinates, locations);
  const nearest = measured.reduce<Measured | null>(
    (best, candidate) => (best === null || candidate.distanceKm < best.distanceKm ? candidate : best),
    null,
  );
  if (nearest !== null) {
    const unmeasured = locations.filter((location) => !measured.some((each) => each.location === location));
    const sameCountry = nearest.distanceKm > thresholdKm ? unmeasured.find(inExitCountry) : undefined;
    if (sameCountry !== undefined) {
      return {
        verdict: "match",
        reason: `The ${noun} is in ${exit.country}, like ${describeLocation(sameCountry)}, whose coordinates are not known.`,
        distanceKm: null,
        nearestProfileLocation: sameCountry,
      };
    }
    const far = nearest.distanceKm > thresholdKm;
    // Rounded twice in one place and once in another, one distance would read as two.
    const rounded = Math.round(nearest.distanceKm * 10) / 10;
    const distance = `${formatKm(rounded)} from ${describeLocation(nearest.location)}`;
    return {
      verdict: far ? "mismatch" : "match",
      reason: `The ${noun} is ${distance}, ${far ? "over" : "within"} the threshold of ${formatKm(thresholdKm)}.`,
      distanceKm: rounded,
      nearestProfileLocation: nearest.location,
    };
  }

  const countries = new Set(locations.flatMap((location) => countryCode(location.countryCode) ?? []));
  if (exitCountry !== null && countries.size > 0) {
    const location = locations.find(inExitCountry) ?? null;
    const known = [...countries].join(", ");
    const place = exit.country === exitCountry ? exitCountry : `${exit.country} (${exitCountry})`;
    return {
      verdict: location === null ? "mismatch" : "match",
      reason:
        location === null
          ? `The ${noun} is in ${place}, which is none of the user's countries (${known}).`
          : `The ${noun} is in ${place}, one of the user's countries (${known}).`,
      distanceKm: null,
      nearestProfileLocation: location,
    };
  }
  if (countries.size === 0 && exitCoordinates !== null) {
    return unknown("The user's profile locations have neither usable coordinates nor a known country.");
  }
  if (exit.country === null) {
    return exitCoordinates === null && measurableCoordinates(exit) !== null
      ? unknown(
          "Okta gave coordinates without a city, a state or a country for the address, which are those of no place.",
        )
      : unknown("Okta gave neither usable coordinates nor a country for the address.");
  }
  if (exitCountry === null) return unknown(`The ${noun}'s country, "${exit.country}", is none that we know.`);
  return unknown(`The user's profile locations have no known country, and cannot be measured from the ${noun}.`);
}

interface Measured {
  readonly location: ProfileLocation;
  readonly distanceKm: number;
}

function measure(exit: Coordinates, locations: readonly ProfileLocation[]): Measured[] {
  return locations.flatMap((location) => {
    const coordinates = usableCoordinates(location.latitude, location.longitude, hasText(location.city));
    return coordinates === null ? [] : [{ location, distanceKm: distanceKm(exit, coordinates) }];
  });
}

/**
 * The exit's coordinates; null when they are not those of a place. Okta names a city or a state for a place. For an
 * address of which it knows the country alone, it gives the country's middle (37.751, -97.822 for the United States),
 * as geolocation services do.
 */
export function coordinatesOfExit(exit: GeographicalContext): Coordinates | null {
  return hasText(exit.city) || hasText(exit.state) ? measurableCoordinates(exit) : null;
}

function measurableCoordinates({ city, geolocation }: GeographicalContext): Coordinates | null {
  return usableCoordinates(geolocation?.lat, geolocation?.lon, hasText(city));
}

function hasText(name: string | null): boolean {
  return name !== null && name.trim() !== "";
}

/** A judgement that there can be none, with the reason. */
export function unknown(reason: string): GeoJudgement {
  return { verdict: "unknown", reason, distanceKm: null, nearestProfileLocation: null };
}

/** A location as people name it: `Lisbon, PT (home)`. */
export function describeLocation(location: ProfileLocation): string {
  const place = [location.city, location.countryCode].filter(Boolean).join(", ");
  return place === "" ? location.label : `${place} (${location.label})`;
}

/** Whole kilometers with a thousands separator: `5,740 km`. */
export function formatKm(km: number): string {
  return `${String(Math.round(km)).replace(/\B(?=(\d{3})+$)/g, ",")} km`;
}
