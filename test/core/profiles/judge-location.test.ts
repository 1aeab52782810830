import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { distanceKm } from "../../../lambda/core/geo/distance.ts";
import type { GeographicalContext } from "../../../lambda/core/okta/log-event.ts";
import {
  coordinatesOfExit,
  describeLocation,
  formatKm,
  judgeLocation,
} from "../../../lambda/core/profiles/judge-location.ts";
import { type ProfileLocation, profileLocation } from "../../../lambda/core/profiles/profile-location.ts";
import { lisbon } from "../../fixtures/places.ts";

function exit(overrides: Partial<GeographicalContext> = {}): GeographicalContext {
  return {
    city: "Toronto",
    state: "Ontario",
    country: "Canada",
    postalCode: null,
    geolocation: { lat: 43.6567, lon: -79.34 },
    ...overrides,
  };
}

function location(overrides: Partial<ProfileLocation> = {}): ProfileLocation {
  return {
    label: "home",
    countryCode: null,
    state: null,
    city: null,
    postalCode: null,
    latitude: null,
    longitude: null,
    ...overrides,
  };
}

const ottawa = location({ label: "office", city: "Ottawa", countryCode: "CA", latitude: 45.4112, longitude: -75.6981 });

describe("with coordinates on both sides", () => {
  test("far from home is a mismatch, and says how far", () => {
    const judgement = judgeLocation(exit(), [lisbon], 500);
    expect(judgement).toMatchObject({ verdict: "mismatch", nearestProfileLocation: lisbon });
    expect(judgement.distanceKm).toBeCloseTo(5_723, -1);
    expect(judgement.reason).toMatch(/5,7\d\d km from Lisbon, PT \(home\), over the threshold of 500 km/);
  });

  test("the sentence has the distance that the alert's other lines read from the number", () => {
    const home = location({ city: "Null Island", latitude: 0, longitude: 0 });
    const kmOfDegree = distanceKm({ latitude: 0, longitude: 0 }, { latitude: 0, longitude: 1 });
    // 1,890.46 km are 1,890.5 by the number, which reads as 1,891.
    const away = judgeLocation(exit({ geolocation: { lat: 0, lon: 1_890.46 / kmOfDegree } }), [home], 500);
    expect(away.reason).toContain(`${formatKm(away.distanceKm ?? 0)} from Null Island`);
    expect(away.distanceKm).toBe(1_890.5);
  });

  test("the nearest of several locations decides", () => {
    expect(judgeLocation(exit(), [lisbon, ottawa], 500)).toMatchObject({
      verdict: "match",
      nearestProfileLocation: ottawa,
    });
  });

  test("at the threshold is no mismatch yet", () => {
    const onEquator = (lon: number) => exit({ geolocation: { lat: 0, lon } });
    const home = location({ latitude: 0, longitude: 1 });
    const degree = 111.19507973463;
    expect(judgeLocation(onEquator(2), [home], degree + 0.001).verdict).toBe("match");
    expect(judgeLocation(onEquator(2), [home], degree - 0.001).verdict).toBe("mismatch");
  });

  test("at exactly the threshold is a match, by the location that was measured", () => {
    const toronto = { latitude: 43.6567, longitude: -79.34 };
    const thresholdKm = distanceKm(toronto, { latitude: 45.4112, longitude: -75.6981 });
    const cottage = location({ label: "cottage", countryCode: "CA" });
    expect(judgeLocation(exit(), [ottawa, cottage], thresholdKm)).toEqual({
      verdict: "match",
      reason: "The exit is 348 km from Ottawa, CA (office), within the threshold of 348 km.",
      distanceKm: 348.4,
      nearestProfileLocation: ottawa,
    });
  });

  test("of two locations that are equally near, the first is the nearest", () => {
    const same = { ...ottawa, label: "office, again" };
    expect(judgeLocation(exit(), [lisbon, ottawa, same], 500).nearestProfileLocation).toBe(ottawa);
  });

  test("a location of the exit's country without coordinates counts as near", () => {
    const canada = location({ label: "cottage", countryCode: "CA" });
    expect(judgeLocation(exit(), [lisbon, canada], 500)).toEqual({
      verdict: "match",
      reason: "The exit is in Canada, like CA (cottage), whose coordinates are not known.",
      distanceKm: null,
      nearestProfileLocation: canada,
    });
    const spain = location({ countryCode: "ES" });
    expect(judgeLocation(exit(), [lisbon, spain], 500).verdict).toBe("mismatch");
    // Neither country is known.
    const nowhere = location();
    expect(judgeLocation(exit({ country: null }), [lisbon, nowhere], 500).verdict).toBe("mismatch");
  });
});

