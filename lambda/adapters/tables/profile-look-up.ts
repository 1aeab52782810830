import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { allLocations, type Profile, type StoredLocation } from "../../core/profiles/profile.ts";
import type { ProfileLocation } from "../../core/profiles/profile-location.ts";
import type { TableKeys } from "../aws/dynamodb/batch-get.ts";
import { readProfile } from "./stored-profile.ts";

/*
 * Journeys are items of their own, which the table's time to live removes. Their key is the user's with a prefix in
 * capitals: logins are looked up in lower case, so that no typed login equals the key of a journey.
 */
const journeyPrefix = "JOURNEY#";
/** The prefix of the earlier form, which a login may begin with. Journeys of that form are read until they end. */
const earlierJourneyPrefix = "travel#";

/** The key of a user's journeys. */
export function journeyKey(user: string): string {
  return journeyPrefix + user;
}

/** The user whose journeys an item holds; null for a profile. */
export function journeysOf({ user, locations, imported, okta }: Profile): string | null {
  if (user.startsWith(journeyPrefix)) return user.slice(journeyPrefix.length);
  // A login may have the same key: only an item whose locations have an end is a journey.
  const isJourneys =
    imported === null && okta === null && locations.length > 0 && locations.every(({ until }) => until !== null);
  return user.startsWith(earlierJourneyPrefix) && isJourneys ? user.slice(earlierJourneyPrefix.length) : null;
}

/** The keys of a user's items in the profile table: the profile, and journeys of both forms. */
export function keysOfProfile(user: string): string[] {
  return [user, journeyKey(user), earlierJourneyPrefix + user];
}

/**
 * The keys of these users' items, including their journeys. No user has an id that begins like the key of a journey.
 */
export function profileKeysOf(tableName: string, users: readonly string[]): TableKeys {
  return {
    table: tableName,
    key: "user",
    values: users.filter((user) => !user.startsWith(journeyPrefix)).flatMap(keysOfProfile),
    attributes: ["user", "locations", "imported", "okta"],
  };
}

/** Reads items of the profile table: locations by user. A user's journeys are found with the rest, until they end. */
export function readProfiles(
  items: readonly Readonly<Record<string, AttributeValue>>[],
): ReadonlyMap<string, readonly ProfileLocation[]> {
  const profiles = new Map<string, readonly StoredLocation[]>();
  const journeys: [user: string, locations: readonly StoredLocation[]][] = [];
  for (const item of items) {
    const { user, ...profile } = readProfile(item);
    const locations = allLocations({ user, ...profile });
    if (user.startsWith(journeyPrefix)) {
      journeys.push([user.slice(journeyPrefix.length), locations]);
    } else if (user.startsWith(earlierJourneyPrefix)) {
      // A login may have the same key: only an item whose locations have an end is a journey.
      const isJourney = ({ until }: StoredLocation) => until !== null;
      journeys.push([user.slice(earlierJourneyPrefix.length), profile.locations.filter(isJourney)]);
      const others = locations.filter((location) => !isJourney(location));
      if (others.length > 0) profiles.set(user, others);
    } else {
      profiles.set(user, locations);
    }
  }
  for (const [user, locations] of journeys) profiles.set(user, [...(profiles.get(user) ?? []), ...locations]);
  return new Map([...profiles].map(([user, locations]) => [user, current(locations)]));
}

/** The locations that have not ended: DynamoDB may take two days to remove an ended journey. */
function current(locations: readonly StoredLocation[]): readonly ProfileLocation[] {
  const now = Date.now();
  return locations.flatMap(({ until, ...location }) =>
    until !== null && !(Date.parse(until) > now) ? [] : [location],
  );
}
