import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { rotatingSecret, secretCacheSeconds } from "../../../lambda/adapters/aws/hook-secrets.ts";
import { createSecrets } from "../../../lambda/adapters/aws/secrets.ts";
import { isAuthentic } from "../../../lambda/core/hook-endpoint/authentication.ts";
import { type AwsAnswer, type AwsEndpoint, startAwsEndpoint } from "../../fixtures/aws-endpoint.ts";

const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hook-AbCdEf";

/** Secrets Manager as far as the functions use it: GetSecretValue of a version by its stage. */
let endpoint: AwsEndpoint;
let stored: Partial<Record<string, string>>;
let isDown: boolean;
let calls: unknown[];
let now: number;

beforeEach(async () => {
  stored = { AWSCURRENT: "one" };
  isDown = false;
  calls = [];
  now = 0;
  endpoint = await startAwsEndpoint((operation, input): AwsAnswer => {
    calls.push([operation, input.SecretId, input.VersionStage]);
    if (isDown) return { status: 500, body: { __type: "InternalServiceError" } };
    const value = stored[String(input.VersionStage)];
    if (value === undefined) return { status: 400, body: { __type: "ResourceNotFoundException", message: "no such" } };
    return { status: 200, body: { ARN: arn, Name: "hook", SecretString: value } };
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint.url,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  });
});

afterEach(() => endpoint.stop());

/** Milliseconds after which what was fetched is fetched anew. */
const turnedOver = secretCacheSeconds * 1_000;

const start = () => rotatingSecret(createSecrets()(arn), () => now);

describe("the event hook's secret", () => {
  test("is fetched once and kept, the previous version that does not exist included", async () => {
    const secrets = start();
    expect(await secrets()).toEqual(["one"]);
    expect(await secrets()).toEqual(["one"]);
    expect(calls.sort()).toEqual([
      ["GetSecretValue", arn, "AWSCURRENT"],
      ["GetSecretValue", arn, "AWSPREVIOUS"],
    ]);
  });

  test("is accepted in its current and its previous version", async () => {
    stored = { AWSCURRENT: "two", AWSPREVIOUS: "one" };
    const secrets = start();
    for (const given of ["one", "two"]) expect(await isAuthentic(given, secrets)).toBe(true);
    expect(await isAuthentic("three", secrets)).toBe(false);
  });

  test("costs no further call, however many guesses come", async () => {
    const secrets = start();
    await secrets();
    const before = calls.length;
    for (let guess = 0; guess < 50; guess += 1) expect(await isAuthentic(`guess ${guess}`, secrets)).toBe(false);
    expect(calls.length).toBe(before);
  });

  test("that is rotated is accepted in both versions once the cache has turned over", async () => {
    const secrets = start();
    expect(await isAuthentic("one", secrets)).toBe(true);
    stored = { AWSCURRENT: "two", AWSPREVIOUS: "one" };
    now = turnedOver - 1;
    expect(await isAuthentic("one", secrets)).toBe(true);
    expect(await isAuthentic("two", secrets)).toBe(false);
    now = turnedOver;
    for (const given of ["one", "two"]) expect(await isAuthentic(given, secrets)).toBe(true);
    // Retired by the next rotation.
    stored = { AWSCURRENT: "three", AWSPREVIOUS: "two" };
    now = 2 * turnedOver;
    expect(await isAuthentic("one", secrets)).toBe(false);
  });
});

describe("with Secrets Manager down", () => {
  test("nothing can be said when no secret was ever fetched", async () => {
    isDown = true;
    await expect(start()()).rejects.toThrow();
  });

  test("the next request asks again", async () => {
    isDown = true;
    const secrets = start();
    await expect(secrets()).rejects.toThrow();
    isDown = false;
    expect(await secrets()).toEqual(["one"]);
  });

  test("the secret last fetched serves on", async () => {
    let failing = false;
    const secrets = rotatingSecret(
      async (stage) => {
        if (failing) throw new Error("down");
        return stage === "AWSCURRENT" ? "one" : null;
      },
      () => now,
    );
    await secrets();
    failing = true;
    now = turnedOver;
    expect(await isAuthentic("one", secrets)).toBe(true);
    expect(await isAuthentic("two", secrets)).toBe(false);
  });

  test("or hanging, the secret last fetched serves on, and only now and then is it waited for", async () => {
    let hanging = false;
    let asked = 0;
    const secrets = rotatingSecret(
      (stage) => {
        asked += 1;
        return hanging ? new Promise(() => {}) : Promise.resolve(stage === "AWSCURRENT" ? "one" : null);
      },
      () => now,
    );
    await secrets();
    hanging = true;
    now = turnedOver;
    for (let request = 0; request < 5; request += 1) expect(await isAuthentic("one", secrets)).toBe(true);
    expect(asked).toBe(4);
    now += 10_000;
    hanging = false;
    expect(await isAuthentic("one", secrets)).toBe(true);
    expect(asked).toBe(6);
  });
});
