import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distanceKm, usableCoordinates } from "../../../lambda/core/geo/distance.ts";
import { lisbon } from "../../fixtures/places.ts";

/** Degrees to five places, as geolocation services give them: doubles at random are nearly all next to zero. */
const degrees = (maximum: number) =>
  fc.integer({ min: -maximum * 100_000, max: maximum * 100_000 }).map((whole) => whole / 100_000);
const point = fc.record({ latitude: degrees(90), longitude: degrees(180) });

describe("distance", () => {
  test("is the same both ways, zero from a point to itself, and at most half around the Earth", () => {
    fc.assert(
      fc.property(point, point, (from, to) => {
        expect(distanceKm(from, to)).toBe(distanceKm(to, from));
        expect(distanceKm(from, from)).toBe(0);
        expect(distanceKm(from, to)).toBeGreaterThanOrEqual(0);
        expect(distanceKm(from, to)).toBeLessThanOrEqual(20_015.2);
      }),
      { numRuns: 2_000 },
    );
  });

  test("to the opposite point is half around the Earth", () => {
    fc.assert(
      fc.property(point, ({ latitude, longitude }) => {
        const opposite = { latitude: -latitude, longitude: longitude > 0 ? longitude - 180 : longitude + 180 };
        expect(distanceKm({ latitude, longitude }, opposite)).toBeCloseTo(20_015.1, 0);
      }),
    );
  });

  test("goes over the antimeridian the short way", () => {
    expect(distanceKm({ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 })).toBeCloseTo(111.2, 0);
    expect(distanceKm({ latitude: 10, longitude: 180 }, { latitude: 10, longitude: -180 })).toBeCloseTo(0, 6);
  });

  test("at a pole, longitude does not matter", () => {
    fc.assert(
      fc.property(degrees(180), (longitude) => {
        expect(distanceKm({ latitude: 90, longitude }, { latitude: 90, longitude: 0 })).toBeCloseTo(0, 6);
      }),
    );
  });

  test("from Lisbon to Toronto is what maps say", () => {
    expect(distanceKm(lisbon, { latitude: 43.6567, longitude: -79.34 })).toBeCloseTo(5_723, -1);
  });
});

describe("coordinates", () => {
  test.each([
    [Number.NaN, 0],
    [0, Number.POSITIVE_INFINITY],
    [90.1, 0],
    [0, -180.5],
    ["38,7", "-9,1"],
    ["38.7°", "-9.1"],
    ["", "-9.1"],
    ["0x26", "-9.1"],
    ["91.5", "-9.1"],
    ["Infinity", "-9.1"],
    [true, 5],
    [[38.7], 5],
    [null, 5],
    [5, undefined],
  ])("(%s, %s) cannot be measured from", (latitude, longitude) => {
    expect(usableCoordinates(latitude, longitude, true)).toBeNull();
  });

  test("are read from text as from numbers", () => {
    fc.assert(
      fc.property(point, ({ latitude, longitude }) => {
        // The text of -0 is that of 0.
        const read = usableCoordinates(latitude + 0, longitude + 0, true);
        expect(read).not.toBeNull();
        expect(usableCoordinates(String(latitude), ` ${longitude} `, true)).toEqual(read);
      }),
    );
    expect(usableCoordinates("+40.7128", "-7.4006E1", false)).toEqual({ latitude: 40.7128, longitude: -74.006 });
  });

  test.each([
    [90, 180],
    [-90, -180],
  ])("(%d, %d), where the degrees end, can be measured from", (latitude, longitude) => {
    expect(usableCoordinates(latitude, longitude, false)).toEqual({ latitude, longitude });
  });

  test("(0, 0) counts with a city only", () => {
    expect(usableCoordinates(0, 0, false)).toBeNull();
    expect(usableCoordinates(0, 0, true)).toEqual({ latitude: 0, longitude: 0 });
    expect(usableCoordinates(0, 1, false)).toEqual({ latitude: 0, longitude: 1 });
    expect(usableCoordinates(1, 0, false)).toEqual({ latitude: 1, longitude: 0 });
  });
});
