import type { AttributeValue, DynamoDBClient, KeysAndAttributes } from "@aws-sdk/client-dynamodb";
import { pause } from "../../../core/time/budget.ts";
import { toBatches } from "../batches.ts";

/** Items of one table, by their keys. */
export interface TableKeys {
  readonly table: string;
  readonly key: string;
  readonly values: readonly string[];
  /** Attributes that are wanted. @default all */
  readonly attributes?: readonly string[];
  /** Whether the items are those of this moment, for a writer that decides by them. @default false */
  readonly consistent?: boolean;
}

/** What was found. */
export interface Found {
  /** Items by table; of a table in `unprocessed` there may be more. */
  readonly items: ReadonlyMap<string, readonly Readonly<Record<string, AttributeValue>>[]>;
  /** Tables that left keys unprocessed to the end, as they are throttled. */
  readonly unprocessed: ReadonlySet<string>;
}

/** DynamoDB's limit for one BatchGetItem, over all its tables. */
const maximumBatch = 100;

/**
 * The most bytes of a partition key (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html). A
 * login that was typed at Okta may be longer.
 */
const maximumKeyBytes = 2_048;

/** The pause before unprocessed keys are asked for again; it doubles. */
const firstPauseMilliseconds = 25;

/**
 * Reads items of several tables at once: one request for every hundred keys, all at the same time. A value that is wanted
 * twice is asked for once, since DynamoDB refuses a request that names a key twice; a key that DynamoDB would not take has no
 * item.
 *
 * @param maximumRounds unprocessed keys are asked for this often before a table counts as throttled
 * @throws when DynamoDB cannot be asked
 */
export async function batchGet(
  client: DynamoDBClient,
  wanted: readonly TableKeys[],
  signal?: AbortSignal,
  maximumRounds = 4,
): Promise<Found> {
  const { BatchGetItemCommand } = await import("@aws-sdk/client-dynamodb");
  const items = new Map<string, Record<string, AttributeValue>[]>(wanted.map(({ table }) => [table, []]));
  const unprocessed = new Set<string>();
  const all = keysOf(wanted);
  const batches = toBatches(all, () => 0, { entries: maximumBatch, bytes: 0 });
  const ask = async (batch: readonly WantedKey[]) => {
    let pending = toRequest(batch);
    for (let round = 0; round < maximumRounds; round += 1) {
      if (round > 0) await pause(firstPauseMilliseconds * 2 ** (round - 1), signal);
      const { Responses = {}, UnprocessedKeys = {} } = await client.send(
        new BatchGetItemCommand({ RequestItems: pending }),
        signal && { abortSignal: signal },
      );
      for (const [table, found] of Object.entries(Responses)) items.get(table)?.push(...found);
      if (Object.keys(UnprocessedKeys).length === 0) return;
      pending = UnprocessedKeys;
    }
    for (const table of Object.keys(pending)) unprocessed.add(table);
  };
  await Promise.all(batches.map(ask));
  return { items, unprocessed };
}

/** A key that is asked for. */
type WantedKey = TableKeys & { readonly value: string };

/** Every key once, in whichever of its table's lists it stands. */
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
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html), which has no lone
 * surrogates: a key with one is none of any item's.
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

/** Names are given by reference: some are reserved words. */
function projection(attributes: readonly string[] | undefined): Partial<KeysAndAttributes> {
  if (attributes === undefined) return {};
  const names = attributes.map((name, index) => [`#${index}`, name] as const);
  return {
    ProjectionExpression: names.map(([reference]) => reference).join(", "),
    ExpressionAttributeNames: Object.fromEntries(names),
  };
}
