import { createReadStream } from "node:fs";
import { CsvError, type Info, parse } from "csv-parse";
import type { ProfileLocations } from "../lambda/decision.ts";
import { countryCode } from "../lambda/geo/country.ts";
import type { ProfileLocation } from "../lambda/profiles/profile-location.ts";
import { InputError } from "./command.ts";

/** The columns that are read; a row needs one of the first two. Others are left alone. */
export const columns = [
  "userId",
  "login",
  "label",
  "countryCode",
  "state",
  "city",
  "postalCode",
  "latitude",
  "longitude",
] as const;

type Column = (typeof columns)[number];

/**
 * Reads users' profile locations from a CSV file: columns by name, in any order and case, one location a row, several
 * rows for a user with several locations. `countryCode` may hold a country's name.
 *
 * @returns the locations by Okta user id and by lower-case login
 * @throws InputError naming file and line
 */
export async function readProfileFile(path: string): Promise<ProfileLocations> {
  const found = new Map<string, ProfileLocation[]>();
  const parser = createReadStream(path)
    .on("error", (error) => parser.destroy(new InputError(`${path}: cannot be opened: ${error.message}`)))
    .pipe(
      parse({
        bom: true,
        info: true,
        trim: true,
        skip_empty_lines: true,
        columns: (names: string[]) => rename(names, path),
      }),
    );
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Partial<Record<Column, string>>;
      info: Info;
    }>) {
      const { keys, location } = toLocation(record, `${path}:${info.lines}`);
      for (const key of keys) {
        const known = found.get(key);
        if (known === undefined) found.set(key, [location]);
        else known.push(location);
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new InputError(`${path}:${String(error.lines ?? 1)}: no CSV: ${error.message}`);
  }
  return found;
}

function rename(names: readonly string[], path: string): string[] {
  const renamed = names.map((name) => columns.find((column) => column.toLowerCase() === name.toLowerCase()) ?? name);
  if (!renamed.includes("userId") && !renamed.includes("login")) {
    throw new InputError(`${path}:1: expected a column userId or login; known columns: ${columns.join(", ")}`);
  }
  return renamed;
}

function toLocation(
  record: Partial<Record<Column, string>>,
  place: string,
): { readonly keys: readonly string[]; readonly location: ProfileLocation } {
  const keys = [record.userId, record.login?.toLowerCase()].filter((key): key is string => Boolean(key));
  if (keys.length === 0) throw new InputError(`${place}: neither userId nor login is filled in`);
  const country = record.countryCode || null;
  const code = countryCode(country);
  if (country !== null && code === null) throw new InputError(`${place}: "${country}" is no country that is known`);
  return {
    keys,
    location: {
      label: record.label || "location",
      countryCode: code,
      state: record.state || null,
      city: record.city || null,
      postalCode: record.postalCode || null,
      latitude: degrees(record.latitude, 90, `${place}: latitude`),
      longitude: degrees(record.longitude, 180, `${place}: longitude`),
    },
  };
}

function degrees(text: string | undefined, maximum: number, place: string): number | null {
  if (!text) return null;
  const value = Number(text);
  if (!(Math.abs(value) <= maximum)) {
    throw new InputError(`${place}: "${text}" is no number of degrees from -${maximum} to ${maximum}`);
  }
  return value;
}
