import { describe, expect, test } from "vitest";
import { type Stop, stopOf, travellerOf } from "../../../lambda/core/travel/stop.ts";
import { toTravelFields, travelBetween, travelOf } from "../../../lambda/core/travel/travel.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { start, stopAt } from "./stops.ts";

const now = new Date(start);
const inToronto = { city: "Toronto", state: "Ontario", country: "Canada", geolocation: { lat: 43.6567, lon: -79.34 } };
const from = (geographicalContext: Json) => ({ client: { geographicalContext } });

describe("the way between two stops", () => {
  test("has distance, minutes and speed, in whatever order they are given", () => {
    const [lisbon, toronto] = [stopAt("lisbon", 10), stopAt("toronto", 31)];
    expect(travelBetween(toronto, lisbon)).toEqual(travelBetween(lisbon, toronto));
    expect(toTravelFields(travelOf(toronto, [lisbon]))).toEqual({
      impossible: true,
      firstToday: true,
      distanceKm: 5723.1,
      minutes: 21,
      speedKmh: 16_352,
      sameNetwork: false,
      fromCity: "Lisbon",
      fromCountry: "PT",
      toCity: "Toronto",
      toCountry: "CA",
    });
  });

  test("of one millisecond has a finite speed", () => {
    expect(travelBetween(stopAt("lisbon", 0), stopAt("sydney", 0)).speedKmh).toBeGreaterThan(1_000_000);
    expect(Number.isFinite(travelBetween(stopAt("lisbon", 0), stopAt("sydney", 0)).speedKmh)).toBe(true);
  });

  test.each<[string, Stop, Stop, boolean]>([
    ["a flight of eight hours", stopAt("lisbon", 0), stopAt("toronto", 480), false],
    [
      "just slower than an airliner, less the errors of both places",
      stopAt("lisbon", 0),
      stopAt("toronto", 320),
      false,
    ],
    ["just faster", stopAt("lisbon", 0), stopAt("toronto", 318), true],
    ["a city nearer than the least distance, at once", stopAt("lisbon", 0), stopAt("porto", 1), false],
    ["the other side of the world within a day", stopAt("lisbon", 0), stopAt("sydney", 1_050), true],
    ["the other side of the world after a day", stopAt("lisbon", 0), stopAt("sydney", 1_440), false],
    [
      "two cities of one autonomous system",
      stopAt("lisbon", 0, { asNumber: 64_500 }),
      stopAt("toronto", 5, { asNumber: 64_500 }),
      false,
    ],
    [
      "two exits of one operator",
      stopAt("lisbon", 0, { asNumber: 64_500, operators: ["NORD_VPN"] }),
      stopAt("toronto", 5, { asNumber: 64_501, operators: ["OTHER_VPN", "NORD_VPN"] }),
      false,
    ],
    ["two unknown autonomous systems", stopAt("lisbon", 0), stopAt("toronto", 5), true],
    [
      "a state of which no city is known, whose middle is as far as its border",
      stopAt("lisbon", 0),
      stopAt("paris", 46, { city: null, state: "Ile-de-France" }),
      false,
    ],
    ["the same with a city", stopAt("lisbon", 0), stopAt("paris", 46), true],
  ])("%s", (_, one, other, impossible) => {
    expect(travelBetween(one, other).impossible).toBe(impossible);
  });
});