describe("with countries alone", () => {
  test.each([
    ["another country", "PT", "mismatch"],
    ["the same country", "CA", "match"],
    ["the same country in lower case", "ca", "match"],
  ])("%s", (_, countryCode, verdict) => {
    expect(judgeLocation(exit({ geolocation: null }), [location({ countryCode })], 500).verdict).toBe(verdict);
    expect(judgeLocation(exit(), [location({ countryCode })], 500).verdict).toBe(verdict);
  });

  test("names and codes are one", () => {
    const korea = exit({ country: "South Korea", geolocation: null });
    expect(judgeLocation(korea, [location({ countryCode: "KR" })], 500).verdict).toBe("match");
  });

  test("the reason names them, each once", () => {
    const homes = [location({ countryCode: "PT" }), location({ countryCode: "ES" }), location({ countryCode: "PT" })];
    expect(judgeLocation(exit({ geolocation: null }), homes, 500)).toEqual({
      verdict: "mismatch",
      reason: "The exit is in Canada (CA), which is none of the user's countries (PT, ES).",
      distanceKm: null,
      nearestProfileLocation: null,
    });
    const canada = location({ countryCode: "CA" });
    expect(judgeLocation(exit({ geolocation: null }), [...homes, canada], 500)).toEqual({
      verdict: "match",
      reason: "The exit is in Canada (CA), one of the user's countries (PT, ES, CA).",
      distanceKm: null,
      nearestProfileLocation: canada,
    });
  });

  test("a country that Okta gives as its code is named once", () => {
    const { reason } = judgeLocation(exit({ country: "CA", geolocation: null }), [lisbon], 500);
    expect(reason).toBe("The exit is in CA, which is none of the user's countries (PT).");
  });

  test("names the address where no proxy has an exit", () => {
    const far = judgeLocation(exit(), [lisbon], 500, "address");
    expect(far.reason).toMatch(/^The address is 5,7\d\d km from Lisbon/);
    expect(judgeLocation(exit({ geolocation: null }), [lisbon], 500, "address").reason).toMatch(
      /^The address is in Canada/,
    );
  });

  test("any of the user's countries will do", () => {
    const locations = [location({ countryCode: "PT" }), location({ countryCode: "CA" })];
    expect(judgeLocation(exit({ geolocation: null }), locations, 500).verdict).toBe("match");
  });
});

describe("an exit of which Okta names the country alone, with the country's middle", () => {
  const countryAlone = (country: string, lat: number, lon: number) =>
    exit({ city: null, state: null, country, geolocation: { lat, lon } });
  const sanFrancisco = location({ city: "San Francisco", state: "California", countryCode: "US" });
  const placed = { ...sanFrancisco, latitude: 37.77493, longitude: -122.41942 };
  const bengaluru = location({ city: "Bengaluru", countryCode: "IN", latitude: 12.97194, longitude: 77.59369 });

  test.each([
    ["the United States", countryAlone("United States", 37.751, -97.822), placed, "match"],
    [
      "the United States, of a city without coordinates",
      countryAlone("United States", 37.751, -97.822),
      sanFrancisco,
      "match",
    ],
    ["India", countryAlone("India", 21.9974, 79.0011), bengaluru, "match"],
    ["Russia, of a user in India", countryAlone("Russia", 60, 100), bengaluru, "mismatch"],
    ["a neighbour whose middle is near", countryAlone("Spain", 40, -4), lisbon, "mismatch"],
  ])("is judged by its country: %s", (_, where, home, verdict) => {
    expect(judgeLocation(where, [home], 500)).toMatchObject({ verdict, distanceKm: null });
    expect(coordinatesOfExit(where)).toBeNull();
  });

  test("is never judged by a distance, wherever its coordinates are", () => {
    const degrees = (maximum: number) =>
      fc.integer({ min: -maximum * 1_000, max: maximum * 1_000 }).map((whole) => whole / 1_000);
    const home = fc.record({
      city: fc.constantFrom("Lisbon", null),
      countryCode: fc.constantFrom("PT", "CA", null),
      latitude: fc.option(degrees(90)),
      longitude: fc.option(degrees(180)),
    });
    const nothing = fc.constantFrom(null, "", " ");
    fc.assert(
      fc.property(
        fc.record({ city: nothing, state: nothing, country: fc.constantFrom("Canada", "Portugal", null) }),
        fc.record({ lat: degrees(90), lon: degrees(180) }),
        fc.array(home, { maxLength: 4 }),
        fc.integer({ min: 0, max: 20_000 }),
        (names, geolocation, homes, thresholdKm) => {
          const locations = homes.map(location);
          const judgement = judgeLocation(exit({ ...names, geolocation }), locations, thresholdKm);
          const { verdict } = judgeLocation(exit({ ...names, geolocation: null }), locations, thresholdKm);
          expect(judgement).toMatchObject({ verdict, distanceKm: null });
        },
      ),
    );
  });
});

