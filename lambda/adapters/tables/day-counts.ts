import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  type DayCounts,
  fitCounts,
  fixedNames,
  maximumNumbers,
  maximumPersons,
  type Names,
} from "../../core/digest/day-counts.ts";
import type { CountDay } from "../../core/pipeline/ports.ts";
import { toPlainItem } from "../aws/dynamodb/attribute-value.ts";
import { batchGet } from "../aws/dynamodb/batch-get.ts";
import { createDynamodb } from "../aws/dynamodb/client.ts";
import { isWritten } from "../aws/dynamodb/conditional-write.ts";

/*
 * The counts that the digest is made of: one item of the state table for each day (UTC). The numbers are a map, since DynamoDB can say
 * how large a map is: so one write both adds and keeps the bound. All functions write the same item, which DynamoDB lets change by
 * 1,000 write units a second (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html), a unit
 * for each KB of it: 500 deliveries with matches a second for an item of 2 KB (an ordinary one has less than 1), 125 for a full one of
 * 8 KB. Ten thousand attempts in ten minutes are 17.
 */

const prefix = "digest#";
const numbersAttribute = "numbers";
const personsAttribute = "persons";

/** Days that counts are kept: a digest compares two weeks, and a command may ask for up to two that ended earlier. */
export const keepDays = 35;

/** The names that an item has: it never loses one. */
interface Held {
  readonly day: string;
  readonly names: ReadonlySet<string>;
  readonly persons: ReadonlySet<string>;
}

/** Adds to the counts of days on the state table: one write, and two more where the day is new, or has no room for a new name. */
export function createCountDay(tableName: string, getDynamodb = createDynamodb()): CountDay {
  const fixed = new Set(fixedNames);
  /** As of the last read, which spares a day that is full from being read each time. */
  let held: Held | null = null;
  return async (day, counts, signal) => {
    const dynamodb = await getDynamodb();
    const key = { TableName: tableName, Key: { id: { S: prefix + day } } };
    const write = (update: Update) => isWritten(dynamodb.updateItem({ ...key, ...update }, signal));
    const add = (known: Held) => write(addition(fitCounts(counts, known), known));

    const assumed = held?.day === day ? held : { day, names: fixed, persons: new Set<string>() };
    if (await add(assumed)) return;
    const { Item } = await dynamodb.getItem({ ...key, ConsistentRead: true }, signal);
    if (Item?.[numbersAttribute] === undefined) {
      await write(emptyDay(day));
      if (await add(assumed)) return;
    }
    const { numbers, persons } = readDay(Item, () => true);
    held = { day, names: new Set([...fixed, ...numbers.keys()]), persons };
    if (await add(held)) return;
    // Others fill the day at the same time: nothing is added that it does not have.
    const full = { has: (name: string) => fixed.has(name) || numbers.has(name), size: maximumNumbers };
    const some = fitCounts(counts, { names: full, persons });
    if (await write(addition({ ...some, persons: new Set() }, { ...held, names: full }))) return;
    throw new Error(`the counts of ${day} could not be added: the item is gone`);
  };
}

/** An update of an item, without its key. */
interface Update {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, AttributeValue>;
}

/**
 * Adds to a day that has an item with room for it. DynamoDB's ADD takes no element of a map
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html), but SET can add to one.
 */
function addition({ numbers, persons }: DayCounts, known: { readonly names: Names }): Update {
  const open = [...numbers.keys()].filter((name) => !known.names.has(name)).length;
  const sets = [...numbers.keys()].map((_, index) => `#n.#${index} = if_not_exists(#n.#${index}, :0) + :${index + 1}`);
  const names = [...persons];
  return {
    UpdateExpression: `SET ${sets.join(", ")}${names.length === 0 ? "" : " ADD #p :p"}`,
    ConditionExpression: [
      "attribute_exists(#n)",
      ...(open === 0 ? [] : ["size(#n) <= :room"]),
      ...(names.length === 0 ? [] : ["(attribute_not_exists(#p) OR size(#p) <= :seats)"]),
    ].join(" AND "),
    ExpressionAttributeNames: {
      "#n": numbersAttribute,
      ...Object.fromEntries([...numbers.keys()].map((name, index) => [`#${index}`, name])),
      ...(names.length === 0 ? {} : { "#p": personsAttribute }),
    },
    ExpressionAttributeValues: {
      ":0": { N: "0" },
      ...Object.fromEntries([...numbers.values()].map((count, index) => [`:${index + 1}`, { N: String(count) }])),
      ...(open === 0 ? {} : { ":room": { N: String(maximumNumbers - open) } }),
      ...(names.length === 0 ? {} : { ":p": { SS: names }, ":seats": { N: String(maximumPersons - names.length) } }),
    },
  };
}

