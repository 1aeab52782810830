import type { ExceptionScope } from "../../lambda/core/exceptions/exception.ts";
import type { Doubt } from "../../lambda/core/incidents/doubt.ts";
import type { Place } from "../world-map.ts";
import type { PersonInDoubt, Remedy, Report } from "./report.ts";

/**
 * A report to show to others. Persons get pseudonyms, the same for the same person throughout, numbered in the order of the report, so that
 * the same events give the same report again. Networks get pseudonyms, too, but for the operators that Okta names; homes are known by
 * country, to a degree, and distances to 100 km. What it is made of, commands, and values of events are left out.
 */
export function anonymize(report: Report): Report {
  const persons = pseudonyms("Person");
  const networks = pseudonyms("no.");
  const rows = report.persons.rows.map((row) => ({
    ...row,
    person: persons(row.person),
    farthestKm: row.farthestKm && toHundred(row.farthestKm),
  }));
  const scopeOf = (scope: ExceptionScope): ExceptionScope => {
    const { user, asNumber, cidr, ...rest } = scope;
    const network = [asNumber === undefined ? null : `AS${asNumber}`, cidr].filter((each) => each != null).join(" ");
    return {
      ...rest,
      ...(user === undefined ? {} : { user: persons(user) }),
      ...(network === "" ? {} : { cidr: networks(network) }),
    };
  };
  const doubtedOf = (all: readonly PersonInDoubt[]) =>
    all.map(({ person, alerts }) => ({ person: persons(person), alerts }));
  const remedyOf = (remedy: Remedy): Remedy => {
    if (remedy.kind === "exception") {
      return { ...remedy, scope: scopeOf(remedy.scope), inDoubt: doubtedOf(remedy.inDoubt), command: "" };
    }
    return { ...remedy, value: "", yaml: "" };
  };
  const doubtOf = ({ why, person }: Doubt): Doubt => ({ why, person: person && persons(person), incident: null });
  return {
    ...report,
    anonymized: true,
    source: "",
    exits: {
      ...report.exits,
      rows: report.exits.rows.map((row) => ({ ...row, home: row.home && toDegree(row.home) })),
    },
    homes: report.homes.map(({ place, at, persons: count }) => {
      return { place: countryOf(place), at: toDegree(at), persons: count };
    }),
    persons: { ...report.persons, rows },
    detections: report.detections.map(({ remedy, doubt, ...row }) => ({
      ...row,
      remedy: remedy && remedyOf(remedy),
      doubt: doubt && doubtOf(doubt),
    })),
    exceptions: {
      ...report.exceptions,
      rows: report.exceptions.rows.map(({ scope, inDoubt, ...row }) => ({
        ...row,
        scope: scopeOf(scope),
        inDoubt: doubtedOf(inDoubt),
        command: "",
      })),
      refused: report.exceptions.refused.map(({ doubt, ...row }) => ({ ...row, doubt: doubtOf(doubt), command: "" })),
    },
  };
}

/** A pseudonym for each name, without regard to case. */
function pseudonyms(word: string): (name: string) => string {
  const known = new Map<string, string>();
  return (name) => {
    const key = name.toLowerCase();
    const found = known.get(key) ?? `${word} ${known.size + 1}`;
    known.set(key, found);
    return found;
  };
}

/** The country's code at the end of `Lisbon, PT`; a place that has none is not named. */
const countryOf = (place: string) => /(?:^|, )([A-Z]{2})$/.exec(place)?.[1] ?? "a place without a country";

/** Distances to the kilometer from exits, whose places are known, would lead to a home. */
const toHundred = (kilometers: number) => Math.round(kilometers / 100) * 100;

/** A place within about 100 km. */
function toDegree({ latitude, longitude }: Place): Place {
  return { latitude: Math.round(latitude), longitude: Math.round(longitude) };
}
