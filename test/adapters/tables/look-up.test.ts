import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createGroupStore } from "../../../lambda/adapters/tables/group-states.ts";
import { createLookUp } from "../../../lambda/adapters/tables/look-up.ts";
import { watchingId } from "../../../lambda/adapters/tables/watching.ts";
import { missingGroup } from "../../../lambda/core/correlation/group-store.ts";
import { unknownUser } from "../../../lambda/core/history/history.ts";
import type { UserKey } from "../../../lambda/core/history/user-key.ts";
import { type Emulators, startEmulators } from "../../../local/emulators.ts";
import { names } from "../../../local/resources.ts";
import { type AwsEndpoint, startAwsEndpoint } from "../../fixtures/aws-endpoint.ts";
import { patientDynamodb, patientWatching } from "../../fixtures/timing.ts";

let emulators: Emulators;
let proxy: AwsEndpoint | undefined;

beforeAll(async () => {
  emulators = await startEmulators();
  Object.assign(process.env, emulators.environment);
  const client = new DynamoDBClient({});
  const put = (Item: PutItemCommand["input"]["Item"]) =>
    client.send(new PutItemCommand({ TableName: names.profileTable, Item }));
  await put({
    user: { S: "00u1" },
    locations: { L: [{ M: { label: { S: "home" }, countryCode: { S: "PT" }, latitude: { N: "38.7" } } }] },
  });
  await put({ user: { S: "odd" }, locations: { L: [{ S: "Lisbon" }, { M: { latitude: { S: "north" } } }] } });
  await client.send(
    new PutItemCommand({
      TableName: names.stateTable,
      Item: { id: { S: watchingId }, since: { S: "2026-01-01T00:00:00.000Z" } },
    }),
  );
  await put({ user: { S: "none" } });
  const tokyo = (until: string) => ({ M: { label: { S: "journey" }, countryCode: { S: "JP" }, until: { S: until } } });
  await put({
    user: { S: "travel#00u1" },
    locations: { L: [tokyo("2100-01-01T00:00:00Z"), tokyo("2020-01-01T00:00:00Z")] },
  });
  await put({ user: { S: "travel#00u2" }, locations: { L: [tokyo("2100-01-01T00:00:00Z"), tokyo("lately")] } });
  await put({
    user: { S: "JOURNEY#z" },
    locations: { L: [tokyo("2100-01-01T00:00:00Z"), tokyo("2020-01-01T00:00:00Z")] },
  });
  const home = (countryCode: string) => ({ L: [{ M: { label: { S: "home" }, countryCode: { S: countryCode } } }] });
  await put({
    user: { S: "travel#z" },
    locations: { L: [tokyo("2100-01-01T00:00:00Z")] },
    okta: { M: { locations: home("SE") } },
  });
  await put({
    user: { S: "sources" },
    okta: { M: { locations: home("SE"), syncedAt: { S: "2026-11-25T00:00:00Z" } } },
    imported: { M: { locations: home("DE") } },
    locations: home("PT"),
  });
  for (let index = 0; index < 120; index += 1) await put({ user: { S: `many-${index}` }, locations: { L: [] } });
  client.destroy();
});

afterEach(async () => {
  process.env.AWS_ENDPOINT_URL_DYNAMODB = emulators.environment.AWS_ENDPOINT_URL_DYNAMODB;
  await proxy?.stop();
  proxy = undefined;
});
afterAll(() => emulators.stop());

