import type { Stop } from "../../../lambda/core/travel/stop.ts";

/** Places of tests, some of them too near for a journey. */
export const places = {
  lisbon: { latitude: 38.7167, longitude: -9.1333, city: "Lisbon", country: "PT" },
  porto: { latitude: 41.15, longitude: -8.61, city: "Porto", country: "PT" },
  paris: { latitude: 48.8566, longitude: 2.3522, city: "Paris", country: "FR" },
  toronto: { latitude: 43.6567, longitude: -79.34, city: "Toronto", country: "CA" },
  sydney: { latitude: -33.8688, longitude: 151.2093, city: "Sydney", country: "AU" },
} as const;

/** The first minute of the tests. */
export const start = Date.parse("2026-11-24T08:00:00Z");

/** A stop at a place, so many minutes after the start; each network is one of its own. */
export function stopAt(place: keyof typeof places, minutes: number, overrides: Partial<Stop> = {}): Stop {
  return {
    event: `${place}-${minutes}`,
    at: start + minutes * 60_000,
    state: null,
    asNumber: null,
    operators: [],
    isAnonymous: false,
    ...places[place],
    ...overrides,
  };
}
