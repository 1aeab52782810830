import { pipeline, Readable } from "node:stream";
import { type CsvError, type Info, parse } from "csv-parse";
import { canonicalLogin } from "../lambda/core/okta/person.ts";
import type { ProfileLocations } from "../lambda/core/pipeline/ports.ts";
import type { ProfileLocation } from "../lambda/core/profiles/profile-location.ts";
import { plural } from "../lambda/core/text/shorten.ts";
import { InputError } from "./command.ts";
import { countryCodeOf } from "./country-names.ts";
import { findEncoding, readText, type TextEncoding } from "./text-encoding.ts";

/**
 * The columns, with their names in Okta's user reports and in exports of other directories, in English, German and
 * French: in lower case, without accents, spaces and punctuation. Where a file has several names of one column, the
 * first of this list is read.
 */
const columns = {
  userId: ["userid", "oktauserid", "oktaid", "id", "benutzerid", "idutilisateur"],
  login: [
    ...["login", "username", "oktausername", "userlogin", "oktalogin"],
    ...["benutzername", "oktabenutzername", "anmeldename", "nomdutilisateur", "nomdutilisateurokta"],
    ...["primaryemail", "primareemail", "primareemailadresse", "emailprincipal", "adresseemailprincipale"],
    ...["email", "emailaddress", "emailadresse", "adresseemail", "courriel"],
    ...["identifiantdeconnexion", "identifiant"],
  ],
  label: ["label", "locationname", "bezeichnung", "libelle"],
  countryCode: ["countrycode", "landercode", "codepays", "country", "countryregion", "land", "pays"],
  state: ["state", "province", "stateprovince", "region", "bundesland", "kanton", "canton"],
  city: ["city", "town", "stadt", "ort", "wohnort", "ville"],
  postalCode: ["postalcode", "zipcode", "zip", "postleitzahl", "plz", "codepostal"],
  latitude: ["latitude", "lat", "breitengrad", "breite"],
  longitude: ["longitude", "lon", "lng", "long", "langengrad", "lange"],
} as const;

type Column = keyof typeof columns;

/** The names of the columns, as an export writes them and the template has them. */
export const columnNames = Object.keys(columns) as Column[];

/** One row of a profile file. */
export interface ProfileRow {
  /** The line that the row ends on, from 1: its number in an editor, unless values span lines. */
  readonly line: number;
  /** The Okta user id and the lower-case login, where they are given. */
  readonly keys: readonly string[];
  readonly location: ProfileLocation;
}

/** A row that cannot be used. */
export interface BadRow {
  readonly line: number;
  readonly reason: string;
}

/** The header of a profile file. */
export interface ProfileFileHeader {
  /** The names of the columns that are not read, as in the file. */
  readonly ignoredColumns: readonly string[];
  readonly encoding: TextEncoding;
}

/** The longest row or quoted text: in a longer one, a quotation mark is not closed. */
const maximumRowCharacters = 100_000;

/**
 * Reads users' profile locations from a CSV file, row by row: columns by name, in any order and case, one location a
 * row, several rows for a user with several locations; divided by comma, semicolon or tab; UTF-8, UTF-16 with a byte
 * order mark, or Windows-1252. `countryCode` may hold a country's name. A row that cannot be used does not affect
 * others.
 *
 * @param onHeader called with the header, before the rows
 * @throws InputError with the file, and the line of invalid CSV; also for a file without rows, or without columns that
 * name users and places
 */
