import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type Authorize,
  authorizeByServiceApp,
  authorizeByToken,
} from "../../../lambda/adapters/okta-api/authorization.ts";
import { createOktaClient, type OktaClient, type OktaClientOptions } from "../../../lambda/adapters/okta-api/client.ts";
import { OktaFailure, OktaRefusal } from "../../../lambda/adapters/okta-api/errors.ts";
import { apiToken, type FakeOkta, fakeUser, startFakeOkta } from "../../fixtures/okta.ts";

let okta: FakeOkta;
/** Milliseconds by which our clock is ahead: waiting moves it. */
let passed: number;
const waits: number[] = [];
beforeEach(async () => {
  okta = await startFakeOkta();
  okta.users.push(...Array.from({ length: 450 }, (_, index) => fakeUser(index)));
  passed = 0;
  waits.length = 0;
});
afterEach(async () => {
  await okta.stop();
  expect(okta.invalid).toEqual([]);
});

const signal = () => AbortSignal.timeout(100_000);
const now = () => Date.now() + passed;

function serviceApp(): Authorize {
  const { orgUrl, clientId, privateKey } = okta;
  return authorizeByServiceApp({ orgUrl, clientId, privateKey, scopes: ["okta.users.read"] }, now);
}

/** A client that waits by moving both clocks. */
function client(authorize: Authorize = serviceApp(), more: Partial<OktaClientOptions> = {}): OktaClient {
  return createOktaClient({
    orgUrl: okta.orgUrl,
    authorize,
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      passed += milliseconds;
      okta.clockAhead += milliseconds / 1_000;
    },
    now,
    scopes: ["okta.users.read"],
    ...more,
  });
}

const firstPage = "/api/v1/users?limit=200";
const fetchPage = (asking = client()) => asking.getPage(firstPage, signal());

describe("an answer", () => {
  test.each(["cut", "page", "empty"] as const)("that is broken (%s) is asked for again", async (kind) => {
    okta.interfere = (request) => (request <= 4 ? kind : "none");
    expect((await fetchPage()).items).toHaveLength(200);
    expect(okta.requests()).toBe(5);
    expect(waits).toEqual([500, 1_000, 2_000, 4_000]);
  });

  test("that keeps breaking off is a failure that says so", async () => {
    okta.interfere = () => "cut";
    await expect(fetchPage()).rejects.toThrow(OktaFailure);
    await expect(fetchPage()).rejects.toThrow(/Okta failed 5 times: .*\/api\/v1\/users\?limit=200 broke off: /);
  });

  test("that is a page of something in between is a failure that says what came", async () => {
    okta.interfere = () => "page";
    await expect(fetchPage()).rejects.toThrow(
      /Okta failed 5 times: .* answered 200 with \d+ bytes that are no JSON \(text\/html\), titled "Example Gateway: sign in"/,
    );
  });

  test("of something in between that refuses is no refusal by Okta, and never says that a user does not exist", async () => {
    okta.interfere = () => "blocked";
    const error = await client()
      .get("/api/v1/users/00u1", signal())
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OktaRefusal);
    expect(error).toMatchObject({ status: null, message: expect.stringContaining("Example Gateway") });
  });

  test("that is cut off although it looks whole, as a compressed one does, is reported as one that broke off", async () => {
    okta.interfere = () => "cutCompressed";
    await expect(fetchPage()).rejects.toMatchObject({ diagnosis: { cause: "answerBrokeOff" } });
    expect(okta.requests()).toBe(5);
  });

  test("in JSON that is none of Okta's is no refusal by Okta", async () => {
    okta.interfere = () => "blockedInJson";
    await expect(fetchPage()).rejects.toMatchObject({ status: null, diagnosis: { cause: "answerFromBetween" } });
  });

  test("without a body never says that a user does not exist", async () => {
    okta.interfere = () => "empty";
    await expect(client().get("/api/v1/users/00u1", signal())).rejects.toThrow(/answered 200 with 0 bytes/);
  });

  test("that leads elsewhere is not followed", async () => {
    okta.interfere = () => "redirect";
    await expect(fetchPage()).rejects.toMatchObject({
      status: null,
      diagnosis: { cause: "wrongDomain" },
      finding: expect.stringMatching(/\(302\): a redirection to https:\/\/example\.com\/sign-in$/),
    });
    expect(okta.requests()).toBe(1);
  });

  test("to a change that may be made already is not asked for again", async () => {
    okta.interfere = () => "cut";
    await expect(client(authorizeByToken(apiToken)).send("POST", "/api/v1/eventHooks", {}, signal())).rejects.toThrow(
      /whether it was done is not known/,
    );
    expect(okta.requests()).toBe(1);
  });
});

