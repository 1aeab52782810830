import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { allLocations, type Profile, type StoredLocation } from "../../core/profiles/profile.ts";
import type { ProfileLocation } from "../../core/profiles/profile-location.ts";
import type { TableKeys } from "../aws/dynamodb/batch-get.ts";
import { readProfile } from "./stored-profile.ts";

/*
 * Journeys are items of their own, which the table's time to live removes. Their key is a prefix before the user's: one in
 * capitals, as logins are looked up in lower case, so that no login, whatever a stranger types, is the key of a journey.
 */
const journeyPrefix = "JOURNEY#";
/** The prefix of an earlier form, which a login may begin with. Such journeys are read until they end. */
const earlierJourneyPrefix = "travel#";

/** The key of a user's journeys. */
export function journeyKey(user: string): string {
  return journeyPrefix + user;
}

/** The user whose journeys an item holds; null of an item that is a profile. */
export function journeysOf({ user, locations, imported, okta }: Profile): string | null {
  if (user.startsWith(journeyPrefix)) return user.slice(journeyPrefix.length);
  // The same key may be that of a login: only what has an end is a journey.
  const isJourneys =
    imported === null && okta === null && locations.length > 0 && locations.every(({ until }) => until !== null);
  return user.startsWith(earlierJourneyPrefix) && isJourneys ? user.slice(earlierJourneyPrefix.length) : null;
}

/** The keys of everything that the profile table holds of a user: the profile, and journeys of both forms. */
export function keysOfProfile(user: string): string[] {
  return [user, journeyKey(user), earlierJourneyPrefix + user];
}

/**
 * The keys of these users' items, those of their journeys among them. An id that begins as the key of journeys does is that of no
 * user.
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
      // The same key may be that of a login: only what has an end is a journey.
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

/** The locations that count now: DynamoDB may take two days to remove what has ended. */
function current(locations: readonly StoredLocation[]): readonly ProfileLocation[] {
  const now = Date.now();
  return locations.flatMap(({ until, ...location }) =>
    until !== null && !(Date.parse(until) > now) ? [] : [location],
  );
}
