import { countryToAlpha2 } from "country-to-iso";
import { onceEachText } from "../values/once-each.ts";

/**
 * Spellings that `country-to-iso` does not know, from CLDR's English names of regions and MaxMind's GeoIP database,
 * which geolocation services follow.
 */
const furtherSpellings: ReadonlyMap<string, string> = new Map([
  ["aland", "AX"],
  ["bonaire", "BQ"],
  ["burma", "MM"],
  ["congo republic", "CG"],
  ["heard & mcdonald islands", "HM"],
  ["korea", "KR"],
  ["macao sar china", "MO"],
  ["myanmar (burma)", "MM"],
  ["palestinian territories", "PS"],
  ["palestinian territory", "PS"],
  ["st. barthelemy", "BL"],
  ["tristan da cunha", "SH"],
  ["u.s. outlying islands", "UM"],
]);

/**
 * The ISO 3166-1 alpha-2 code of a country, in upper case.
 *
 * @param country an English name ("South Korea", "Viet Nam"), or a code already
 * @returns null for a missing or unknown country
 */
export function countryCode(country: string | null | undefined): string | null {
  const name = country?.trim();
  if (!name) return null;
  return name.length > longestName ? codeOf(name) : knownCode(name);
}

/** Longer than any name of a country, in UTF-16 code units: other texts are not kept. */
const longestName = 100;

function codeOf(name: string): string | null {
  const folded = name
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
  return furtherSpellings.get(folded) ?? countryToAlpha2(name) ?? countryToAlpha2(folded);
}

/** The names of an org's countries come again with each event. */
const knownCode = onceEachText(300, codeOf);
