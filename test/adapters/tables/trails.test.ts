import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import { sdkDynamodb } from "../../../lambda/adapters/aws/dynamodb/sdk.ts";
import { createLookUp } from "../../../lambda/adapters/tables/look-up.ts";
import { createTrailStore, trailItemId } from "../../../lambda/adapters/tables/trails.ts";
import { emptyTrail, maximumStops, type Trail } from "../../../lambda/core/travel/trail.ts";
import { names } from "../../../local/resources.ts";
import { stopAt } from "../../core/travel/stops.ts";
import { startAwsEndpoint } from "../../fixtures/aws-endpoint.ts";
import { useEmulators } from "../../fixtures/emulators.ts";
import { patientDynamodb } from "../../fixtures/timing.ts";

await useEmulators();

const stateKey = Buffer.from("a key of this test");
const signal = () => AbortSignal.timeout(100_000);
const store = () => createTrailStore(names.stateTable, () => stateKey, patientDynamodb());
const traveller = () => `id#${crypto.randomUUID()}`;
const find = async (key: string) => {
  const lookUp = createLookUp(names.profileTable, names.stateTable, () => stateKey, patientDynamodb());
  const none = new Set<never>();
  return (await lookUp({ keys: none, users: none, incidents: none, trails: new Set([key]) }, signal())).trails?.get(
    key,
  );
};
const trailOf = (...stops: Trail["stops"]): Trail => ({ stops, forgottenUntil: null });
const itemOf = async (key: string) =>
  (
    await new DynamoDBClient().send(
      new GetItemCommand({ TableName: names.stateTable, Key: { id: { S: trailItemId(key, stateKey) } } }),
    )
  ).Item;

describe("the store of trails", () => {
  test("writes what the look-up reads, and nothing of a person of whom it has no trail", async () => {
    const [key, other] = [traveller(), traveller()];
    const trail = {
      ...trailOf(stopAt("lisbon", 0), stopAt("toronto", 5, { operators: ["NORD_VPN"] })),
      forgottenUntil: 7,
    };
    expect(await store().write(key, trail, 0, signal())).toBeNull();
    expect(await find(key)).toEqual({ trail, version: 1 });
    expect(await find(other)).toBeUndefined();
  });

  test("takes one of several writes from the same version, and gives the others what is there", async () => {
    const key = traveller();
    const trails = Array.from({ length: 6 }, (_, index) => trailOf(stopAt("lisbon", index)));
    const answers = await Promise.all(trails.map((trail) => store().write(key, trail, 0, signal())));
    const written = answers.indexOf(null);
    expect(answers.filter((answer) => answer === null)).toHaveLength(1);
    for (const [index, answer] of answers.entries()) {
      if (index !== written) expect(answer).toEqual({ trail: trails[written], version: 1 });
    }
  });

  test("takes what DynamoDB returns with a refused condition, without a read", async () => {
    const asked: string[] = [];
    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html#API_UpdateItem_Errors
    const endpoint = await startAwsEndpoint((operation, input) => {
      asked.push(`${operation} ${input.ReturnValuesOnConditionCheckFailure}`);
      const type = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
      return { status: 400, body: { __type: type, message: "refused", Item: { version: { N: "4" } } } };
    });
    try {
      const client = new DynamoDBClient({ endpoint: endpoint.url });
      const trails = createTrailStore(
        "states",
        () => stateKey,
        async () => sdkDynamodb(client),
      );
      expect(await trails.write("id#1", trailOf(stopAt("lisbon", 0)), 3, signal())).toEqual({
        trail: emptyTrail,
        version: 4,
      });
      expect(asked).toEqual(["UpdateItem ALL_OLD"]);
      client.destroy();
    } finally {
      await endpoint.stop();
    }
  });

  test("keeps an item for a week after its latest stop", async () => {
    const key = traveller();
    const at = Date.now() + 3_600_000;
    await store().write(key, trailOf(stopAt("lisbon", 0, { at })), 0, signal());
    expect(Number((await itemOf(key))?.expiration?.N)).toBe(Math.ceil((at + 7 * 86_400_000) / 1_000));
  });

  test("writes a full trail in two units of a kilobyte, and names no person in the id", async () => {
    const key = traveller();
    const stops = Array.from({ length: maximumStops }, (_, index) =>
      stopAt(index % 2 === 0 ? "lisbon" : "toronto", index, { event: crypto.randomUUID(), asNumber: 64_500 + index }),
    );
    await store().write(key, trailOf(...stops), 0, signal());
    const item = await itemOf(key);
    expect(item?.trail?.B?.length).toBeLessThan(1_900);
    expect(JSON.stringify(item)).not.toContain(key.slice(3));
  });

  test("takes a trail that cannot be read for an empty one, and replaces it", async () => {
    const key = traveller();
    const Item = { id: { S: trailItemId(key, stateKey) }, trail: { B: Buffer.from("damaged") }, version: { N: "2" } };
    await new DynamoDBClient().send(new PutItemCommand({ TableName: names.stateTable, Item }));
    expect(await find(key)).toEqual({ trail: emptyTrail, version: 2 });
    const trail = trailOf(stopAt("lisbon", 0));
    expect(await store().write(key, trail, 2, signal())).toBeNull();
    expect(await find(key)).toEqual({ trail, version: 3 });
  });
});