describe("the travel of a stop", () => {
  const toronto = stopAt("toronto", 60);

  test("is the fastest impossible way", () => {
    const others = [stopAt("lisbon", 0), stopAt("lisbon", 50), stopAt("toronto", 55)];
    expect(travelOf(toronto, others)?.from).toEqual(others[1]);
  });

  test("is the way from the last stop before it, where none is impossible", () => {
    const others = [stopAt("lisbon", -900), stopAt("paris", -600), stopAt("toronto", 70)];
    expect(travelOf(toronto, others)).toMatchObject({ from: others[1], to: toronto, impossible: false });
  });

  test("is the way to a stop after it, which arrived before", () => {
    const later = stopAt("sydney", 90);
    expect(travelOf(toronto, [later])).toMatchObject({ from: toronto, to: later, impossible: true });
  });

  test.each<[string, readonly Stop[], Stop, boolean]>([
    ["the first between two places", [stopAt("lisbon", 0)], stopAt("toronto", 20), true],
    ["who stays there", [stopAt("lisbon", 0), stopAt("toronto", 20)], stopAt("toronto", 40), false],
    ["who returns", [stopAt("lisbon", 0), stopAt("toronto", 20)], stopAt("lisbon", 40), false],
    ["what came before, and arrives later", [stopAt("lisbon", 0), stopAt("toronto", 40)], stopAt("toronto", 20), false],
    ["a third place", [stopAt("lisbon", 0), stopAt("toronto", 20)], stopAt("sydney", 40), true],
    [
      "the same place through another network",
      [stopAt("lisbon", 0), stopAt("toronto", 20, { asNumber: 64_500 })],
      stopAt("toronto", 40, { asNumber: 64_501 }),
      true,
    ],
    [
      "the same operator with another autonomous system",
      [stopAt("lisbon", 0), stopAt("toronto", 20, { asNumber: 64_500, operators: ["NORD_VPN"] })],
      stopAt("toronto", 40, { asNumber: 64_501, operators: ["NORD_VPN"] }),
      false,
    ],
    [
      "the next day",
      [stopAt("lisbon", 0), stopAt("toronto", 20), stopAt("lisbon", 1_200)],
      stopAt("toronto", 1_220),
      true,
    ],
  ])("says whether it is the first of its day: %s", (_, others, stop, firstToday) => {
    expect(travelOf(stop, others)).toMatchObject({ impossible: true, firstToday });
  });

  test("is null without another", () => {
    expect(travelOf(toronto, [])).toBeNull();
    expect(Object.values(toTravelFields(null)).every((value) => value === null)).toBe(true);
  });
});

describe("a stop", () => {
  test("holds where an event came from, through what, and when", () => {
    const event = logEvent({
      uuid: "u1",
      published: "2026-11-24T08:00:00.000Z",
      securityContext: {
        asNumber: 64_500,
        isProxy: false,
        ipDetails: { ipServiceCategories: [{ type: "VPN", operator: "NORD_VPN", isAnonymous: true }] },
      },
    });
    expect(stopOf(event, now)).toEqual({
      event: "u1",
      at: start,
      latitude: 43.6567,
      longitude: -79.34,
      city: "Toronto",
      state: "Ontario",
      country: "CA",
      asNumber: 64_500,
      operators: ["NORD_VPN"],
      isAnonymous: true,
    });
  });

  test.each<[string, Json]>([
    ["a failed attempt", { outcome: { result: "FAILURE" } }],
    ["no place at all", { client: null }],
    ["a country alone, with its middle", from({ ...inToronto, city: null, state: null })],
    ["coordinates of nowhere", from({ state: "Ontario", country: "Canada", geolocation: { lat: 0, lon: 0 } })],
    ["no coordinates", from({ ...inToronto, geolocation: null })],
    ["a time that cannot be read", { published: "yesterday" }],
    ["a time of the day after tomorrow", { published: "2026-11-26T08:00:00.000Z" }],
    ["nobody", { actor: null }],
  ])("is none of %s", (_, event) => {
    expect(stopOf(logEvent({ published: "2026-11-24T08:00:00.000Z", ...event }), now)).toBeNull();
  });

  test("is of the actor, and of no person whom another has acted on", () => {
    expect(travellerOf(logEvent())).toBe("id#00u1lisbon");
    expect(travellerOf(logEvent({ actor: { id: null, type: "User", alternateId: "Ada@Example.com" } }))).toBe(
      "login#ada@example.com",
    );
    const byOkta = {
      actor: { id: "okta.1", type: "SystemPrincipal", alternateId: "system@okta.com" },
      target: [{ id: "00u2", type: "User", alternateId: "bea@example.com" }],
    };
    expect(travellerOf(logEvent(byOkta))).toBeNull();
  });
});
