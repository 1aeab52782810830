import { expect, test } from "vitest";
import { mapLink, withoutMapLink } from "../../../lambda/core/alerts/map-link.ts";
import { cases } from "../../fixtures/cases.ts";
import { logEvent } from "../../fixtures/events.ts";

const exitOf = (geographicalContext: unknown) =>
  logEvent({ client: { ipAddress: "203.0.113.77", geographicalContext } }).fields.client?.geographicalContext ?? null;

test("a place is linked to by its coordinates to a hundredth of a degree, and by nothing else", () => {
  const exit = exitOf({ city: "Toronto", country: "Canada", geolocation: { lat: 43.6567, lon: -79.34 } });
  expect(mapLink(exit)).toBe("https://www.openstreetmap.org/?mlat=43.66&mlon=-79.34&zoom=7");
});

test("the middle of a country is no place, nor are coordinates out of range, nor none", () => {
  const middle = { country: "United States", geolocation: { lat: 37.751, lon: -97.822 } };
  const outOfRange = { city: "Toronto", geolocation: { lat: 143, lon: -79 } };
  const texts = { city: "Toronto", geolocation: { lat: '"><script>', lon: -79 } };
  const all = [middle, outOfRange, texts, { city: "Toronto" }].map((place) => mapLink(exitOf(place)));
  expect([...all, mapLink(null)]).toEqual([null, null, null, null, null]);
});

test("an alert without the link has all else as before", () => {
  const alert = cases["tor-far-from-home"]?.();
  if (alert === undefined) throw new Error("no such case");
  expect(alert.links.map).toMatch(/^https:\/\/www\.openstreetmap\.org\//);
  expect(withoutMapLink(alert)).toEqual({ ...alert, links: { ...alert.links, map: null } });
});