describe("an exit of which Okta names a place", () => {
  const sanFrancisco = location({
    city: "San Francisco",
    countryCode: "US",
    latitude: 37.77493,
    longitude: -122.41942,
  });

  test("is judged by the distance, across a country and across a border", () => {
    const newYork = exit({
      city: "New York",
      state: "New York",
      country: "United States",
      geolocation: { lat: 40.7128, lon: -74.006 },
    });
    const far = judgeLocation(newYork, [sanFrancisco], 500);
    expect(far.verdict).toBe("mismatch");
    expect(far.distanceKm).toBeCloseTo(4_129, -1);
    const dublin = exit({
      city: "Dublin",
      state: null,
      country: "Ireland",
      geolocation: { lat: 53.3498, lon: -6.2603 },
    });
    const london = location({ city: "London", countryCode: "GB", latitude: 51.50853, longitude: -0.12574 });
    expect(judgeLocation(dublin, [london], 500)).toMatchObject({ verdict: "match", nearestProfileLocation: london });
  });

  test("is measured from where only the state is named", () => {
    const ontario = exit({ city: null, state: "Ontario" });
    expect(judgeLocation(ontario, [lisbon], 500).distanceKm).toBeCloseTo(5_723, -1);
  });
});

describe("a location that names its country alone", () => {
  const portugal = location({ countryCode: "PT" });

  test("is its country, and its coordinates are measured to where it has its own", () => {
    expect(judgeLocation(exit(), [portugal], 500)).toMatchObject({ verdict: "mismatch", distanceKm: null });
    const own = { ...portugal, latitude: 38.7167, longitude: -9.1333 };
    expect(judgeLocation(exit(), [own], 500).distanceKm).toBeCloseTo(5_723, -1);
  });
});

test("a stored location's coordinates are read from text as from numbers, and what is no number is left out", () => {
  const read = (latitude: unknown, longitude: unknown) => {
    const { latitude: lat, longitude: lon } = v.parse(profileLocation, { label: "home", latitude, longitude });
    return [lat, lon];
  };
  expect(read("38.7167", -9.1333)).toEqual([38.7167, -9.1333]);
  expect(read("38,7167", undefined)).toEqual([null, null]);
});

test.each<[Partial<ProfileLocation>, string]>([
  [{ city: "Lisbon", countryCode: "PT" }, "Lisbon, PT (home)"],
  [{ city: "Lisbon" }, "Lisbon (home)"],
  [{ countryCode: "PT" }, "PT (home)"],
  [{}, "home"],
])("a location of %j is named: %s", (given, name) => {
  expect(describeLocation(location(given))).toBe(name);
});

test.each([
  [0.4, "0 km"],
  [999.4, "999 km"],
  [999.5, "1,000 km"],
  [20_015.1, "20,015 km"],
  [1_234_567, "1,234,567 km"],
])("%d km are written as %s", (km, text) => {
  expect(formatKm(km)).toBe(text);
});

describe("unknown, with its reason", () => {
  test.each([
    ["no profile", exit(), [], /No profile location/],
    ["no exit", null, [lisbon], /no location for the address/],
    [
      "an exit of nulls",
      exit({ city: null, country: null, geolocation: null }),
      [lisbon],
      /neither usable coordinates nor a country/,
    ],
    [
      "coordinates without any name",
      exit({ city: null, state: null, country: null }),
      [lisbon],
      /coordinates without a city, a state or a country/,
    ],
    [
      "(0, 0) with no city",
      exit({ city: null, country: null, geolocation: { lat: 0, lon: 0 } }),
      [lisbon],
      /neither usable/,
    ],
    ["coordinates out of range", exit({ country: null, geolocation: { lat: 91, lon: 0 } }), [lisbon], /neither usable/],
    [
      "coordinates that are no numbers",
      exit({ country: null, geolocation: { lat: Number.NaN, lon: 0 } }),
      [lisbon],
      /neither usable/,
    ],
    ["a country that is none", exit({ country: "Atlantis", geolocation: null }), [lisbon], /"Atlantis"/],
    ["a profile of nothing", exit(), [location()], /neither usable coordinates nor a known country/],
    [
      "a profile without country",
      exit({ geolocation: null }),
      [location({ latitude: 1, longitude: 1 })],
      /^The user's profile locations have no known country, and cannot be measured from the exit\.$/,
    ],
    [
      "an exit of which nothing is known, to a profile of nothing",
      exit({ city: null, state: null, country: null, geolocation: null }),
      [location()],
      /^Okta gave neither usable coordinates nor a country for the address\.$/,
    ],
    [
      "a country that is none, beside a place that cannot be measured",
      exit({ country: "Atlantis", geolocation: { lat: 91, lon: 0 } }),
      [lisbon],
      /^The exit's country, "Atlantis", is none that we know\.$/,
    ],
  ])("%s", (_, where, locations, reason) => {
    expect(judgeLocation(where, locations, 500)).toEqual({
      verdict: "unknown",
      reason: expect.stringMatching(reason),
      distanceKm: null,
      nearestProfileLocation: null,
    });
  });
});