/** DynamoDB that takes at most so many keys of a table in a call, and leaves the rest unprocessed, as when throttled. */
async function throttleTo(keysPerCall: Readonly<Record<string, number>>): Promise<{ readonly calls: () => number }> {
  let calls = 0;
  const behind = emulators.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "";
  proxy = await startAwsEndpoint(async (_, input, headers) => {
    calls += 1;
    const request = Object.entries(input.RequestItems as Record<string, { readonly Keys: readonly unknown[] }>);
    const part = (cut: (keys: readonly unknown[], most: number) => readonly unknown[]) =>
      Object.fromEntries(
        request
          .map(([table, each]) => [table, { ...each, Keys: cut(each.Keys, keysPerCall[table] ?? 100) }] as const)
          .filter(([, { Keys }]) => Keys.length > 0),
      );
    const taken = part((keys, most) => keys.slice(0, most));
    let body: Record<string, unknown> = { Responses: {} };
    if (Object.keys(taken).length > 0) {
      for (const name of ["host", "content-length", "connection"]) headers.delete(name);
      const response = await fetch(behind, {
        method: "POST",
        headers,
        body: JSON.stringify({ ...input, RequestItems: taken }),
      });
      body = (await response.json()) as Record<string, unknown>;
    }
    return { status: 200, body: { ...body, UnprocessedKeys: part((keys, most) => keys.slice(most)) } };
  });
  process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.url;
  return { calls: () => calls };
}

const stateKey = Buffer.from("the key of a deployment");
const users: ReadonlySet<UserKey> = new Set(["login#ada@example.com", "id#00u1"]);
const lookUp = (...keys: string[]) => lookUpWith(keys, new Set());
const lookUpWith = (keys: readonly string[], incidents: ReadonlySet<string>) =>
  createLookUp(
    names.profileTable,
    names.stateTable,
    () => stateKey,
    patientDynamodb(),
    patientWatching,
  )({ keys: new Set(keys), users, incidents }, AbortSignal.timeout(100_000));
const find = async (...keys: string[]) => (await lookUp(...keys)).locations;

describe("profile locations", () => {
  test("are found by key; a key without an item is missing, one without locations has none", async () => {
    const found = await find("00u1", "none", "nobody");
    expect([...found.keys()].sort()).toEqual(["00u1", "none"]);
    expect(found.get("none")).toEqual([]);
    expect(found.get("00u1")?.slice(0, 1)).toEqual([
      {
        label: "home",
        countryCode: "PT",
        state: null,
        city: null,
        postalCode: null,
        latitude: 38.7,
        longitude: null,
      },
    ]);
  });

  test("of a journey count until it ends, beside the others or alone", async () => {
    const found = await find("00u1", "00u2");
    expect(found.get("00u1")?.map(({ label }) => label)).toEqual(["home", "journey"]);
    expect(found.get("00u2")?.map(({ countryCode }) => countryCode)).toEqual(["JP"]);
    expect(found.get("00u2")?.[0]).not.toHaveProperty("until");
  });

  test("of all sources are found, in a fixed order", async () => {
    const found = (await find("sources")).get("sources");
    expect(found?.map(({ countryCode }) => countryCode)).toEqual(["PT", "DE", "SE"]);
    expect(Object.keys(found?.[0] ?? {})).not.toContain("source");
  });

  test("are found of every user in a delivery, whatever logins strangers typed", async () => {
    const found = await find("travel#z", "z", "journey#z", "00u1");
    expect(found.get("z")?.map(({ label }) => label)).toEqual(["journey", "journey"]);
    expect(found.get("travel#z")?.map(({ countryCode }) => countryCode)).toEqual(["SE"]);
    expect(found.get("00u1")).toHaveLength(2);
    expect([...found.keys()].sort()).toEqual(["00u1", "travel#z", "z"]);
  });

  test("that are no locations are left out, and odd parts of one are null", async () => {
    expect((await find("odd")).get("odd")).toEqual([expect.objectContaining({ label: "location", latitude: null })]);
  });

  test("of more users than one request takes are all found", async () => {
    expect((await find(...Array.from({ length: 120 }, (_, index) => `many-${index}`))).size).toBe(120);
  });
});