export async function* readProfileRows(
  path: string,
  onHeader: (header: ProfileFileHeader) => void = () => {},
): AsyncGenerator<ProfileRow | BadRow> {
  const encoding = await findEncoding(path);
  const { delimiter, fromLine } = await findDelimiter(path, encoding);
  const parser = parse({
    bom: true,
    info: true,
    trim: true,
    skip_empty_lines: true,
    // Excel writes rows of only delimiters below the table.
    skip_records_with_empty_values: true,
    relax_column_count: true,
    skip_records_with_error: true,
    max_record_size: maximumRowCharacters,
    record_delimiter: ["\r\n", "\n", "\r"],
    delimiter,
    from_line: fromLine,
  });
  const skipped: CsvError[] = [];
  parser.on("skip", (error) => {
    if (error !== undefined) skipped.push(error);
  });
  // The parser passes on the error that ends the pipeline.
  pipeline(Readable.from(readText(path, encoding)), parser, () => {});
  let header: readonly (Column | null)[] | null = null;
  let rows = 0;
  let lastLine = 0;
  /** The parser reads ahead: rows that it skipped are returned in the order of lines. */
  const skippedBefore = (line: number) => {
    const before = skipped.filter(({ lines }) => Number(lines ?? 0) < line);
    skipped.splice(0, before.length);
    return before.map((error) => badRowOf(error, path, lastLine));
  };
  const records = parser as AsyncIterable<{ record: readonly string[]; info: Info }>;
  for await (const { record, info } of records) {
    for (const bad of skippedBefore(info.lines)) {
      rows += 1;
      yield bad;
    }
    lastLine = info.lines;
    if (header === null) {
      header = readHeader(record, `${path}:${info.lines}`, (ignoredColumns) => onHeader({ ignoredColumns, encoding }));
      continue;
    }
    rows += 1;
    yield readRow(record, header, info.lines);
  }
  for (const bad of skippedBefore(Number.POSITIVE_INFINITY)) {
    rows += 1;
    yield bad;
  }
  if (header === null) throw new InputError(`${path}: the file is empty; expected ${expectedColumns}`);
  if (rows === 0) throw new InputError(`${path}: there is no row below the columns' names`);
}

/** The most rows that an error names. */
const maximumNamed = 20;

/** Options of reading a whole profile file. */
export interface ReadProfileFileOptions {
  /** Gives a row's location its coordinates. @default those of the file */
  readonly place?: (row: ProfileRow) => ProfileLocation | Promise<ProfileLocation>;
  /** Called with the rows that cannot be used, which are left out as in an import. @default they are an error */
  readonly onBad?: (row: BadRow) => void;
}

/**
 * Reads a whole profile file.
 *
 * @returns the locations by Okta user id and by lower-case login
 * @throws InputError with file and line of the rows that cannot be used: without `onBad`, or where there are no others
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

/** A quotation mark within a value makes its row unusable. One that is not closed may include any number of rows. */
function badRowOf({ code, lines, message }: CsvError, path: string, lastLine: number): BadRow {
  const line = Number(lines ?? lastLine + 1);
  if (code === "INVALID_OPENING_QUOTE") {
    return {
      line,
      reason: 'a quotation mark stands amid a value: put the value into quotation marks, and double it ("")',
    };
  }
  throw new InputError(
    `${path}:${lastLine + 1}: no CSV: a quotation mark opens on this line or a later one, and does not close where its value ends (${message})`,
  );
}

/**
 * Excel writes semicolons where the comma divides decimals, and tabs in UTF-16: the header's first line decides. A line
 * `sep=;` before it, which Excel reads and writes, names the delimiter.
 */
async function findDelimiter(
  path: string,
  encoding: TextEncoding,
): Promise<{ readonly delimiter: string; readonly fromLine: number }> {
  let head = "";
  for await (const chunk of readText(path, encoding)) {
    head += chunk;
    if (head.length > 65_536) break;
  }
  const lines = head.split(/\r\n|\n|\r/);
  const first = lines.findIndex((line) => line.trim() !== "");
  const header = lines[first] ?? "";
  const [, named] = /^"?sep=([,;\t])"?$/i.exec(header) ?? [];
  if (named !== undefined) return { delimiter: named, fromLine: first + 2 };
  const count = (delimiter: string) => header.split(delimiter).length;
  const [delimiter = ","] = [",", ";", "\t"].toSorted((a, b) => count(b) - count(a));
  return { delimiter, fromLine: 1 };
}

const expectedColumns =
  "a line with the names of columns: login or userId; city and countryCode, or latitude and longitude (npx okta-proxy-watch profiles template)";

