import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { toPlainItem } from "../dynamodb/attribute-value.ts";
import { type ProfileLocation, profileLocation } from "./profile-location.ts";

/*
 * An item of the profile table. Each source of locations has an attribute of its own, which no other source writes:
 * `locations` belongs to people and to their own tools, `imported` to the import of CSV files, `okta` to the sync and the
 * refresh.
 *
 * An earlier form kept everything in `locations`, and each entry of the import and the sync named its source. Such entries
 * are read as if they stood in the attribute of their source, and move there when that source writes next.
 */

/** A source of locations that we write, by the name of its attribute. */
export type Source = "imported" | "okta";

/** What an entry of the earlier form names as its source. */
export const earlierNames: Readonly<Record<Source, string>> = { imported: "import", okta: "okta" };

/** A location as it is stored; one of a journey has an end (ISO 8601, UTC). */
export type StoredLocation = ProfileLocation & { readonly until: string | null };

/** What one source says of a user. Times are ISO 8601, UTC; null where they are not known. */
export interface SourceLocations {
  readonly locations: readonly StoredLocation[];
  /** When the locations last changed. */
  readonly updatedAt: string | null;
  /** When a full sync last saw the user, or locations from Okta were last written; null for what is imported. */
  readonly syncedAt: string | null;
}

/** An item of the profile table. */
export interface Profile {
  readonly user: string;
  /** Those of people and their own tools, which name `source` and `updatedAt` for all of them. */
  readonly locations: readonly StoredLocation[];
  readonly source: string | null;
  readonly updatedAt: string | null;
  /** Null when nothing was imported. */
  readonly imported: SourceLocations | null;
  /** Null when Okta tells no location. */
  readonly okta: SourceLocations | null;
}

const text = z.catch(z.nullable(z.string()), null);
const entry = z.extend(profileLocation, { until: text, source: text });
const entries = z.catch(z.array(z.catch(z.nullable(entry), null)), []);
const ofSource = z.catch(z.object({ locations: entries, updatedAt: text, syncedAt: text }), {
  locations: [],
  updatedAt: null,
  syncedAt: null,
});

type Entry = z.infer<typeof entry>;

/** Reads an item, of either form. What is no location is left out. */
export function readProfile(item: Readonly<Record<string, AttributeValue>>): Profile {
  const plain = toPlainItem(item);
  const all = entries.parse(plain.locations).filter((each) => each !== null);
  const updatedAt = text.parse(plain.updatedAt);
  const read = (source: Source): SourceLocations | null => {
    const own = ofSource.parse(plain[source]);
    const earlier = all.filter((each) => each.source === earlierNames[source]);
    const locations = [...own.locations.filter((each) => each !== null), ...earlier];
    if (locations.length === 0) return null;
    return {
      locations: locations.map(withoutSource),
      updatedAt: own.updatedAt ?? updatedAt,
      syncedAt: own.syncedAt ?? (source === "okta" ? text.parse(plain.syncedAt) : null),
    };
  };
  const names = Object.values(earlierNames);
  return {
    user: text.parse(plain.user) ?? "",
    locations: all.filter(({ source }) => source === null || !names.includes(source)).map(withoutSource),
    source: text.parse(plain.source),
    updatedAt,
    imported: read("imported"),
    okta: read("okta"),
  };
}

function withoutSource({ source: _, ...location }: Entry): StoredLocation {
  return location;
}

/** All of a user's locations: first those of people and their tools, then the imported ones, then those from Okta. */
export function allLocations({ locations, imported, okta }: Profile): readonly StoredLocation[] {
  return [...locations, ...(imported?.locations ?? []), ...(okta?.locations ?? [])];
}

/** Whether two lists hold the same locations, in the same order. */
export function sameLocations(first: readonly StoredLocation[], second: readonly StoredLocation[]): boolean {
  return canonical(first) === canonical(second);
}

function canonical(locations: readonly StoredLocation[]): string {
  return JSON.stringify(locations.map((location) => Object.entries(location).sort(([a], [b]) => (a < b ? -1 : 1))));
}
