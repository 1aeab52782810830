import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { batchGet } from "../../lambda/dynamodb/batch-get.ts";
import { type Emulators, startEmulators } from "../../local/emulators.ts";
import { names } from "../../local/resources.ts";

let emulators: Emulators;
let dynamodb: DynamoDBClient;
beforeAll(async () => {
  emulators = await startEmulators();
  Object.assign(process.env, emulators.environment);
  dynamodb = new DynamoDBClient({});
});
afterAll(async () => {
  dynamodb.destroy();
  await emulators.stop();
});

test("a key that is longer than DynamoDB takes, or empty, has no item, and takes nothing from the others", async () => {
  await dynamodb.send(new PutItemCommand({ TableName: names.profileTable, Item: { user: { S: "00u1" } } }));
  const values = ["00u1", "", "x".repeat(2_049), "é".repeat(1_025)];
  const { items, unprocessed } = await batchGet(
    dynamodb,
    [{ table: names.profileTable, key: "user", values }],
    AbortSignal.timeout(5_000),
  );
  expect(items.get(names.profileTable)).toEqual([{ user: { S: "00u1" } }]);
  expect(unprocessed.size).toBe(0);
});
