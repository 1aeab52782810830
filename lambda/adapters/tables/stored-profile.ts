import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import type { Profile, Source, SourceLocations, StoredLocation } from "../../core/profiles/profile.ts";
import { profileLocation } from "../../core/profiles/profile-location.ts";
import { isObject, type Json } from "../../core/values/object.ts";
import { toPlainItem } from "../aws/dynamodb/attribute-value.ts";

/*
 * An item of the profile table. Each source of locations has an attribute of its own, which no other source writes:
 * `locations` belongs to people and to their own tools, `imported` to the import of CSV files, `okta` to the sync and
 * the refresh.
 *
 * An earlier form kept everything in `locations`, and each entry of the import and the sync named its source. Such
 * entries are read like those in the attribute of their source, and move there at the source's next write.
 */

/** The names of sources in entries of the earlier form. */
export const earlierNames: Readonly<Record<Source, string>> = { imported: "import", okta: "okta" };

const text = v.fallback(v.nullable(v.string()), null);
/** Valibot takes a list for an object of which no part is required. */
const entry = v.pipe(v.custom<Json>(isObject), v.object({ ...profileLocation.entries, until: text, source: text }));
const entries = v.fallback(v.array(v.fallback(v.nullable(entry), null)), []);
const ofSource = v.fallback(v.object({ locations: entries, updatedAt: text, syncedAt: text }), {
  locations: [],
  updatedAt: null,
  syncedAt: null,
});

type Entry = v.InferOutput<typeof entry>;

/** Reads an item, of either form. Values that are not locations are left out. */
export function readProfile(item: Readonly<Record<string, AttributeValue>>): Profile {
  const plain = toPlainItem(item);
  const all = v.parse(entries, plain.locations).filter((each) => each !== null);
  const updatedAt = v.parse(text, plain.updatedAt);
  const read = (source: Source): SourceLocations | null => {
    const own = v.parse(ofSource, plain[source]);
    const earlier = all.filter((each) => each.source === earlierNames[source]);
    const locations = [...own.locations.filter((each) => each !== null), ...earlier];
    if (locations.length === 0) return null;
    return {
      locations: locations.map(withoutSource),
      updatedAt: own.updatedAt ?? updatedAt,
      syncedAt: own.syncedAt ?? (source === "okta" ? v.parse(text, plain.syncedAt) : null),
    };
  };
  const names = Object.values(earlierNames);
  return {
    user: v.parse(text, plain.user) ?? "",
    locations: all.filter(({ source }) => source === null || !names.includes(source)).map(withoutSource),
    source: v.parse(text, plain.source),
    updatedAt,
    imported: read("imported"),
    okta: read("okta"),
  };
}

function withoutSource({ source: _, ...location }: Entry): StoredLocation {
  return location;
}
