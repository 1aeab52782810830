import { PutItemCommand, type UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { toAttribute } from "../../../lambda/adapters/aws/dynamodb/attribute-value.ts";
import { sdkDynamodb } from "../../../lambda/adapters/aws/dynamodb/sdk.ts";
import { userItemIds } from "../../../lambda/adapters/tables/user-item-ids.ts";
import { createUserStates } from "../../../lambda/adapters/tables/user-states.ts";
import { type UserState, unknownUser } from "../../../lambda/core/history/history.ts";
import { applyChange, remember } from "../../../lambda/core/history/remember.ts";
import type { RememberedSession } from "../../../lambda/core/history/remembered-session.ts";
import { names } from "../../../local/resources.ts";
import { useEmulators } from "../../fixtures/emulators.ts";

const { dynamodb } = await useEmulators();
/** The update expressions that were sent. */
const expressions: string[] = [];
beforeAll(async () => {
  dynamodb.middlewareStack.add(
    (next) => (args) => {
      const { UpdateExpression } = args.input as Partial<UpdateItemCommandInput>;
      if (UpdateExpression !== undefined) expressions.push(UpdateExpression);
      return next(args);
    },
    { step: "initialize" },
  );
});

const stateKey = Buffer.from("the key of a deployment");
const now = new Date("2026-11-24T09:00:00.000Z");
const signal = () => AbortSignal.timeout(100_000);

const session = (asNumber: number): RememberedSession => ({
  eventUuid: `event-${asNumber}`,
  at: now.toISOString(),
  gotIn: true,
  rootSessionId: null,
  asNumber,
  asOrg: null,
  countryCode: "PT",
  type: "VPN",
  operator: null,
});

test("a user with 1,000 networks is remembered, and forgotten 100 things at a time, down to the 50 that are kept", async () => {
  const states = createUserStates(
    names.stateTable,
    () => stateKey,
    async () => sdkDynamodb(dynamodb),
  );
  const user = "login#networks@example.com";
  const networks = Array.from({ length: 1_000 }, (_, n) => [`network#${n}|PT`, { ...session(n) }] as const);
  await dynamodb.send(
    new PutItemCommand({
      TableName: names.stateTable,
      Item: {
        id: { S: userItemIds(user, stateKey)[0] },
        ...Object.fromEntries(networks.map(([name, value]) => [name, toAttribute(value)])),
      },
    }),
  );
  const signIn = async (asNumber: number): Promise<UserState> => {
    const key = `${asNumber}|PT`;
    const change = remember(await states.read(user, signal()), key, session(asNumber), now);
    await states.record(user, null, change, signal());
    return states.read(user, signal());
  };

  const sizes: number[] = [];
  for (let n = 0; n < 11; n += 1) sizes.push((await signIn(2_000 + n)).networks.size);

  expect(sizes).toEqual([901, 802, 703, 604, 505, 406, 307, 208, 109, 50, 50]);
  expect(Math.max(...expressions.map((each) => Buffer.byteLength(each)))).toBeLessThan(1_000);
});

test("the table holds what the rules say, whatever happens in whatever order", async () => {
  const states = createUserStates(
    names.stateTable,
    () => stateKey,
    async () => sdkDynamodb(dynamodb),
  );
  const happened = fc.record({
    eventUuid: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    daysAgo: fc.constantFrom(0, 1, 2, 40, 95),
    gotIn: fc.boolean(),
    rootSessionId: fc.constantFrom("s", "t", null),
    asNumber: fc.constantFrom(1, 2, null),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(happened, { maxLength: 8 }), async (all) => {
      const user = `login#${crypto.randomUUID()}` as const;
      let expected = unknownUser;
      for (const { daysAgo, asNumber, ...rest } of all) {
        const at = new Date(now.getTime() - daysAgo * 86_400_000).toISOString();
        const key = asNumber === null ? null : `AS${asNumber}|PT`;
        const change = remember(expected, key, { ...session(asNumber ?? 0), ...rest, asNumber, at }, now);
        await states.record(user, null, change, signal());
        expected = applyChange(expected, change);
      }
      expect(await states.read(user, signal())).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
