import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { defaultAttributes } from "../../lambda/okta-users/okta-user.ts";
import { openProfileItems, type ProfileItem } from "../../lambda/profiles/profile-items.ts";
import type { handler as syncHandler } from "../../lambda/sync-profiles.ts";
import { type Emulators, startEmulators } from "../../local/emulators.ts";
import { type AwsEndpoint, startAwsEndpoint } from "../fixtures/aws-endpoint.ts";
import { apiToken, type FakeOkta, fakeUser, startFakeOkta } from "../fixtures/okta.ts";

const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:credential-AbCdEf";
let emulators: Emulators;
let okta: FakeOkta;
let secretsManager: AwsEndpoint;
let secret = "";
let handler: typeof syncHandler;

beforeAll(async () => {
  [emulators, okta] = await Promise.all([startEmulators(), startFakeOkta()]);
  secretsManager = await startAwsEndpoint((_, { SecretId }) =>
    SecretId === arn
      ? { status: 200, body: { ARN: arn, Name: "credential", SecretString: secret } }
      : { status: 400, body: { __type: "ResourceNotFoundException" } },
  );
  Object.assign(process.env, emulators.environment, {
    POWERTOOLS_LOG_LEVEL: "SILENT",
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
    OKTA_ORG_URL: okta.orgUrl,
    OKTA_CREDENTIAL_SECRET_ARN: arn,
    OKTA_PROFILE_ATTRIBUTES: JSON.stringify(defaultAttributes),
  });
  const built = new URL("../../dist/sync-profiles/index.mjs", import.meta.url).href;
  ({ handler } = (await import(built)) as { handler: typeof syncHandler });
});
beforeEach(() => {
  secret = JSON.stringify({ clientId: okta.clientId, privateKey: okta.privateKey });
  okta.interfere = () => "none";
});
afterAll(async () => {
  await Promise.all([emulators.stop(), okta.stop(), secretsManager.stop()]);
});

/** Runs the function with this much time left until its timeout. */
const run = (seconds = 900) => handler({}, { getRemainingTimeInMillis: () => seconds * 1_000 });

async function stored(): Promise<ReadonlyMap<string, ProfileItem>> {
  const items = new Map<string, ProfileItem>();
  for await (const item of openProfileItems(new DynamoDBClient({}), "profiles").scan()) items.set(item.user, item);
  return items;
}

test("a credential that is not there yet is told of, without its text", async () => {
  secret = "Zk3sUniqueSecretText";
  await expect(run()).rejects.toThrow(/credential-AbCdEf is neither .*clientId/);
  await expect(run()).rejects.not.toThrow("Zk3sUniqueSecretText");
});

test("out of time it stops, and the next runs go on: every user is there once", async () => {
  okta.users.push(...Array.from({ length: 900 }, (_, index) => fakeUser(index)));
  okta.interfere = (request) => (request % 3 === 0 ? "hang" : "none");
  const first = await run(31);
  expect(first).toMatchObject({ full: true, pages: 2, finished: false });
  okta.interfere = () => "none";
  expect(await run()).toMatchObject({ full: true, pages: 3, users: 500, finished: true });
  const items = await stored();
  expect(items.size).toBe(1_800);
  expect([...items.values()].every(({ locations }) => locations.length === 1)).toBe(true);
});

test("by an API token, what changed since is read, and what was entered by hand stays", async () => {
  secret = JSON.stringify({ apiToken });
  const items = openProfileItems(new DynamoDBClient({}), "profiles");
  const before = (await stored()).get("user3@example.com");
  const cottage = { label: "cottage", countryCode: "CA", source: "manual" };
  const locations = [...(before?.locations ?? []), cottage];
  await items.write([{ user: "user3@example.com", item: { user: "user3@example.com", locations } }]);
  okta.users[3] = fakeUser(3, {
    lastUpdated: new Date().toISOString(),
    profile: { login: "user3@example.com", city: "Porto", countryCode: "PT" },
  });
  expect(await run()).toMatchObject({ full: false, users: 1, changed: 2, finished: true });
  expect((await stored()).get("user3@example.com")?.locations).toEqual([
    cottage,
    expect.objectContaining({ city: "Porto", source: "okta" }),
  ]);
});
