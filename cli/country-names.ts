import { countryCode } from "../lambda/core/geo/country.ts";

/** Languages beside English in which names of countries are known: those of the columns' names, and some neighbors. */
const languages = ["de", "fr", "es", "it", "nl", "pt"] as const;

/** Common names that CLDR lacks, by code. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  CZ: ["Tschechische Republik", "République tchèque"],
  GB: [
    ...["Großbritannien", "Grossbritannien", "Vereinigtes Königreich Großbritannien und Nordirland", "Grande-Bretagne"],
    ...["Gran Bretaña", "Gran Bretagna", "Groot-Brittannië", "Grã-Bretanha", "Schottland", "Écosse", "Angleterre"],
  ],
  CI: ["Elfenbeinküste"],
};

let codesByName: ReadonlyMap<string, string> | null = null;

/**
 * The ISO 3166-1 alpha-2 code of a country by its code, or by its name in English or another of the known languages
 * ("Deutschland", "Allemagne"), as CLDR has them and as people write them ("Großbritannien").
 *
 * @returns null for a missing or unknown country
 */
export function countryCodeOf(country: string | null | undefined): string | null {
  const english = countryCode(country);
  if (english !== null || !country?.trim()) return english;
  codesByName ??= readNames();
  return codesByName.get(fold(country)) ?? null;
}

function readNames(): ReadonlyMap<string, string> {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  // A replaced code (DD, SU) would be a second code for its successor's name.
  const codes = letters
    .flatMap((first) => letters.map((second) => first + second))
    .filter((code) => countryCode(code) === code && new Intl.Locale("und", { region: code }).region === code);
  const others = Object.entries(otherNames).flatMap(([code, names]) =>
    names.map((name): [string, string] => [fold(name), code]),
  );
  const known = languages.flatMap((language) => {
    const names = new Intl.DisplayNames(language, { type: "region", fallback: "none" });
    return codes.flatMap((code): [string, string][] => {
      const name = names.of(code);
      return name === undefined ? [] : [[fold(name), code]];
    });
  });
  return new Map([...others, ...known]);
}

const fold = (name: string) =>
  name
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .trim()
    .toLowerCase();
