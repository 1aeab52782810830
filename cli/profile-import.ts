import { exceedsItem } from "../lambda/adapters/tables/profile-items.ts";
import { canonical, type StoredLocation, sameLocations } from "../lambda/core/profiles/profile.ts";
import type { ProfileLocation } from "../lambda/core/profiles/profile-location.ts";
import type { Decide, ProfileDecision, ProfileItems } from "../lambda/core/profiles/profile-store.ts";
import type { Geocoder } from "./geocoding/geocoder.ts";
import { placeLocation } from "./geocoding/place-location.ts";
import { type BadRow, readProfileRows } from "./profile-file.ts";
import type { TextEncoding } from "./text-encoding.ts";

/** The report of an import, or of its dry run. */
export interface ImportReport {
  rows: number;
  /** Users, by their keys in the file. */
  users: number;
  created: number;
  changed: number;
  unchanged: number;
  /** Users, by their keys, who were not written, as an item has no room for them. */
  readonly tooLarge: string[];
  /** Columns of the file that are not read. */
  readonly ignoredColumns: string[];
  /** The file's encoding; null before it is opened. */
  encoding: TextEncoding | null;
  /** Rows that were not written. */
  readonly bad: BadRow[];
  /** Rows that were written without coordinates, with the reasons. */
  readonly unplaced: BadRow[];
  /** Rows with an ambiguous place, with the chosen one. */
  readonly notes: BadRow[];
}

/** Options of an import. */
export interface ImportOptions {
  readonly file: string;
  readonly items: Pick<ProfileItems, "get" | "update">;
  readonly geocode: Geocoder;
  /** Whether it only reports. */
  readonly dryRun: boolean;
  readonly now: Date;
  /** Called now and then with the report so far. */
  readonly onProgress: (report: Readonly<ImportReport>) => void;
}

/** Users that are read and written together. */
const pieceSize = 500;

/**
 * Imports a profile file: for every user in it, it replaces the locations of earlier imports, and keeps those from
 * elsewhere (Okta, by hand). A row that equals, with its label, a location from elsewhere is not stored again. So a
 * second import of the same file changes nothing, nor does that of an export.
 */
export async function importProfiles(options: ImportOptions): Promise<ImportReport> {
  const report: ImportReport = {
    rows: 0,
    users: 0,
    created: 0,
    changed: 0,
    unchanged: 0,
    tooLarge: [],
    ignoredColumns: [],
    encoding: null,
    bad: [],
    unplaced: [],
    notes: [],
  };
  let piece: [user: string, locations: readonly StoredLocation[]][] = [];
  for await (const entry of readUsers(options, report)) {
    piece.push(entry);
    if (piece.length < pieceSize) continue;
    await importPiece(piece, options, report);
    piece = [];
    options.onProgress(report);
  }
  await importPiece(piece, options, report);
  return report;
}

/**
 * Users with all of their locations. A user's rows may be anywhere in the file: a first read counts them, and a second
 * returns each user at the last of its rows, so that only users between their rows are held in memory.
 */
async function* readUsers(
  { file, geocode, onProgress }: ImportOptions,
  report: ImportReport,
): AsyncGenerator<[user: string, locations: readonly StoredLocation[]]> {
  const rowsLeft = new Map<string, number>();
  const rows = readProfileRows(file, ({ ignoredColumns, encoding }) => {
    report.ignoredColumns.push(...ignoredColumns);
    report.encoding = encoding;
  });
  for await (const row of rows) {
    if ("reason" in row) continue;
    for (const key of row.keys) rowsLeft.set(key, (rowsLeft.get(key) ?? 0) + 1);
  }
  report.users = rowsLeft.size;
  /** The locations of each user so far, each once. */
  const held = new Map<string, Map<string, StoredLocation>>();
  for await (const row of readProfileRows(file)) {
    report.rows += 1;
    if (report.rows % 1_000 === 0) onProgress(report);
    if ("reason" in row) {
      report.bad.push(row);
      continue;
    }
    const location = place(row.line, row.location, geocode, report);
    for (const key of row.keys) {
      const left = (rowsLeft.get(key) ?? 0) - 1;
      rowsLeft.set(key, left);
      const before = held.get(key);
      // Most users have one row.
      if (left === 0 && before === undefined) {
        yield [key, [location]];
        continue;
      }
      const locations = before ?? new Map<string, StoredLocation>();
      const text = canonical([location]);
      if (!locations.has(text)) locations.set(text, location);
      if (left > 0) {
        held.set(key, locations);
        continue;
      }
      held.delete(key);
      yield [key, [...locations.values()]];
    }
  }
}

function place(line: number, given: ProfileLocation, geocode: Geocoder, report: ImportReport): StoredLocation {
  const { location, unplaced, note } = placeLocation(given, geocode);
  if (unplaced !== null) report.unplaced.push({ line, reason: unplaced });
  if (note !== null) report.notes.push({ line, reason: note });
  return { ...location, until: null };
}

async function importPiece(
  piece: readonly (readonly [user: string, locations: readonly StoredLocation[]])[],
  { items, dryRun, now }: ImportOptions,
  report: ImportReport,
): Promise<void> {
  const wanted = new Map(piece);
  const decide: Decide = (user, before) => {
    const elsewhere = [...(before?.locations ?? []), ...(before?.okta?.locations ?? [])];
    const locations = (wanted.get(user) ?? []).filter((each) => !elsewhere.some((other) => saysTheSame(each, other)));
    if (sameLocations(before?.imported?.locations ?? [], locations)) return null;
    return { locations, updatedAt: now.toISOString(), syncedAt: null };
  };
  const users = [...wanted.keys()];
  const decisions = dryRun ? await preview(users, decide, items) : await items.update("imported", users, decide);
  for (const { user, before, after, tooLarge } of decisions) {
    if (tooLarge) report.tooLarge.push(user);
    else if (after === null) report.unchanged += 1;
    else if (before === undefined) report.created += 1;
    else report.changed += 1;
  }
}

const namesOfPlace = ["label", "countryCode", "state", "city", "postalCode"] as const;

/**
 * Whether a row equals, with its label, a location of another source, as rows of an export do. Where the stored
 * location has no coordinates, those of the row, which the import has just added, are ignored.
 */
function saysTheSame(row: ProfileLocation, stored: StoredLocation): boolean {
  if (stored.until !== null || namesOfPlace.some((name) => row[name] !== stored[name])) return false;
  return stored.latitude === null || (row.latitude === stored.latitude && row.longitude === stored.longitude);
}

/** The decisions of a dry run. */
async function preview(
  users: readonly string[],
  decide: Decide,
  { get }: ImportOptions["items"],
): Promise<ProfileDecision[]> {
  const existing = await get(users);
  return users.map((user) => {
    const before = existing.get(user);
    const after = decide(user, before);
    return { user, before, after, tooLarge: after !== null && exceedsItem(user, after) };
  });
}
