import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { secretCacheSeconds } from "../../lambda/adapters/aws/hook-secrets.ts";
import { type Emulators, startEmulators } from "../../local/emulators.ts";
import type { Handler } from "../../local/http-front.ts";
import { type AwsEndpoint, startAwsEndpoint } from "../fixtures/aws-endpoint.ts";
import { loadBuilt } from "../fixtures/built.ts";
import { delivery, sessionStart } from "../fixtures/events.ts";

/** Secrets Manager's versions of the hook's secret. */
let stored: Partial<Record<string, string>>;
/** What Okta sends. */
let typedIntoOkta: string;

let emulators: Emulators;
let secretsManager: AwsEndpoint;

beforeAll(async () => {
  emulators = await startEmulators();
  secretsManager = await startAwsEndpoint((_, { VersionStage }) => {
    const SecretString = stored[String(VersionStage)];
    if (SecretString === undefined) return { status: 400, body: { __type: "ResourceNotFoundException" } };
    return { status: 200, body: { Name: "hook", SecretString } };
  });
  Object.assign(process.env, emulators.environment, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
    HOOK_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:hook-AbCdEf",
    MISMATCH_DISTANCE_KM: "500",
    SUPPRESS_MINUTES: "0",
  });
  delete process.env.HOOK_SECRET;
});
beforeEach(() => {
  stored = { AWSCURRENT: "first" };
  typedIntoOkta = "first";
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterAll(async () => {
  vi.useRealTimers();
  delete process.env.HOOK_SECRET_ARN;
  await Promise.all([emulators.stop(), secretsManager.stop()]);
});

/** A new execution environment, which has loaded the deployed function. */
async function startEnvironment(): Promise<Handler> {
  return (await loadBuilt<{ readonly handler: Handler }>("receiver")).handler;
}

/** Delivers a proxied sign-in, and gives back how it was answered. */
async function deliver(handler: Handler, uuid: string = crypto.randomUUID()): Promise<number | undefined> {
  const answer = await handler({
    headers: { authorization: typedIntoOkta, "content-type": "application/json" },
    body: JSON.stringify(delivery([sessionStart({ uuid })])),
    isBase64Encoded: false,
    requestContext: { http: { method: "POST", sourceIp: "192.0.2.1" } },
  } as unknown as Parameters<Handler>[0]);
  return typeof answer === "string" ? 200 : answer.statusCode;
}

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1_000);

test("a rotation as the runbook has it loses no delivery, in whatever state the functions' caches are", async () => {
  const environments: Handler[] = [];
  const delivered: string[] = [];
  const deliverToAll = async () => {
    for (const handler of environments) {
      const uuid = crypto.randomUUID();
      expect(await deliver(handler, uuid)).toBe(204);
      delivered.push(uuid);
    }
  };
  // Environments that fetched the secret at different times.
  for (let index = 0; index < 4; index += 1) {
    environments.push(await startEnvironment());
    await deliverToAll();
    pass(secretCacheSeconds / 5);
  }
  // First Secrets Manager; Okta still sends what it knows.
  stored = { AWSCURRENT: "second", AWSPREVIOUS: "first" };
  for (let waited = 0; waited <= secretCacheSeconds; waited += 15) {
    await deliverToAll();
    pass(15);
  }
  // Then, after the wait, Okta; a retry of what it sent before comes with the old one.
  typedIntoOkta = "second";
  await deliverToAll();
  environments.push(await startEnvironment());
  await deliverToAll();
  typedIntoOkta = "first";
  await deliverToAll();

  const alerted = () =>
    emulators.messagesOn("alertQueue").filter((body) => delivered.some((uuid) => body.includes(uuid)));
  expect(delivered.length).toBeGreaterThan(40);
  expect(alerted()).toHaveLength(delivered.length);
});

test("one that does not wait is refused until the caches have turned over, and then no more", async () => {
  const handler = await startEnvironment();
  expect(await deliver(handler)).toBe(204);
  stored = { AWSCURRENT: "second", AWSPREVIOUS: "first" };
  typedIntoOkta = "second";
  expect(await deliver(handler)).toBe(401);
  pass(secretCacheSeconds + 1);
  expect(await deliver(handler)).toBe(204);
});
