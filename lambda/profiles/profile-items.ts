import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { BatchGetCommand, BatchWriteCommand, DynamoDBDocumentClient, ScanCommand } from "@aws-sdk/lib-dynamodb";
import type { ProfileLocation } from "./profile-location.ts";

/** A location as it is stored: with where it is from, and, for a journey, its end. */
export type StoredLocation = Partial<ProfileLocation> & {
  /** `import`, `okta` or `manual`. An item written otherwise has it for all its locations. */
  readonly source?: string;
  /** ISO 8601, UTC. */
  readonly until?: string;
};

/** An item of the profile table. */
export interface ProfileItem {
  readonly user: string;
  readonly locations: readonly StoredLocation[];
  readonly source?: string;
  readonly updatedAt?: string;
  /** When a sync from Okta last saw the user (ISO 8601, UTC). */
  readonly syncedAt?: string;
  /** Seconds since 1970, for the table's time to live. */
  readonly expiration?: number;
}

/** DynamoDB's limits for one request. */
const maximumReads = 100;
const maximumWrites = 25;
/** Unprocessed items are asked for again this often, with pauses that double. */
const maximumRounds = 8;
const firstPauseMilliseconds = 50;

/** A change of the table: an item as it shall be, or null to remove it. */
export interface Change {
  readonly user: string;
  readonly item: ProfileItem | null;
}

/** The profile table with its items whole, for whoever writes it. */
export interface ProfileItems {
  /** Items by key; a key without one is missing. Any number of keys. */
  readonly get: (users: readonly string[]) => Promise<ReadonlyMap<string, ProfileItem>>;
  /** Writes and removes any number of items. */
  readonly write: (changes: readonly Change[]) => Promise<void>;
  /** All items, as they come. */
  readonly scan: () => AsyncGenerator<ProfileItem>;
}

/** Opens the profile table. */
export function openProfileItems(dynamodb: DynamoDBClient, profileTable: string): ProfileItems {
  const client = DynamoDBDocumentClient.from(dynamodb, { marshallOptions: { removeUndefinedValues: true } });
  return {
    async get(users) {
      const found = new Map<string, ProfileItem>();
      for (const batch of batches([...new Set(users)], maximumReads)) {
        let pending: Record<string, { Keys?: Record<string, unknown>[] }> = {
          [profileTable]: { Keys: batch.map((user) => ({ user })) },
        };
        await repeat(async () => {
          const { Responses, UnprocessedKeys = {} } = await client.send(
            new BatchGetCommand({ RequestItems: pending as never }),
          );
          for (const item of Responses?.[profileTable] ?? [])
            found.set(String(item.user), item as unknown as ProfileItem);
          pending = UnprocessedKeys as typeof pending;
          return Object.keys(pending).length === 0;
        });
      }
      return found;
    },
    async write(changes) {
      for (const batch of batches(changes, maximumWrites)) {
        let pending: Record<string, unknown[]> = {
          [profileTable]: batch.map(({ user, item }) =>
            item === null ? { DeleteRequest: { Key: { user } } } : { PutRequest: { Item: item } },
          ),
        };
        await repeat(async () => {
          const { UnprocessedItems = {} } = await client.send(
            new BatchWriteCommand({ RequestItems: pending as never }),
          );
          pending = UnprocessedItems as Record<string, unknown[]>;
          return Object.keys(pending).length === 0;
        });
      }
    },
    async *scan() {
      let from: Record<string, unknown> | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await client.send(
          new ScanCommand({ TableName: profileTable, ...(from === undefined ? {} : { ExclusiveStartKey: from }) }),
        );
        yield* Items as unknown as ProfileItem[];
        from = LastEvaluatedKey;
      } while (from !== undefined);
    },
  };
}

/** Repeats a request until nothing is left unprocessed. */
async function repeat(request: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < maximumRounds; round += 1) {
    if (await request()) return;
    await new Promise((resolve) => setTimeout(resolve, firstPauseMilliseconds * 2 ** round));
  }
  throw new Error(`the profile table left items unprocessed ${maximumRounds} times: it is throttled; try again later`);
}

function batches<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** Whether two lists of locations tell the same, in the same order: null is as good as missing. */
export function sameLocations(
  first: readonly StoredLocation[] | undefined,
  second: readonly StoredLocation[] | undefined,
): boolean {
  return canonical(first ?? null) === canonical(second ?? null);
}

function canonical(locations: readonly StoredLocation[] | null): string {
  return JSON.stringify(
    locations?.map((location) =>
      Object.entries(location)
        .filter(([, value]) => value !== null && value !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ) ?? null,
  );
}
