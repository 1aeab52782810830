import { DynamoDBClient, ScanCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import { sdkDynamodb } from "../../../lambda/adapters/aws/dynamodb/sdk.ts";
import { encodeGroup } from "../../../lambda/adapters/tables/group-codec.ts";
import { createGroupStore, groupItemId } from "../../../lambda/adapters/tables/group-states.ts";
import type { GroupState } from "../../../lambda/core/correlation/group-state.ts";
import { type ChangedPart, missingGroup } from "../../../lambda/core/correlation/group-store.ts";
import { names } from "../../../local/resources.ts";
import { startAwsEndpoint } from "../../fixtures/aws-endpoint.ts";
import { useEmulators } from "../../fixtures/emulators.ts";
import { patientDynamodb } from "../../fixtures/timing.ts";

await useEmulators();

const stateKey = Buffer.from("a key of this test");
const signal = () => AbortSignal.timeout(100_000);
const store = () => createGroupStore(names.stateTable, () => stateKey, patientDynamodb());
const hour = 3_600_000;

/** A state with one event at a time. */
function stateAt(at: number, event: string = crypto.randomUUID()): GroupState {
  const entries = [{ at, event, rule: 0, values: [event], holds: false }];
  return { tooLate: null, slots: [{ number: Math.floor(at / hour), fired: null, entries }] };
}

/** A change of one part. */
const changeOf = (state: GroupState, seen = missingGroup, milliseconds = hour) => ({
  seen,
  changed: new Map([["a part", { state, milliseconds }]]),
});
/** Waits for a write that no other hinders. */
async function write(key: string, change: ReturnType<typeof changeOf>): Promise<void> {
  expect(await store().write(key, change, signal())).toBeNull();
}
async function read(key: string) {
  return (await store().read([key], signal())).get(key) ?? missingGroup;
}

describe("the store of groups", () => {
  test("gives back what was written last, and nothing of a group that was not", async () => {
    const [key, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const second = stateAt(Date.now());
    await write(key, changeOf(stateAt(Date.now())));
    await write(key, changeOf(second, await read(key)));
    const found = await store().read([key, other], signal());
    expect([...found.keys()]).toEqual([key]);
    expect(found.get(key)?.version).toBe(2);
    expect(found.get(key)?.parts.get("a part")?.state).toEqual(second);
  });

  test("changes one part, and leaves the others of the item as they are", async () => {
    const key = crypto.randomUUID();
    const [one, other, changed] = [stateAt(Date.now()), stateAt(Date.now()), stateAt(Date.now())];
    const part = (state: GroupState): ChangedPart => ({ state, milliseconds: hour });
    const both = new Map([
      ["one", part(one)],
      ["other", part(other)],
    ]);
    await write(key, { seen: missingGroup, changed: both });
    await write(key, { seen: await read(key), changed: new Map([["other", part(changed)]]) });
    const { parts } = await read(key);
    expect([...parts].map(([name, { state }]) => [name, state])).toEqual([
      ["one", one],
      ["other", changed],
    ]);
  });

  test("takes one of several writes from the same version, and gives the others what is there", async () => {
    const key = crypto.randomUUID();
    const states = Array.from({ length: 8 }, () => stateAt(Date.now()));
    const answers = await Promise.all(states.map((state) => store().write(key, changeOf(state), signal())));
    const written = answers.indexOf(null);
    expect(answers.filter((answer) => answer === null)).toHaveLength(1);
    for (const [index, answer] of answers.entries()) {
      if (index === written) continue;
      expect(answer?.version).toBe(1);
      expect(answer?.parts.get("a part")?.state).toEqual(states[written]);
    }
  });

  test("writes a group anew that is gone meanwhile", async () => {
    const key = crypto.randomUUID();
    const gone = { ...missingGroup, version: 7 };
    expect(await store().write(key, changeOf(stateAt(Date.now()), gone), signal())).toEqual(missingGroup);
  });

  test("takes what DynamoDB returns with a refused condition, without a read", async () => {
    const there = new Map([["a part", { state: stateAt(Date.now()), until: 1_000 }]]);
    const asked: string[] = [];
    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html#API_UpdateItem_Errors
    const endpoint = await startAwsEndpoint((operation, input) => {
      asked.push(`${operation} ${input.ReturnValuesOnConditionCheckFailure}`);
      const Item = { version: { N: "4" }, state: { B: Buffer.from(encodeGroup(there)).toString("base64") } };
      const type = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
      return { status: 400, body: { __type: type, message: "The conditional request failed", Item } };
    });
    try {
      const client = new DynamoDBClient({ endpoint: endpoint.url });
      const groups = createGroupStore(
        "states",
        () => stateKey,
        async () => sdkDynamodb(client),
      );
      const seen = { ...missingGroup, version: 3 };
      const answer = await groups.write("key", changeOf(stateAt(Date.now()), seen), signal());
      expect(answer).toEqual({ parts: there, version: 4 });
      expect(asked).toEqual(["UpdateItem ALL_OLD"]);
      client.destroy();
    } finally {
      await endpoint.stop();
    }
  });

  test("keeps an item for two timespans after its newest event, and a day: by the part that is of use the longest", async () => {
    const key = crypto.randomUUID();
    const at = Date.now() + hour;
    await write(key, changeOf(stateAt(at), missingGroup, 6 * hour));
    const until = Math.ceil((at + 36 * hour) / 1_000);
    expect(Number((await itemOf(key))?.expiration?.N)).toBe(until);
    const short = new Map([["another", { state: stateAt(at), milliseconds: hour }]]);
    await write(key, { seen: await read(key), changed: short });
    expect(Number((await itemOf(key))?.expiration?.N)).toBe(until);
  });

  test("drops a part whose time is over with the next write of another, and not with its own", async () => {
    const key = crypto.randomUUID();
    const long = stateAt(Date.now() - 1_000 * hour);
    await write(key, changeOf(long));
    const { parts, version } = await read(key);
    expect(parts.get("a part")?.until).toBeGreaterThan(Date.now() + 23 * hour);
    const over = new Map([...parts].map(([name, part]) => [name, { ...part, until: Date.now() - 1 }]));
    const fresh = new Map([["another", { state: stateAt(Date.now()), milliseconds: hour }]]);
    await write(key, { seen: { parts: over, version }, changed: fresh });
    expect([...(await read(key)).parts.keys()]).toEqual(["another"]);
  });

  test("writes groups of any size, as the part that floods loses its oldest events", async () => {
    const key = crypto.randomUUID();
    const now = Date.now();
    const entries = Array.from({ length: 4_000 }, (_, index) => {
      const event = crypto.randomUUID();
      const values = [crypto.randomUUID(), `a value of ${crypto.randomUUID()}`];
      return { at: now + index, event, rule: 0, values, holds: false };
    });
    const flood: GroupState = { tooLate: null, slots: [{ number: Math.floor(now / hour), fired: null, entries }] };
    const changed = new Map(
      ["one flood", "another", "a third"].map((name) => [name, { state: flood, milliseconds: hour }] as const),
    );
    const chain = stateAt(now);
    await write(key, { seen: missingGroup, changed: changed.set("a chain", { state: chain, milliseconds: hour }) });
    const { parts } = await read(key);
    expect([...parts.keys()]).toEqual(["one flood", "another", "a third", "a chain"]);
    expect(parts.get("a chain")?.state).toEqual(chain);
    for (const name of ["one flood", "another", "a third"]) {
      const kept = parts.get(name)?.state.slots[0]?.entries ?? [];
      expect(kept).toEqual(entries.slice(-kept.length));
      expect(kept.length).toBeGreaterThan(250);
    }
  });

  test("does not show the values of a group", async () => {
    const key = JSON.stringify(["hunter2"]);
    await write(key, changeOf(stateAt(Date.now())));
    const item = await itemOf(key);
    expect(item?.id?.S).toMatch(/^group#[\w-]{43}$/);
    expect(JSON.stringify(item)).not.toContain("hunter2");
  });

  test("replaces a group of a form that it does not know", async () => {
    const key = crypto.randomUUID();
    const client = new DynamoDBClient({});
    await client.send(
      new UpdateItemCommand({
        TableName: names.stateTable,
        Key: { id: { S: groupItemId(key, stateKey) } },
        UpdateExpression: "SET #state = :state, #version = :version",
        ExpressionAttributeNames: { "#state": "state", "#version": "version" },
        ExpressionAttributeValues: { ":state": { B: Uint8Array.of(99, 1, 2) }, ":version": { N: "5" } },
      }),
    );
    client.destroy();
    const seen = await read(key);
    expect(seen).toEqual({ ...missingGroup, version: 5 });
    await write(key, changeOf(stateAt(Date.now()), seen));
  });
});

async function itemOf(key: string) {
  const client = new DynamoDBClient({});
  const { Items = [] } = await client.send(new ScanCommand({ TableName: names.stateTable }));
  client.destroy();
  return Items.find(({ id }) => id?.S === groupItemId(key, stateKey));
}
