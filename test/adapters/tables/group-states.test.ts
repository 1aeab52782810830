import { DynamoDBClient, ScanCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import { sdkDynamodb } from "../../../lambda/adapters/aws/dynamodb/sdk.ts";
import { encodeGroup } from "../../../lambda/adapters/tables/group-codec.ts";
import { createGroupStore, groupItemId } from "../../../lambda/adapters/tables/group-states.ts";
import { emptyGroup, type GroupState } from "../../../lambda/core/correlation/group-state.ts";
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

describe("the store of groups", () => {
  test("gives back what was written last, and nothing of a group that was not", async () => {
    const [key, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const first = stateAt(Date.now());
    const second = stateAt(Date.now());
    expect(await store().write(key, { state: first, seen: 0, milliseconds: hour }, signal())).toBeNull();
    expect(await store().write(key, { state: second, seen: 1, milliseconds: hour }, signal())).toBeNull();
    const found = await store().read([key, other], signal());
    expect([...found]).toEqual([[key, { state: second, version: 2 }]]);
  });

  test("takes one of several writes from the same version, and gives the others what is there", async () => {
    const key = crypto.randomUUID();
    const states = Array.from({ length: 8 }, () => stateAt(Date.now()));
    const answers = await Promise.all(
      states.map((state) => store().write(key, { state, seen: 0, milliseconds: hour }, signal())),
    );
    const written = answers.indexOf(null);
    expect(answers.filter((answer) => answer === null)).toHaveLength(1);
    for (const [index, answer] of answers.entries()) {
      if (index !== written) expect(answer).toEqual({ state: states[written], version: 1 });
    }
  });

  test("writes a group anew that is gone meanwhile", async () => {
    const key = crypto.randomUUID();
    const state = stateAt(Date.now());
    expect(await store().write(key, { state, seen: 7, milliseconds: hour }, signal())).toEqual({
      state: emptyGroup,
      version: 0,
    });
  });

  test("takes what DynamoDB returns with a refused condition, without a read", async () => {
    const there = stateAt(Date.now());
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
      const answer = await groups.write("key", { state: emptyGroup, seen: 3, milliseconds: hour }, signal());
      expect(answer).toEqual({ state: there, version: 4 });
      expect(asked).toEqual(["UpdateItem ALL_OLD"]);
      client.destroy();
    } finally {
      await endpoint.stop();
    }
  });

  test("keeps an item for two timespans after its newest event, and a day", async () => {
    const key = crypto.randomUUID();
    const at = Date.now() + hour;
    await store().write(key, { state: stateAt(at), seen: 0, milliseconds: 6 * hour }, signal());
    const item = await itemOf(key);
    expect(Number(item?.expiration?.N)).toBe(Math.ceil((at + 36 * hour) / 1_000));
  });

  test("does not show the values of a group", async () => {
    const key = JSON.stringify(["correlation", "hunter2"]);
    await store().write(key, { state: stateAt(Date.now()), seen: 0, milliseconds: hour }, signal());
    const item = await itemOf(key);
    expect(item?.id?.S).toMatch(/^correlation#[\w-]{43}$/);
    expect(JSON.stringify(item)).not.toContain("hunter2");
  });

  test("replaces a state of a form that it does not know", async () => {
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
    expect((await store().read([key], signal())).get(key)).toEqual({ state: emptyGroup, version: 5 });
    expect(await store().write(key, { state: stateAt(0), seen: 5, milliseconds: hour }, signal())).toBeNull();
  });
});

async function itemOf(key: string) {
  const client = new DynamoDBClient({});
  const { Items = [] } = await client.send(new ScanCommand({ TableName: names.stateTable }));
  client.destroy();
  return Items.find(({ id }) => id?.S === groupItemId(key, stateKey));
}
