import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { SQSEvent } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openProfileItems } from "../../lambda/adapters/tables/profile-items.ts";
import { defaultAttributes } from "../../lambda/core/profiles/okta-user.ts";
import { allLocations, type StoredLocation } from "../../lambda/core/profiles/profile.ts";
import { type Refresh, writeRefresh } from "../../lambda/core/profiles/refresh.ts";
import type { handler as refreshHandler } from "../../lambda/functions/refresh-profiles.ts";
import type { handler as syncHandler } from "../../lambda/functions/sync-profiles.ts";
import { type Emulators, startEmulators } from "../../local/emulators.ts";
import { type AwsEndpoint, startAwsEndpoint } from "../fixtures/aws-endpoint.ts";
import { loadBuilt } from "../fixtures/built.ts";
import { apiToken, type FakeOkta, fakeUser, startFakeOkta } from "../fixtures/okta.ts";

const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:credential-AbCdEf";
let emulators: Emulators;
let okta: FakeOkta;
let secretsManager: AwsEndpoint;
let secret = "";
let sync: typeof syncHandler;
let refresh: typeof refreshHandler;

beforeAll(async () => {
  [emulators, okta] = await Promise.all([startEmulators(), startFakeOkta()]);
  secretsManager = await startAwsEndpoint((_, { SecretId }) =>
    SecretId === arn
      ? { status: 200, body: { ARN: arn, Name: "credential", SecretString: secret } }
      : { status: 400, body: { __type: "ResourceNotFoundException" } },
  );
  Object.assign(process.env, emulators.environment, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
    OKTA_ORG_URL: okta.orgUrl,
    OKTA_CREDENTIAL_SECRET_ARN: arn,
    OKTA_PROFILE_ATTRIBUTES: JSON.stringify(defaultAttributes),
  });
  ({ handler: sync } = await loadBuilt<{ handler: typeof syncHandler }>("sync-profiles"));
  ({ handler: refresh } = await loadBuilt<{ handler: typeof refreshHandler }>("refresh-profiles"));
});
beforeEach(() => {
  secret = JSON.stringify({ clientId: okta.clientId, privateKey: okta.privateKey });
  okta.interfere = () => "none";
});
afterAll(async () => {
  await Promise.all([emulators.stop(), okta.stop(), secretsManager.stop()]);
});

/** Runs the function with this much time left until its timeout. */
const run = (seconds = 900) => sync({}, { getRemainingTimeInMillis: () => seconds * 1_000 });

async function stored(): Promise<ReadonlyMap<string, readonly StoredLocation[]>> {
  const items = new Map<string, readonly StoredLocation[]>();
  for await (const profile of openProfileItems(new DynamoDBClient({}), "profiles").scan()) {
    items.set(profile.user, allLocations(profile));
  }
  return items;
}

test("a missing credential is reported, without its text", async () => {
  secret = "Zk3sUniqueSecretText";
  await expect(run()).rejects.toThrow(/credential-AbCdEf is neither .*clientId/);
  await expect(run()).rejects.not.toThrow("Zk3sUniqueSecretText");
});

test("out of time it stops, and the next runs go on: every user is there once", async () => {
  okta.users.push(...Array.from({ length: 900 }, (_, index) => fakeUser(index)));
  // The time is over when Okta does not answer, however long the machine took until then.
  const time = new AbortController();
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, "timeout").mockImplementation((milliseconds) =>
    milliseconds === 4_000 ? time.signal : timeout(milliseconds),
  );
  okta.interfere = (request) => {
    if (request % 3 !== 0) return "none";
    time.abort();
    return "hang";
  };
  const first = await run(34);
  vi.restoreAllMocks();
  expect(first).toMatchObject({ full: true, pages: 2, finished: false });
  okta.interfere = () => "none";
  expect(await run()).toMatchObject({ full: true, pages: 3, users: 500, finished: true });
  const items = await stored();
  expect(items.size).toBe(1_800);
  expect([...items.values()].every((locations) => locations.length === 1)).toBe(true);
});

test("by an API token, what changed since is read, and what was entered by hand stays", async () => {
  secret = JSON.stringify({ apiToken });
  await new DynamoDBClient({}).send(
    new UpdateItemCommand({
      TableName: "profiles",
      Key: { user: { S: "user3@example.com" } },
      UpdateExpression: "SET locations = :locations",
      ExpressionAttributeValues: {
        ":locations": { L: [{ M: { label: { S: "cottage" }, countryCode: { S: "CA" } } }] },
      },
    }),
  );
  okta.users[3] = fakeUser(3, {
    lastUpdated: new Date().toISOString(),
    profile: { login: "user3@example.com", city: "Porto", countryCode: "PT" },
  });
  expect(await run()).toMatchObject({ full: false, users: 1, changed: 2, finished: true });
  expect((await stored()).get("user3@example.com")).toMatchObject([{ label: "cottage" }, { city: "Porto" }]);
});

describe("the refresh of single users", () => {
  const run = (seconds: number, ...bodies: readonly string[]) =>
    refresh(
      {
        Records: bodies.map((body, index) => ({ messageId: `message-${index}`, body, eventSource: "aws:sqs" })),
      } as unknown as SQSEvent,
      { getRemainingTimeInMillis: () => seconds * 1_000 },
    );
  const user = (number: number): Refresh => ({ userId: fakeUser(number).id, login: `User${number}@example.com` });
  const body = (number: number) => writeRefresh(user(number));

  test("brings what Okta says now, of new users, changed ones, and those who are gone", async () => {
    const before = okta.requests();
    const tokens = okta.tokens();
    okta.users.push(fakeUser(5_000));
    okta.users[10] = fakeUser(10, { profile: { login: "user10@example.com", city: "Faro", countryCode: "PT" } });
    okta.users[11] = fakeUser(11, { status: "DEPROVISIONED" });
    okta.users.splice(12, 1);
    expect(await run(60, body(5_000), body(10), body(11), body(12))).toEqual({ batchItemFailures: [] });
    const items = await stored();
    expect(items.get("user5000@example.com")).toHaveLength(1);
    expect(items.get("user10@example.com")?.[0]).toMatchObject({ city: "Faro" });
    for (const gone of [fakeUser(11).id, "user11@example.com", fakeUser(12).id, "user12@example.com"]) {
      expect([...items.keys()]).not.toContain(gone);
    }
    expect(okta.requests() - before).toBe(4);
    expect(okta.tokens() - tokens).toBe(1);
  });

  test("reports what failed, and does the rest", async () => {
    const before = okta.requests();
    okta.interfere = (request) => (request === before + 1 ? "hang" : "none");
    const { batchItemFailures } = await run(6, body(20), body(21), "hello");
    const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    expect(failed).toHaveLength(2);
    expect(failed).toContain("message-2");
  });

  test("takes nothing off the queue while there is no credential", async () => {
    secret = "Zk3sUniqueSecretText";
    await expect(run(60, body(30))).rejects.toThrow(/is neither/);
  });
});
