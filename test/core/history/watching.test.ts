import { DeleteItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { beforeEach, expect, test } from "vitest";
import { sdkDynamodb } from "../../../lambda/adapters/aws/dynamodb/sdk.ts";
import { createLookUp } from "../../../lambda/adapters/tables/look-up.ts";
import { watchingId } from "../../../lambda/adapters/tables/watching.ts";
import { names } from "../../../local/resources.ts";
import { useEmulators } from "../../fixtures/emulators.ts";
import { patientWatching } from "../../fixtures/timing.ts";
import { stateKey } from "./world.ts";

const { dynamodb } = await useEmulators();
const Key = { id: { S: watchingId } };
beforeEach(() => dynamodb.send(new DeleteItemCommand({ TableName: names.stateTable, Key })));

async function since(client = dynamodb): Promise<string | null | undefined> {
  const lookUp = createLookUp(
    names.profileTable,
    names.stateTable,
    stateKey,
    async () => sdkDynamodb(client),
    patientWatching,
  );
  const { states } = await lookUp(
    { keys: new Set(), users: new Set(["login#ada"]), incidents: new Set() },
    AbortSignal.timeout(100_000),
  );
  return states?.get("login#ada")?.watchedSince;
}
const stored = async () =>
  (await dynamodb.send(new GetItemCommand({ TableName: names.stateTable, Key, ConsistentRead: true }))).Item;

test("the first look-ups of a deployment write since when it has watched, and all return the same from then on", async () => {
  const before = Date.now();
  const first = await Promise.all([since(), since(), since()]);
  const [told] = first;
  expect(first).toEqual([told, told, told]);
  expect(Date.parse(String(told))).toBeGreaterThanOrEqual(before);
  expect(await stored()).toEqual({ ...Key, since: { S: told } });
  expect(await since()).toBe(told);
});

test("look-ups of one function that come at once share a write", async () => {
  let writes = 0;
  const client = new DynamoDBClient({});
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        if (commandName === "UpdateItemCommand") writes += 1;
        return next(args);
      },
    { step: "initialize" },
  );
  const lookUp = createLookUp(
    names.profileTable,
    names.stateTable,
    stateKey,
    async () => sdkDynamodb(client),
    patientWatching,
  );
  const asked = { keys: new Set<string>(), users: new Set(["login#ada"] as const), incidents: new Set<string>() };
  const found = await Promise.all(Array.from({ length: 20 }, () => lookUp(asked, AbortSignal.timeout(100_000))));
  const told = new Set(found.map(({ states }) => states?.get("login#ada")?.watchedSince));
  expect([...told]).toEqual([(await stored())?.since?.S]);
  expect(writes).toBeLessThan(10);
  client.destroy();
});

test("a time that is stored is returned, and never written again", async () => {
  const Item = { ...Key, since: { S: "2026-11-20T08:00:00.000Z" } };
  await dynamodb.send(new PutItemCommand({ TableName: names.stateTable, Item }));
  expect(await since()).toBe("2026-11-20T08:00:00.000Z");
  expect(await stored()).toEqual(Item);
});

test("a time that cannot be read is not known", async () => {
  await dynamodb.send(new PutItemCommand({ TableName: names.stateTable, Item: { ...Key, since: { S: "lately" } } }));
  expect(await since()).toBeNull();
});

test("where it cannot be written, what is remembered is returned all the same", async () => {
  const client = new DynamoDBClient({});
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        commandName === "UpdateItemCommand" ? Promise.reject(new Error("denied")) : next(args),
    { step: "initialize" },
  );
  expect(await since(client)).toBeNull();
  expect(await stored()).toBeUndefined();
  client.destroy();
});