describe("a request for an access token", () => {
  test.each(["serverError", "reset", "cut", "page", "empty"] as const)(
    "that fails (%s) is made again",
    async (kind) => {
      okta.interfereWithTokens = (request) => (request <= 4 ? kind : "none");
      expect((await fetchPage()).items).toHaveLength(200);
      expect(okta.tokens()).toBe(1);
      expect(waits).toEqual([500, 1_000, 2_000, 4_000]);
    },
  );

  test("that keeps failing is tried five times, and names the token endpoint without what came", async () => {
    okta.interfereWithTokens = () => "cut";
    const error = (await fetchPage().catch((thrown: unknown) => thrown)) as OktaFailure;
    expect(error).toBeInstanceOf(OktaFailure);
    expect(error.message).toMatch(/Okta failed 5 times: .*\/oauth2\/v1\/token broke off/);
    expect(error.message).not.toContain("00u1");
    expect(waits).toHaveLength(4);
  });

  test("that is over the limit waits until Okta lifts it", async () => {
    okta.limit = { requests: 600, seconds: 20 };
    okta.interfereWithTokens = (request) => (request === 1 ? "rateLimit" : "none");
    expect((await fetchPage()).items).toHaveLength(200);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(19_000);
    expect(waits[0]).toBeLessThan(21_500);
  });
});

describe("a rate limit", () => {
  test("whose headers come twice is read as once", async () => {
    okta.doublesHeaders = true;
    okta.limit = { requests: 4, seconds: 30 };
    const asking = client();
    for (let page = 0; page < 3; page += 1) await fetchPage(asking);
    expect(okta.violations()).toBe(0);
    // Half of four are used, and then the rest of the window is waited for, once.
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(1_000);
  });

  test("that is used up holds up no other bucket", async () => {
    okta.limit = { requests: 2, seconds: 30 };
    const asking = client(authorizeByToken(apiToken));
    await fetchPage(asking);
    expect((await asking.getPage("/api/v1/logs?limit=1", signal())).items).toEqual([]);
    expect(waits).toEqual([]);
    await fetchPage(asking);
    expect(waits).toHaveLength(1);
  });

  test("is used by half unless more is allowed", async () => {
    okta.limit = { requests: 4, seconds: 30 };
    const whole = client(serviceApp(), { rateLimitShare: 1 });
    for (let page = 0; page < 4; page += 1) await fetchPage(whole);
    expect(waits).toEqual([]);
    await fetchPage(whole);
    expect(waits).toHaveLength(1);
  });

  test("without a time is asked about less and less often", async () => {
    const { limit } = okta;
    okta.limit = { ...limit, seconds: 0 };
    okta.interfere = (request) => (request <= 4 ? "rateLimit" : "none");
    await fetchPage();
    expect(waits.map((milliseconds) => Math.round(milliseconds / 100))).toEqual([5, 10, 20, 40]);
  });
});

describe("a clock that differs from Okta's", () => {
  test.each([-7_200, -900, 900, 7_200])("by %i seconds signs by Okta's time, after one refusal", async (seconds) => {
    okta.clockAhead = seconds;
    const asking = client();
    expect((await fetchPage(asking)).items).toHaveLength(200);
    expect(okta.tokens()).toBe(1);
    okta.revokeTokens();
    expect((await fetchPage(asking)).items).toHaveLength(200);
    expect(waits).toEqual([]);
  });
});

describe("a date of answers that differs from Okta's clock, as a gateway may write it,", () => {
  test.each([-3_600, 3_600])("by %i seconds is not signed by while our own time serves", async (seconds) => {
    okta.proofs.demanded = true;
    okta.dateAhead = seconds;
    const asking = client();
    for (let page = 0; page < 3; page += 1) expect((await fetchPage(asking)).items).toHaveLength(200);
    expect(okta.proofs.refused).toEqual(["Authorization server requires nonce in DPoP proof."]);
    expect(okta.tokens()).toBe(1);
    // What is refused for another reason is tried by the other time, and then by ours again.
    okta.revokeTokens();
    expect((await fetchPage(asking)).items).toHaveLength(200);
    okta.tokenRefusal = { error: "invalid_client", error_description: "For a while." };
    okta.revokeTokens();
    await expect(fetchPage(asking)).rejects.toThrow("For a while.");
    okta.tokenRefusal = null;
    expect((await fetchPage(asking)).items).toHaveLength(200);
  });

  test.each([-3_600, 3_600])("by %i seconds makes no limit longer, nor shorter", async (seconds) => {
    okta.dateAhead = seconds;
    okta.limit = { requests: 600, seconds: 40 };
    okta.interfereWithTokens = (request) => (request === 1 ? "rateLimit" : "none");
    expect((await fetchPage()).items).toHaveLength(200);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(38_000);
    expect(waits[0]).toBeLessThan(41_500);
  });
});
