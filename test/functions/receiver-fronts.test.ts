import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Emulators, startEmulators } from "../../local/emulators.ts";
import { functionUrlEvent, restApiEvent, type SentRequest } from "../fixtures/fronts.ts";

let handler: typeof import("../../lambda/functions/receiver.ts").handler;
let emulators: Emulators;

beforeAll(async () => {
  emulators = await startEmulators();
  Object.assign(process.env, {
    ...emulators.environment,
    MISMATCH_DISTANCE_KM: "500",
    HOOK_SECRET: "the secret",
    ALLOWED_CIDRS: "192.0.2.0/24",
  });
  ({ handler } = await import("../../lambda/functions/receiver.ts"));
});
afterAll(() => emulators.stop());

const verification: SentRequest = {
  method: "GET",
  sourceIp: "192.0.2.1",
  headers: [
    ["Authorization", "the secret"],
    ["X-Okta-Verification-Challenge", "kase"],
  ],
  body: null,
};
const json = ["Content-Type", "application/json"] as const;
const secret = ["Authorization", "the secret"] as const;

/** Answers to what is no delivery, or none that can be read. */
const cases: readonly (readonly [name: string, request: Partial<SentRequest>, status: number])[] = [
  ["Okta's verification", {}, 200],
  ["a verification without a challenge", { headers: [secret] }, 400],
  ["a wrong secret", { headers: [["Authorization", "wrong"]] }, 401],
  ["two secrets", { headers: [secret, secret] }, 401],
  ["no secret", { headers: [] }, 401],
  ["an address outside of allowedCidrs", { sourceIp: "198.51.100.1" }, 403],
  ["OPTIONS", { method: "OPTIONS" }, 405],
  ["HEAD", { method: "HEAD" }, 405],
  ["a delivery that is no JSON by its type", { method: "POST", headers: [secret], body: "{}" }, 415],
  ["a delivery that is cut off", { method: "POST", headers: [secret, json], body: '{"data":' }, 400],
  ["bytes that are no text", { method: "POST", headers: [secret, json], body: Uint8Array.of(255, 254) }, 400],
];

describe("the receiver answers alike through a Function URL and a REST API:", () => {
  test.each(cases)("%s", async (_, request, status) => {
    const sent = { ...verification, ...request };
    const throughUrl = await handler(functionUrlEvent(sent));
    const throughApi = await handler(restApiEvent(sent));
    expect(throughApi).toEqual(throughUrl);
    expect(throughApi.statusCode).toBe(status);
  });

  test("the challenge comes back as Okta expects it", async () => {
    expect(await handler(restApiEvent(verification))).toEqual({
      statusCode: 200,
      headers: { "content-type": "application/json" },
      body: '{"verification":"kase"}',
    });
  });
});
