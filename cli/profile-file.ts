import { createReadStream } from "node:fs";
import { CsvError, type Info, parse } from "csv-parse";
import type { ProfileLocations } from "../lambda/decision.ts";
import { countryCode } from "../lambda/geo/country.ts";
import type { ProfileLocation } from "../lambda/profiles/profile-location.ts";
import { InputError } from "./command.ts";

/**
 * The columns that are read, and the names that they have in Okta's user reports and in exports of other directories, all
 * in lower case and without spaces and punctuation.
 */
const columns = {
  userId: ["userid", "id", "oktaid", "oktauserid"],
  login: ["login", "username", "userlogin", "oktalogin", "email", "primaryemail"],
  label: ["label", "locationname"],
  countryCode: ["countrycode", "country"],
  state: ["state", "province", "region"],
  city: ["city", "town"],
  postalCode: ["postalcode", "zipcode", "zip"],
  latitude: ["latitude", "lat"],
  longitude: ["longitude", "lon", "lng", "long"],
} as const;

type Column = keyof typeof columns;

/** One row of a profile file. */
export interface ProfileRow {
  /** The line that the row ends on, from 1: its number in an editor, unless values span lines. */
  readonly line: number;
  /** The Okta user id and the lower-case login, as far as they are given. */
  readonly keys: readonly string[];
  readonly location: ProfileLocation;
}

/** A row that cannot be used. */
export interface BadRow {
  readonly line: number;
  readonly reason: string;
}

/**
 * Reads users' profile locations from a CSV file, row by row: columns by name, in any order and case, one location a row,
 * several rows for a user with several locations; UTF-8 with or without byte order mark, divided by comma or semicolon.
 * `countryCode` may hold a country's name.
 *
 * @param onIgnored is given the names of the columns that are not read, as the file has them
 * @throws InputError naming the file, and the line where it is no CSV
 */
export async function* readProfileRows(
  path: string,
  onIgnored: (names: readonly string[]) => void = () => {},
): AsyncGenerator<ProfileRow | BadRow> {
  const parser = parse({
    bom: true,
    info: true,
    trim: true,
    skip_empty_lines: true,
    delimiter: await findDelimiter(path),
    columns: (names: string[]) => rename(names, path, onIgnored),
  });
  createReadStream(path)
    .on("error", (error) => parser.destroy(error))
    .pipe(parser);
  try {
    const records = parser as AsyncIterable<{ record: Partial<Record<Column, string>>; info: Info }>;
    for await (const { record, info } of records) yield readRow(record, info.lines);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new InputError(`${path}:${String(error.lines ?? 1)}: no CSV: ${error.message}`);
  }
}

/** Rows that an error names. */
const maximumNamed = 20;

/** How a whole profile file is read. */
export interface ReadProfileFileOptions {
  /** Gives a row's location its coordinates. @default those of the file */
  readonly place?: (row: ProfileRow) => ProfileLocation | Promise<ProfileLocation>;
  /** Takes the rows that cannot be used, which are left out as an import leaves them out. @default they are an error */
  readonly onBad?: (row: BadRow) => void;
}

/**
 * Reads a whole profile file.
 *
 * @returns the locations by Okta user id and by lower-case login
 * @throws InputError naming file and line of the rows that cannot be used: without `onBad`, or where there are no others
 */
export async function readProfileFile(
  path: string,
  { place = ({ location }) => location, onBad }: ReadProfileFileOptions = {},
): Promise<ProfileLocations> {
  const found = new Map<string, ProfileLocation[]>();
  const bad: BadRow[] = [];
  for await (const row of readProfileRows(path)) {
    if ("reason" in row) {
      bad.push(row);
      onBad?.(row);
      continue;
    }
    const location = await place(row);
    for (const key of row.keys) {
      const known = found.get(key);
      if (known === undefined) found.set(key, [location]);
      else known.push(location);
    }
  }
  if (bad.length === 0 || (onBad !== undefined && found.size > 0)) return found;
  const named = bad.slice(0, maximumNamed).map(({ line, reason }) => `${path}:${line}: ${reason}`);
  const more = bad.length > maximumNamed ? [`and ${bad.length - maximumNamed} more rows`] : [];
  throw new InputError([...named, ...more].join("\n"));
}

/** Excel writes semicolons where the comma divides decimals: the header's first line tells. */
async function findDelimiter(path: string): Promise<"," | ";"> {
  let head = "";
  try {
    for await (const chunk of createReadStream(path, { encoding: "utf8", end: 65_535 })) head += String(chunk);
  } catch (error) {
    throw new InputError(`${path}: cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
  }
  const [header = ""] = head.split(/\r?\n/, 1);
  return header.split(";").length > header.split(",").length ? ";" : ",";
}

function rename(names: readonly string[], path: string, onIgnored: (names: readonly string[]) => void): string[] {
  // What npm prints before the output of a script: "> okta-proxy-watch@0.1.0 profiles".
  if (names[0]?.startsWith("> ")) {
    throw new InputError(
      `${path}:1: this is what npm prints before a command's output: delete all lines before the one with the columns' names, or write the file anew with "npm run -s"`,
    );
  }
  const ignored: string[] = [];
  const taken = new Set<string>();
  const renamed = names.map((name) => {
    // Okta's reports name attributes as user.login or profile.city.
    const folded = (name.split(".").at(-1) ?? name).toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
    const column = Object.entries(columns).find(([, spellings]) =>
      (spellings as readonly string[]).includes(folded),
    )?.[0];
    if (column === undefined || taken.has(column)) {
      ignored.push(name);
      return `(not read) ${name}`;
    }
    taken.add(column);
    return column;
  });
  if (!taken.has("userId") && !taken.has("login")) {
    throw new InputError(
      `${path}:1: expected a column userId or login; known columns: ${Object.keys(columns).join(", ")}`,
    );
  }
  onIgnored(ignored);
  return renamed;
}

function readRow(record: Partial<Record<Column, string>>, line: number): ProfileRow | BadRow {
  const keys = [record.userId, record.login?.toLowerCase()].filter((key): key is string => Boolean(key));
  if (keys.length === 0) return { line, reason: "neither userId nor login is filled in" };
  const country = record.countryCode || null;
  const code = countryCode(country);
  if (country !== null && code === null) return { line, reason: `"${country}" is no country that is known` };
  const latitude = readDegrees(record.latitude, 90);
  if (latitude === undefined)
    return { line, reason: `latitude: "${record.latitude}" is no number of degrees from -90 to 90` };
  const longitude = readDegrees(record.longitude, 180);
  if (longitude === undefined) {
    return { line, reason: `longitude: "${record.longitude}" is no number of degrees from -180 to 180` };
  }
  if ((latitude === null) !== (longitude === null)) return { line, reason: "latitude and longitude go together" };
  return {
    line,
    keys,
    location: {
      label: record.label || "location",
      countryCode: code,
      state: record.state || null,
      city: record.city || null,
      postalCode: record.postalCode || null,
      latitude,
      longitude,
    },
  };
}

/** Null when nothing is given, undefined when what is given are no degrees. A decimal comma will do. */
function readDegrees(text: string | undefined, maximum: number): number | null | undefined {
  if (!text) return null;
  const value = Number(text.replace(",", "."));
  return Math.abs(value) <= maximum ? value : undefined;
}
