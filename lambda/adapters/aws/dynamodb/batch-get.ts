import type { AttributeValue, KeysAndAttributes } from "@aws-sdk/client-dynamodb";
import { pause } from "../../../core/time/budget.ts";
import { toBatches } from "../batches.ts";
import type { Dynamodb } from "../operations.ts";

/** Items of one table, by their keys. */
export interface TableKeys {
  readonly table: string;
  readonly key: string;
  readonly values: readonly string[];
  /** The attributes to read. @default all */
  readonly attributes?: readonly string[];
  /** Whether the read is strongly consistent, for a writer that decides by it. @default false */
  readonly consistent?: boolean;
}

/** The result of a batch read. */
export interface Found {
  /** Items by table; incomplete for a table in `unprocessed`. */
  readonly items: ReadonlyMap<string, readonly Readonly<Record<string, AttributeValue>>[]>;
  /** Tables that are throttled, so that keys are still unprocessed after the last round. */
  readonly unprocessed: ReadonlySet<string>;
}

/** DynamoDB's limit for one BatchGetItem, over all its tables. */
const maximumBatch = 100;

/**
 * The most bytes of a partition key (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html). A
 * login that was typed at Okta may be longer.
 */
export const maximumKeyBytes = 2_048;

/** The pause before unprocessed keys are requested again; it doubles. */
const firstPauseMilliseconds = 25;

/**
 * Reads items of several tables at once: one request for every hundred keys, all at the same time. Each key is
 * requested once, since DynamoDB refuses a request that names a key twice; keys that DynamoDB refuses are left out, as
 * they have no item.
 *
 * @param maximumRounds unprocessed keys are requested this often before a table counts as throttled
 * @throws when DynamoDB does not answer
 */
export async function batchGet(
  dynamodb: Pick<Dynamodb, "batchGetItem">,
  wanted: readonly TableKeys[],
  signal?: AbortSignal,
  maximumRounds = 4,
): Promise<Found> {
  const items = new Map<string, Record<string, AttributeValue>[]>(wanted.map(({ table }) => [table, []]));
  const unprocessed = new Set<string>();
  const all = keysOf(wanted);
  const batches = toBatches(all, () => 0, { entries: maximumBatch, bytes: 0 });
  const ask = async (batch: readonly WantedKey[]) => {
    let pending = toRequest(batch);
    for (let round = 0; round < maximumRounds; round += 1) {
      if (round > 0) await pause(firstPauseMilliseconds * 2 ** (round - 1), signal);
      const { Responses = {}, UnprocessedKeys = {} } = await dynamodb.batchGetItem({ RequestItems: pending }, signal);
      for (const [table, found] of Object.entries(Responses)) items.get(table)?.push(...found);
      if (Object.keys(UnprocessedKeys).length === 0) return;
      pending = UnprocessedKeys;
    }
    for (const table of Object.keys(pending)) unprocessed.add(table);
  };
  await Promise.all(batches.map(ask));
  return { items, unprocessed };
}

/** A requested key. */
type WantedKey = TableKeys & { readonly value: string };

/** Removes duplicate keys, also across lists of the same table. */
function keysOf(wanted: readonly TableKeys[]): readonly WantedKey[] {
  const asked = new Map<string, Set<string>>(wanted.map(({ table }) => [table, new Set()]));
  return wanted.flatMap((each) =>
    each.values.flatMap((value): WantedKey[] => {
      const known = asked.get(each.table);
      if (!isKey(value) || known?.has(value)) return [];
      known?.add(value);
      return [{ ...each, value }];
    }),
  );
}

/**
 * DynamoDB refuses the whole request for one key that is empty, or too long. Its strings are UTF-8
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html), which has no
 * lone surrogates: no item has a key with one.
 */
function isKey(value: string): boolean {
  return value !== "" && value.isWellFormed() && Buffer.byteLength(value) <= maximumKeyBytes;
}

function toRequest(batch: readonly WantedKey[]): Record<string, KeysAndAttributes> {
  const byTable = Map.groupBy(batch, ({ table }) => table);
  return Object.fromEntries(
    [...byTable].map(([table, keys]) => [
      table,
      {
        Keys: keys.map(({ key, value }) => ({ [key]: { S: value } })),
        ...(keys[0]?.consistent ? { ConsistentRead: true } : {}),
        ...projection(keys[0]?.attributes),
      },
    ]),
  );
}

/** Names are passed by reference, as some are reserved words. */
function projection(attributes: readonly string[] | undefined): Partial<KeysAndAttributes> {
  if (attributes === undefined) return {};
  const names = attributes.map((name, index) => [`#${index}`, name] as const);
  return {
    ProjectionExpression: names.map(([reference]) => reference).join(", "),
    ExpressionAttributeNames: Object.fromEntries(names),
  };
}
