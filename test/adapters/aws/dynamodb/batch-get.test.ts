import { type BatchGetItemCommandInput, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { beforeAll, expect, test } from "vitest";
import { batchGet } from "../../../../lambda/adapters/aws/dynamodb/batch-get.ts";
import { sdkDynamodb } from "../../../../lambda/adapters/aws/dynamodb/sdk.ts";
import { names } from "../../../../local/resources.ts";
import { useEmulators } from "../../../fixtures/emulators.ts";

const { dynamodb } = await useEmulators();
/** The keys that were asked for. */
const sent: string[] = [];
beforeAll(async () => {
  dynamodb.middlewareStack.add(
    (next) => (args) => {
      const { RequestItems = {} } = args.input as Partial<BatchGetItemCommandInput>;
      for (const { Keys = [] } of Object.values(RequestItems)) sent.push(...Keys.map(({ user }) => user?.S ?? ""));
      return next(args);
    },
    { step: "initialize" },
  );
});

test("a key that is longer than DynamoDB takes, empty, or no UTF-8, has no item, and takes nothing from the others", async () => {
  await dynamodb.send(new PutItemCommand({ TableName: names.profileTable, Item: { user: { S: "00u1" } } }));
  const values = ["00u1", "", "x".repeat(2_049), "é".repeat(1_025), "\ud800", "a\udfff"];
  sent.length = 0;
  const { items, unprocessed } = await batchGet(
    sdkDynamodb(dynamodb),
    [{ table: names.profileTable, key: "user", values }],
    AbortSignal.timeout(100_000),
  );
  expect(items.get(names.profileTable)).toEqual([{ user: { S: "00u1" } }]);
  expect(unprocessed.size).toBe(0);
  expect(sent).toEqual(["00u1"]);
});

test("a key that stands twice, in one list or in two of a table, is asked for once", async () => {
  sent.length = 0;
  const of = (values: readonly string[]) => ({ table: names.profileTable, key: "user", values });
  const { items } = await batchGet(sdkDynamodb(dynamodb), [of(["00u1", "b", "b"]), of(["b", "00u1", "c"])]);
  expect(sent).toEqual(["00u1", "b", "c"]);
  expect(items.get(names.profileTable)).toEqual([{ user: { S: "00u1" } }]);
});
