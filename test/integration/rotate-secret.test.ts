import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type RotationPorts, rotateSecret } from "../../cli/event-hook/rotate.ts";
import { newSecret, openSecretVersions } from "../../cli/event-hook/secret-versions.ts";
import { type Emulators, startEmulators } from "../../local/emulators.ts";
import type { Handler } from "../../local/http-front.ts";
import { loadBuilt } from "../fixtures/built.ts";
import { delivery, sessionStart } from "../fixtures/events.ts";
import { type FakeSecret, startFakeSecret } from "../fixtures/secret-versions.ts";

/*
 * The rotation of `npx okta-proxy-watch hook rotate-secret`, while Okta delivers all the time: the functions are those that are built,
 * each with a cache of its own; only the clock is set by hand.
 */

const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hook-AbCdEf";
let emulators: Emulators;
let secret: FakeSecret;
let versions: ReturnType<typeof openSecretVersions>;
/** What Okta sends. */
let typedIntoOkta: string;
const environments: Handler[] = [];
const statuses: (number | undefined)[] = [];

beforeAll(async () => {
  emulators = await startEmulators();
});
beforeEach(async () => {
  secret = await startFakeSecret(arn, "first");
  Object.assign(process.env, emulators.environment, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secret.url,
    HOOK_SECRET_ARN: arn,
    MISMATCH_DISTANCE_KM: "500",
  });
  delete process.env.HOOK_SECRET;
  versions = openSecretVersions(arn);
  typedIntoOkta = "first";
  environments.length = 0;
  statuses.length = 0;
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(async () => {
  vi.useRealTimers();
  versions.close();
  await secret.stop();
});
afterAll(async () => {
  delete process.env.HOOK_SECRET_ARN;
  await emulators.stop();
});

/** A new execution environment, which has loaded the deployed function. */
async function startEnvironment(): Promise<void> {
  environments.push((await loadBuilt<{ readonly handler: Handler }>("receiver")).handler);
}

async function deliver(handler: Handler): Promise<number | undefined> {
  const answer = await handler({
    headers: { authorization: typedIntoOkta, "content-type": "application/json" },
    body: JSON.stringify(delivery([sessionStart({ securityContext: { isProxy: false } })])),
    isBase64Encoded: false,
    requestContext: { http: { method: "POST", sourceIp: "192.0.2.1" } },
  } as unknown as Parameters<Handler>[0]);
  return typeof answer === "string" ? 200 : answer.statusCode;
}

async function deliverToAll(): Promise<void> {
  statuses.push(...(await Promise.all(environments.map(deliver))));
}

/** Time passes, in which Okta delivers to every environment, and new ones start. */
async function pass(seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 10) {
    vi.setSystemTime(Date.now() + Math.min(left, 10) * 1_000);
    await deliverToAll();
  }
  await startEnvironment();
}

const reported: string[] = [];
const ports = (overrides: Partial<RotationPorts> = {}): RotationPorts => ({
  ...versions,
  async setAtOkta(given) {
    typedIntoOkta = given;
    await deliverToAll();
  },
  wait: pass,
  newSecret,
  report: (text) => reported.push(text),
  ...overrides,
});

async function startLoad(): Promise<void> {
  // Environments that fetched the secret at different times.
  for (let index = 0; index < 5; index += 1) {
    await startEnvironment();
    await deliverToAll();
    vi.setSystemTime(Date.now() + 23_000);
  }
}

/** What is old is refused, wherever it comes. */
async function expectRetired(old: string): Promise<void> {
  const now = typedIntoOkta;
  typedIntoOkta = old;
  statuses.length = 0;
  await deliverToAll();
  expect(new Set(statuses)).toEqual(new Set([401]));
  typedIntoOkta = now;
}

test("no delivery is refused while the secret is rotated, and afterwards the old one is, everywhere", async () => {
  await startLoad();
  await rotateSecret(ports());
  await pass(130);
  expect(statuses.length).toBeGreaterThan(150);
  expect(new Set(statuses)).toEqual(new Set([204]));
  expect(typedIntoOkta).toMatch(/^\w{64}$/);
  expect(secret.value("AWSCURRENT")).toBe(typedIntoOkta);
  expect(secret.value("OKTA")).toBe(typedIntoOkta);
  expect(secret.value("AWSPREVIOUS")).toBeUndefined();
  await expectRetired("first");

  // And once more, from where that ended.
  const second = typedIntoOkta;
  statuses.length = 0;
  await rotateSecret(ports());
  await pass(130);
  expect(new Set(statuses)).toEqual(new Set([204]));
  await expectRetired(second);
});

const stops: readonly (readonly [string, keyof RotationPorts, number])[] = [
  ["before the new version", "put", 1],
  ["while the caches turn over", "wait", 1],
  ["before Okta has the secret", "setAtOkta", 1],
  ["after Okta has the secret, before that is noted", "label", 2],
  ["while retries of Okta are waited for", "wait", 2],
  ["before the old one is retired", "label", 3],
];

test.each(stops)("stopped %s and run again, it loses no delivery either", async (_, name, at) => {
  await startLoad();
  let calls = 0;
  const whole = ports();
  const dying = {
    ...whole,
    [name]: async (...given: unknown[]) => {
      calls += 1;
      if (calls === at) throw new Error("stopped");
      return (whole[name] as (...all: unknown[]) => unknown)(...given);
    },
  } as RotationPorts;
  await expect(rotateSecret(dying)).rejects.toThrow("stopped");
  await pass(300);
  await rotateSecret(ports());
  await pass(130);
  expect(new Set(statuses)).toEqual(new Set([204]));
  expect(secret.value("OKTA")).toBe(typedIntoOkta);
  expect(secret.value("AWSCURRENT")).toBe(typedIntoOkta);
  await expectRetired("first");
});
