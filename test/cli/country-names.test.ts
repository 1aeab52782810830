import { expect, test } from "vitest";
import { countryCodeOf } from "../../cli/country-names.ts";

test.each([
  ["Großbritannien", "GB"],
  ["GROSSBRITANNIEN", "GB"],
  ["Grande-Bretagne", "GB"],
  ["Great Britain", "GB"],
  ["Vereinigtes Königreich", "GB"],
  ["Schottland", "GB"],
  ["Tschechische Republik", "CZ"],
  ["Elfenbeinküste", "CI"],
  ["Deutschland", "DE"],
  ["gb", "GB"],
])("a country's name as people write it is known: %s is %s", (name, code) => {
  expect(countryCodeOf(name)).toBe(code);
});

test.each(["Atlantis", "", null, undefined])("%s is no country", (name) => {
  expect(countryCodeOf(name)).toBeNull();
});
