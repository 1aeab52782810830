import type { AttributeValue, DynamoDBClient, KeysAndAttributes } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { clientDefaults, once } from "../aws-client.ts";
import { type ProfileLocation, type ProfileStore, profileLocation } from "./profile-location.ts";

/** DynamoDB's limit for one BatchGetItem. */
const maximumBatch = 100;

/** Unprocessed keys are asked for this often, with a pause that doubles, before the store counts as unavailable. */
const maximumRounds = 4;
const firstPauseMilliseconds = 25;

const locations = z.catch(z.array(z.catch(z.nullable(profileLocation), null)), []);

/** The profile store over the DynamoDB table whose items the design describes: key `user`, attribute `locations`. */
export function createProfileTable(tableName: string): ProfileStore {
  const getClient = once(async () => {
    const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
    return new DynamoDBClient(clientDefaults);
  });
  return {
    async findLocations(keys, signal) {
      const client = await getClient();
      const all = [...keys];
      const batches = Array.from({ length: Math.ceil(all.length / maximumBatch) }, (_, index) =>
        all.slice(index * maximumBatch, (index + 1) * maximumBatch),
      );
      const found = await Promise.all(batches.map((batch) => getBatch(client, tableName, batch, signal)));
      return new Map(found.flat());
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

function readLocations(attribute: AttributeValue | undefined): readonly ProfileLocation[] {
  return locations.parse(toPlain(attribute)).filter((location) => location !== null);
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