describe("unprocessed keys", () => {
  test("are asked for again", async () => {
    const { calls } = await throttleTo({ [names.profileTable]: 4 });
    expect((await find("many-1", "many-2", "many-3", "many-4", "many-5")).size).toBe(5);
    expect(calls()).toBe(4);
  });

  test("of the profile table that stay unprocessed mean that the store is unavailable", async () => {
    await throttleTo({ [names.profileTable]: 0 });
    await expect(find("00u1")).rejects.toThrow(/profile table profiles is throttled/);
  });

  test("of the state table that stay unprocessed leave the locations known, and nothing remembered or excepted", async () => {
    await throttleTo({ [names.stateTable]: 0 });
    const { locations, exceptions, states } = await lookUp("00u1");
    expect(locations.get("00u1")).toHaveLength(2);
    expect(exceptions).toEqual([]);
    expect(states).toBeNull();
  });
});

describe("what is kept of users on the state table", () => {
  test("comes with the same request, and so do exceptions of theirs and of anyone", async () => {
    const { calls } = await throttleTo({});
    const { exceptions, states } = await lookUp("00u1", "ada@example.com");
    expect(exceptions).toEqual([]);
    expect(states?.get("id#00u1")).toEqual({ ...unknownUser, watchedSince: "2026-01-01T00:00:00.000Z" });
    expect(calls()).toBe(1);
  });
});

test("a user with id and login costs the reads of fourteen items, as the table of costs has it", async () => {
  const asked: string[] = [];
  proxy = await startAwsEndpoint((operation, input) => {
    if (operation !== "BatchGetItem") return { status: 200, body: {} };
    const tables = Object.values(input.RequestItems as Record<string, { readonly Keys: readonly unknown[] }>);
    asked.push(...tables.flatMap(({ Keys }) => Keys.map((key) => JSON.stringify(key))));
    return { status: 200, body: { Responses: {}, UnprocessedKeys: {} } };
  });
  process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.url;
  await lookUpWith(["00u1", "ada@example.com"], new Set(["an incident"]));
  expect(asked).toHaveLength(14);
});

test("groups of correlations are found beside users, as the last write left them; alone, they are all that is asked for", async () => {
  const state = { tooLate: 7, slots: [] };
  const groups = createGroupStore(names.stateTable, () => stateKey, patientDynamodb());
  const changed = new Map([["a part", { state, milliseconds: 1 }]]);
  await groups.write("a group", { seen: missingGroup, changed }, AbortSignal.timeout(100_000));
  const requests: Record<string, { readonly Keys: readonly unknown[]; readonly ConsistentRead?: boolean }>[] = [];
  proxy = await startAwsEndpoint(async (_operation, input, headers) => {
    requests.push(input.RequestItems as (typeof requests)[number]);
    const response = await fetch(emulators.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "", {
      method: "POST",
      headers,
      body: JSON.stringify(input),
    });
    return { status: response.status, body: await response.json() };
  });
  process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.url;
  const ask = createLookUp(names.profileTable, names.stateTable, () => stateKey, patientDynamodb(), patientWatching);
  const asked = { keys: new Set<string>(), users: new Set<UserKey>(), incidents: new Set<string>() };
  const wanted = new Set(["a group", "another"]);
  const found = await ask({ ...asked, groups: wanted }, AbortSignal.timeout(100_000));
  expect([...(found.groups?.keys() ?? [])]).toEqual(["a group"]);
  expect(found.groups?.get("a group")?.version).toBe(1);
  expect(found.groups?.get("a group")?.parts.get("a part")?.state).toEqual(state);
  expect(requests.map((each) => Object.keys(each))).toEqual([[names.stateTable]]);
  expect(requests[0]?.[names.stateTable]).toMatchObject({ ConsistentRead: true, Keys: { length: 2 } });
  const beside = await ask({ ...asked, keys: new Set(["00u1"]), users, groups: wanted }, AbortSignal.timeout(100_000));
  expect([...(beside.groups?.keys() ?? [])]).toEqual(["a group"]);
  expect([...(beside.states?.keys() ?? [])]).toEqual([...users]);
  expect(requests).toHaveLength(2);
});

test("a table that is not there is an error, and no user without a profile", async () => {
  const missing = createLookUp("missing", "missing", () => stateKey, patientDynamodb());
  await expect(
    missing({ keys: new Set(["00u1"]), users, incidents: new Set() }, AbortSignal.timeout(100_000)),
  ).rejects.toThrow();
});