/** The column of each name; null for one that is not read. */
function readHeader(
  names: readonly string[],
  where: string,
  onIgnored: (names: readonly string[]) => void,
): readonly (Column | null)[] {
  // npm's line before the output of a script: "> okta-proxy-watch@0.1.0 profiles".
  if (names[0]?.startsWith("> ")) {
    throw new InputError(
      `${where}: this is what npm prints before a command's output: delete all lines before the one with the columns' names, or write the file anew with "npm run -s"`,
    );
  }
  const folded = names.map(foldColumn);
  const found: (Column | null)[] = names.map(() => null);
  for (const [column, spellings] of Object.entries(columns) as [Column, readonly string[]][]) {
    const index = folded.indexOf(spellings.find((spelling) => folded.includes(spelling)) ?? "");
    if (index >= 0) found[index] = column;
  }
  const has = (column: Column) => found.includes(column);
  const theFileHas = `the file has ${names.map((name) => JSON.stringify(name)).join(", ")}`;
  if (!has("userId") && !has("login")) {
    throw new InputError(
      `${where}: expected a column userId or login; known columns: ${knownColumns()}; ${theFileHas}`,
    );
  }
  if (!has("countryCode") && !(has("latitude") && has("longitude"))) {
    throw new InputError(
      `${where}: expected columns that name a place: city and countryCode, or latitude and longitude; ${theFileHas}`,
    );
  }
  onIgnored(names.filter((_, index) => found[index] === null));
  return found;
}

/** Describes the columns, with examples of their other names: `stadt` and `ville` for the city. */
function knownColumns(): string {
  const others = [...columns.login, ...columns.city].filter((name) => !["login", "city"].includes(name));
  return `${columnNames.join(", ")}; or their names in Okta's reports, also in German and French (${others.join(", ")})`;
}

/** Okta's reports name attributes as user.login or profile.city. */
function foldColumn(name: string): string {
  return (name.split(".").at(-1) ?? name)
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

function readRow(values: readonly string[], header: readonly (Column | null)[], line: number): ProfileRow | BadRow {
  const bad = (reason: string): BadRow => ({ line, reason });
  const isLonger = values.slice(header.length).some((value) => value !== "");
  if (isLonger || values.length < header.length) {
    const counts = `it has ${plural(values.length, "value")}, and the header ${plural(header.length, "column")}`;
    return bad(
      isLonger
        ? `${counts}: a value that holds the delimiter has to stand in quotation marks`
        : `${counts}: empty values have delimiters as well`,
    );
  }
  const record: Partial<Record<Column, string>> = {};
  for (const [index, column] of header.entries()) if (column !== null) record[column] = (values[index] ?? "").trim();
  const broken = Object.values(record).find((value) => value.includes("\ufffd"));
  if (broken !== undefined)
    return bad(`"${broken}" has a letter that was lost when the file was saved: save it anew, as UTF-8`);
  const keys = [record.userId, record.login && canonicalLogin(record.login)].filter((key): key is string =>
    Boolean(key),
  );
  if (keys.length === 0) return bad("neither userId nor login is filled in");
  const country = record.countryCode || null;
  const code = countryCodeOf(country);
  if (country !== null && code === null) return bad(`"${country}" is no country that is known`);
  const latitude = readDegrees(record.latitude, 90);
  if (latitude === undefined) return bad(`latitude: "${record.latitude}" is no number of degrees from -90 to 90`);
  const longitude = readDegrees(record.longitude, 180);
  if (longitude === undefined) return bad(`longitude: "${record.longitude}" is no number of degrees from -180 to 180`);
  if ((latitude === null) !== (longitude === null)) return bad("latitude and longitude go together");
  if (code === null && latitude === null) {
    const given = record.city ? `no country is given for the city "${record.city}"` : "no city and country are given";
    return bad(`${given}, and no coordinates: nothing can be compared`);
  }
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

/** Null for an empty text, undefined for one that is not in degrees. A decimal comma is allowed. */
function readDegrees(text: string | undefined, maximum: number): number | null | undefined {
  if (!text) return null;
  const value = Number(text.replace(",", "."));
  return Math.abs(value) <= maximum ? value : undefined;
}
