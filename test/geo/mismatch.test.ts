import { describe, expect, test } from "vitest";
import { judgeLocation } from "../../lambda/geo/mismatch.ts";
import type { GeographicalContext } from "../../lambda/okta/log-event.ts";
import type { ProfileLocation } from "../../lambda/profiles/profile-location.ts";

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

const lisbon = location({ city: "Lisbon", countryCode: "PT", latitude: 38.7167, longitude: -9.1333 });
const ottawa = location({ label: "office", city: "Ottawa", countryCode: "CA", latitude: 45.4112, longitude: -75.6981 });

describe("with coordinates on both sides", () => {
  test("far from home is a mismatch, and says how far", () => {
    const judgement = judgeLocation(exit(), [lisbon], 500);
    expect(judgement).toMatchObject({ verdict: "mismatch", nearestProfileLocation: lisbon });
    expect(judgement.distanceKm).toBeCloseTo(5_723, -1);
    expect(judgement.reason).toMatch(/5,7\d\d km from Lisbon, PT \(home\), over the threshold of 500 km/);
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

  test("a location of the exit's country without coordinates counts as near", () => {
    const canada = location({ label: "cottage", countryCode: "CA" });
    expect(judgeLocation(exit(), [lisbon, canada], 500)).toMatchObject({
      verdict: "match",
      nearestProfileLocation: canada,
    });
    const spain = location({ countryCode: "ES" });
    expect(judgeLocation(exit(), [lisbon, spain], 500).verdict).toBe("mismatch");
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

  test("any of the user's countries will do", () => {
    const locations = [location({ countryCode: "PT" }), location({ countryCode: "CA" })];
    expect(judgeLocation(exit({ geolocation: null }), locations, 500).verdict).toBe("match");
  });
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
      /no known country/,
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
