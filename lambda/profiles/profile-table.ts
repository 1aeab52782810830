import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { toPlain } from "../dynamodb/attribute-value.ts";
import type { TableKeys } from "../dynamodb/batch-get.ts";
import { type ProfileLocation, profileLocation } from "./profile-location.ts";

/** Journeys are items of their own, which the table's time to live removes: the key is this before the user's. */
export const travelPrefix = "travel#";

/** A location as it is stored: one of a journey has an end, in ISO 8601. */
const storedLocation = z.extend(profileLocation, { until: z.catch(z.nullable(z.string()), null) });
const storedLocations = z.catch(z.array(z.catch(z.nullable(storedLocation), null)), []);

/** The keys of these users' items, those of their journeys among them. */
export function profileKeysOf(tableName: string, users: readonly string[]): TableKeys {
  const values = users.flatMap((user) => [user, travelPrefix + user]);
  return { table: tableName, key: "user", values, attributes: ["user", "locations"] };
}

/** Reads items of the profile table: locations by user. A user's journeys are found with the rest, until they end. */
export function readProfiles(
  items: readonly Readonly<Record<string, AttributeValue>>[],
): ReadonlyMap<string, readonly ProfileLocation[]> {
  return merge(
    items.flatMap(({ user, locations }): [string, readonly ProfileLocation[]][] =>
      user?.S === undefined ? [] : [[user.S, readLocations(locations)]],
    ),
  );
}

/** Brings a user's own locations and those of journeys together, in this order. */
function merge(
  items: readonly [user: string, locations: readonly ProfileLocation[]][],
): ReadonlyMap<string, readonly ProfileLocation[]> {
  const isJourney = ([key]: readonly [string, unknown]) => key.startsWith(travelPrefix);
  const merged = new Map(items.filter((item) => !isJourney(item)));
  for (const [key, found] of items.filter(isJourney)) {
    const user = key.slice(travelPrefix.length);
    merged.set(user, [...(merged.get(user) ?? []), ...found]);
  }
  return merged;
}

/** The locations that count now: DynamoDB may take two days to remove what has ended. */
function readLocations(attribute: AttributeValue | undefined): readonly ProfileLocation[] {
  const now = Date.now();
  return storedLocations.parse(toPlain(attribute)).flatMap((stored) => {
    if (stored === null) return [];
    const { until, ...location } = stored;
    return until !== null && !(Date.parse(until) > now) ? [] : [location];
  });
}
