import type { AttributeValue, DynamoDBClient, KeysAndAttributes } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { clientDefaults, once } from "../aws-client.ts";
import { type ProfileLocation, type ProfileStore, profileLocation } from "./profile-location.ts";

/** DynamoDB's limit for one BatchGetItem. */
const maximumBatch = 100;

/** Unprocessed keys are asked for this often, with a pause that doubles, before the store counts as unavailable. */
const maximumRounds = 4;
const firstPauseMilliseconds = 25;

/** Journeys are items of their own, which the table's time to live removes: the key is this before the user's. */
export const travelPrefix = "travel#";

/** A location as it is stored: one of a journey has an end, in ISO 8601. */
const storedLocation = z.extend(profileLocation, { until: z.catch(z.nullable(z.string()), null) });
const storedLocations = z.catch(z.array(z.catch(z.nullable(storedLocation), null)), []);

/**
 * The profile store over the DynamoDB table: key `user`, attribute `locations`. A user's journeys are found with the rest,
 * until they end.
 *
 * @param given the client to use. @default one of its own, made when first needed
 */
export function createProfileTable(tableName: string, given?: DynamoDBClient): ProfileStore {
  const getClient = once(async () => {
    const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
    return given ?? new DynamoDBClient(clientDefaults);
  });
  return {
    async findLocations(keys, signal) {
      const client = await getClient();
      const all = [...keys].flatMap((key) => [key, travelPrefix + key]);
      const batches = Array.from({ length: Math.ceil(all.length / maximumBatch) }, (_, index) =>
        all.slice(index * maximumBatch, (index + 1) * maximumBatch),
      );
      const found = await Promise.all(batches.map((batch) => getBatch(client, tableName, batch, signal)));
      return merge(found.flat());
    },
  };
}

async function getBatch(
  client: DynamoDBClient,
  tableName: string,
  users: readonly string[],
  signal: AbortSignal,
): Promise<[user: string, locations: readonly ProfileLocation[]][]> {
  const { BatchGetItemCommand } = await import("@aws-sdk/client-dynamodb");
  const found: [string, readonly ProfileLocation[]][] = [];
  let pending: Record<string, KeysAndAttributes> = {
    [tableName]: {
      Keys: users.map((user) => ({ user: { S: user } })),
      ProjectionExpression: "#user, #locations",
      ExpressionAttributeNames: { "#user": "user", "#locations": "locations" },
    },
  };
  for (let round = 0; round < maximumRounds; round += 1) {
    if (round > 0) await pause(firstPauseMilliseconds * 2 ** (round - 1));
    const { Responses, UnprocessedKeys } = await client.send(new BatchGetItemCommand({ RequestItems: pending }), {
      abortSignal: signal,
    });
    for (const item of Responses?.[tableName] ?? []) {
      if (item.user?.S !== undefined) found.push([item.user.S, readLocations(item.locations)]);
    }
    if (Object.keys(UnprocessedKeys ?? {}).length === 0) return found;
    pending = UnprocessedKeys ?? {};
  }
  throw new Error(`the profile table ${tableName} left keys unprocessed ${maximumRounds} times: it is throttled`);
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

/** The part of DynamoDB's types that a profile location is made of. */
function toPlain(attribute: AttributeValue | undefined): unknown {
  if (attribute?.S !== undefined) return attribute.S;
  if (attribute?.N !== undefined) return Number(attribute.N);
  if (attribute?.L !== undefined) return attribute.L.map(toPlain);
  if (attribute?.M !== undefined) {
    return Object.fromEntries(Object.entries(attribute.M).map(([name, value]) => [name, toPlain(value)]));
  }
  return null;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