/** Makes the item of a day that has none, with all names that every day has. */
function emptyDay(day: string): Update {
  const expiration = Date.parse(day) / 1_000 + (keepDays + 1) * 86_400;
  return {
    UpdateExpression: "SET #n = :n, #e = :e",
    ConditionExpression: "attribute_not_exists(#n)",
    ExpressionAttributeNames: { "#n": numbersAttribute, "#e": "expiration" },
    ExpressionAttributeValues: {
      ":n": { M: Object.fromEntries(fixedNames.map((name) => [name, { N: "0" }])) },
      ":e": { N: String(expiration) },
    },
  };
}

/** Reads the counts of days; days without an item are left out. */
export async function readDays(
  client: DynamoDBClient,
  tableName: string,
  days: readonly string[],
): Promise<ReadonlyMap<string, DayCounts>> {
  const { sdkDynamodb } = await import("../aws/dynamodb/sdk.ts");
  const values = days.map((day) => prefix + day);
  const { items, unprocessed } = await batchGet(sdkDynamodb(client), [{ table: tableName, key: "id", values }]);
  if (unprocessed.size > 0)
    throw new Error(`the table ${tableName} is throttled: the counts of the digest were not read`);
  return new Map(
    (items.get(tableName) ?? []).map((item) => [
      (item.id?.S ?? "").slice(prefix.length),
      readDay(item, (count) => count > 0),
    ]),
  );
}

/**
 * Removes the names of a person from all days that are kept; the numbers stay.
 *
 * @param isPerson tells a name of the person: a login as Okta writes it, or an Okta user id
 * @returns the number of days that named the person
 */
export async function removePerson(
  client: DynamoDBClient,
  tableName: string,
  isPerson: (name: string) => boolean,
  now: Date,
): Promise<number> {
  const { UpdateItemCommand } = await import("@aws-sdk/client-dynamodb");
  const named = await daysNaming(client, tableName, isPerson, now);
  for (const { day, names } of named) {
    await client.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: { id: { S: prefix + day } },
        UpdateExpression: "DELETE #p :p",
        ExpressionAttributeNames: { "#p": personsAttribute },
        ExpressionAttributeValues: { ":p": { SS: [...names] } },
      }),
    );
  }
  return named.length;
}

/**
 * The days that are kept and name a person, with the names.
 *
 * @param isPerson tells a name of the person: a login as Okta writes it, or an Okta user id
 */
export async function daysNaming(
  client: DynamoDBClient,
  tableName: string,
  isPerson: (name: string) => boolean,
  now: Date,
): Promise<readonly { readonly day: string; readonly names: readonly string[] }[]> {
  const kept = Array.from({ length: keepDays + 2 }, (_, index) =>
    new Date(now.getTime() - index * 86_400_000).toISOString().slice(0, 10),
  );
  const days = await readDays(client, tableName, kept);
  return [...days].flatMap(([day, { persons }]) => {
    const names = [...persons].filter(isPerson);
    return names.length === 0 ? [] : [{ day, names }];
  });
}

/** Reads an item. A number that cannot be read is left out. */
function readDay(
  item: Readonly<Record<string, AttributeValue>> | undefined,
  isKept: (count: number) => boolean,
): DayCounts {
  const { numbers = {}, persons = new Set() } = toPlainItem({
    ...(item?.[numbersAttribute] && { numbers: item[numbersAttribute] }),
    ...(item?.[personsAttribute] && { persons: item[personsAttribute] }),
  });
  const counts = Object.entries(typeof numbers === "object" && numbers !== null ? numbers : {});
  return {
    numbers: new Map(
      counts.filter((entry): entry is [string, number] => typeof entry[1] === "number" && isKept(entry[1])),
    ),
    persons: new Set(persons instanceof Set ? [...persons].filter((each) => typeof each === "string") : []),
  };
}
