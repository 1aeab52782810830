import { generateKeyPairSync, type JsonWebKey } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { authorizeByServiceApp, type ServiceApp } from "../../../lambda/adapters/okta-api/authorization.ts";
import { createOktaClient, type OktaClient } from "../../../lambda/adapters/okta-api/client.ts";
import { OktaRefusal } from "../../../lambda/adapters/okta-api/errors.ts";
import { type PrivateJwk, readPrivateKey } from "../../../lambda/adapters/okta-api/private-key.ts";
import { createProofKey, type ProofClaims, signAssertion } from "../../../lambda/adapters/okta-api/signing.ts";
import { type FakeOkta, fakeUser, startFakeOkta } from "../../fixtures/okta.ts";

let okta: FakeOkta;
beforeEach(async () => {
  okta = await startFakeOkta();
  okta.proofs.demanded = true;
  okta.users.push(...Array.from({ length: 450 }, (_, index) => fakeUser(index)));
});
afterEach(async () => {
  await okta.stop();
  expect(okta.invalid).toEqual([]);
});

const signal = () => AbortSignal.timeout(100_000);
const missingNonce = "Authorization server requires nonce in DPoP proof.";

/** A client whose pauses are none. */
function client(app: Partial<ServiceApp> = {}): OktaClient {
  const { orgUrl, clientId, privateKey } = okta;
  const authorize = authorizeByServiceApp(
    { orgUrl, clientId, privateKey: privateKey as PrivateJwk, scopes: ["okta.users.read"], ...app },
    Date.now,
  );
  return createOktaClient({ orgUrl, authorize, wait: async () => {}, now: Date.now, scopes: ["okta.users.read"] });
}

async function allUsers(asking: OktaClient): Promise<unknown[]> {
  const users: unknown[] = [];
  for (let next: string | null = "/api/v1/users?limit=200"; next !== null; ) {
    const page = await asking.getPage(next, signal());
    users.push(...page.items);
    next = page.next;
  }
  return users;
}

describe("an app that has to prove possession", () => {
  test("is asked once for a nonce, and then each request bears a proof of its own", async () => {
    expect(await allUsers(client())).toHaveLength(450);
    expect(okta.proofs.refused).toEqual([missingNonce]);
    const [ofToken, ...ofPages] = okta.proofs.taken;
    expect(ofToken).toMatchObject({ htm: "POST", htu: `${okta.orgUrl}/oauth2/v1/token`, nonce: expect.any(String) });
    expect(ofPages).toHaveLength(3);
    for (const claims of ofPages) {
      expect(claims).toMatchObject({ htm: "GET", htu: `${okta.orgUrl}/api/v1/users`, ath: expect.any(String) });
    }
    expect(okta.tokens()).toBe(1);
  });

  test.each(["serverError", "reset", "cut", "rateLimit"] as const)("proves anew at each try (%s)", async (kind) => {
    okta.limit = { requests: 600, seconds: 0 };
    okta.interfere = (request) => (request % 2 === 1 ? kind : "none");
    expect(await allUsers(client())).toHaveLength(450);
    expect(okta.proofs.refused).toEqual([missingNonce]);
    const ids = okta.proofs.taken.map(({ jti }) => jti);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("uses the newest nonce when the next token is due", async () => {
    const asking = client();
    await allUsers(asking);
    okta.revokeTokens();
    await allUsers(asking);
    expect(okta.proofs.refused).toEqual([missingNonce]);
    okta.proofs.renewNonces();
    okta.revokeTokens();
    await allUsers(asking);
    expect(okta.proofs.refused).toEqual([missingNonce, missingNonce]);
    expect(okta.tokens()).toBe(3);
  });

  test("gives the nonce that an API demands", async () => {
    okta.proofs.demandedByApis = true;
    const asking = client();
    expect(await allUsers(asking)).toHaveLength(450);
    okta.proofs.renewNonces();
    expect(await allUsers(asking)).toHaveLength(450);
    const refused = okta.proofs.refused.filter((reason) => reason.startsWith("Resource server"));
    expect(refused).toHaveLength(2);
    expect(okta.tokens()).toBe(1);
  });

  test("goes on when the nonce changes again before the next try, three times at most", async () => {
    okta.proofs.demandedByApis = true;
    let changes = 2;
    okta.proofs.onRefusal = () => {
      if (changes > 0) okta.proofs.renewNonces();
      changes -= 1;
    };
    expect(await allUsers(client())).toHaveLength(450);
    changes = Number.POSITIVE_INFINITY;
    okta.proofs.refused.length = 0;
    await expect(allUsers(client())).rejects.toMatchObject({ diagnosis: { cause: "proofRefused" } });
    expect(okta.proofs.refused).toHaveLength(4);
  });

  test("proves a change too, by its method", async () => {
    const { orgUrl, clientId, privateKey } = okta;
    const scopes = ["okta.eventHooks.read", "okta.eventHooks.manage"] as const;
    const authorize = authorizeByServiceApp(
      { orgUrl, clientId, privateKey: privateKey as PrivateJwk, scopes },
      Date.now,
    );
    const asking = createOktaClient({ orgUrl, authorize, wait: async () => {}, now: Date.now, scopes });
    expect(await asking.get("/api/v1/eventHooks", signal())).toEqual([]);
    await expect(asking.send("DELETE", "/api/v1/eventHooks/who9", undefined, signal())).rejects.toThrow(/\(404\)/);
    expect(okta.proofs.taken.at(-1)).toMatchObject({ htm: "DELETE", htu: `${orgUrl}/api/v1/eventHooks/who9` });
  });

  test.each([-900, 900])("proves by Okta's time when the clock differs by %i seconds", async (seconds) => {
    okta.clockAhead = seconds;
    expect(await allUsers(client())).toHaveLength(450);
  });

  test("whose clock jumps gets another token, and goes on", async () => {
    const asking = client();
    await allUsers(asking);
    okta.clockAhead = 600;
    expect(await allUsers(asking)).toHaveLength(450);
    expect(okta.tokens()).toBe(2);
  });

  test("whose proofs are refused for good is refused, with what Okta says, and not as an answer to the request", async () => {
    okta.proofs.refusal = "The DPoP proof JWT is not what it was.";
    const error = await allUsers(client()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OktaRefusal);
    expect(error).toMatchObject({
      code: "invalid_dpop_proof",
      status: null,
      message: expect.stringContaining("is not what it was"),
    });
  });

  test("shares one token among requests that start together", async () => {
    const asking = client();
    await Promise.all(Array.from({ length: 5 }, () => allUsers(asking)));
    expect(okta.tokens()).toBe(1);
  });
});

describe("an app without proofs of possession", () => {
  test("gets a bearer token, and sends no proof with it", async () => {
    okta.proofs.demanded = false;
    expect(await allUsers(client())).toHaveLength(450);
    expect(okta.proofs.taken).toEqual([]);
  });

  test("that has to prove possession from now on does so with the next token", async () => {
    okta.proofs.demanded = false;
    const asking = client();
    await allUsers(asking);
    okta.proofs.demanded = true;
    okta.revokeTokens();
    expect(await allUsers(asking)).toHaveLength(450);
    expect(okta.proofs.taken.length).toBeGreaterThan(0);
  });
});

describe("an app's key", () => {
  test.each([
    ["RSA", "pkcs1", () => generateKeyPairSync("rsa", { modulusLength: 2_048 })],
    ["P-256", "sec1", () => generateKeyPairSync("ec", { namedCurve: "P-256" })],
    ["P-384", "pkcs8", () => generateKeyPairSync("ec", { namedCurve: "P-384" })],
    ["P-521", "jwk", () => generateKeyPairSync("ec", { namedCurve: "P-521" })],
  ] as const)("of %s (%s) gets an access token", async (_, form, generate) => {
    const { publicKey, privateKey } = generate();
    okta.publicKey = publicKey;
    okta.keyId = "key-9";
    const given =
      form === "jwk"
        ? (privateKey.export({ format: "jwk" }) as JsonWebKey as PrivateJwk)
        : String(privateKey.export({ type: form as "pkcs8", format: "pem" }));
    expect(await allUsers(client({ privateKey: given, keyId: "key-9" }))).toHaveLength(450);
  });
});

describe("the org of these tests", () => {
  /** A token, and a request with a proof whose claims are bent. */
  async function bend(change: Partial<ProofClaims>, again = false): Promise<string | null> {
    const key = await createProofKey();
    const url = `${okta.orgUrl}/oauth2/v1/token`;
    const time = Date.now();
    const request = async (nonce: string | null) =>
      fetch(url, {
        method: "POST",
        headers: { dpop: await key.prove({ method: "POST", url, time, nonce, accessToken: null }) },
        body: new URLSearchParams({
          grant_type: "client_credentials",
          scope: "okta.users.read",
          client_assertion: await signAssertion(readPrivateKey(okta.privateKey as PrivateJwk), {
            clientId: okta.clientId,
            audience: url,
            time,
          }),
        }),
      });
    const nonce = (await request(null)).headers.get("dpop-nonce");
    const { access_token: accessToken } = (await (await request(nonce)).json()) as { access_token: string };
    const users = `${okta.orgUrl}/api/v1/users`;
    const dpop = await key.prove({ method: "GET", url: users, time, nonce: null, accessToken, ...change });
    const ask = () => fetch(`${users}?limit=1`, { headers: { authorization: `DPoP ${accessToken}`, dpop } });
    const answer = await ask();
    return (again ? await ask() : answer).headers.get("www-authenticate");
  }

  test("takes a proof that is right", async () => {
    expect(await bend({})).toBeNull();
  });

  test("refuses a proof that comes twice", async () => {
    expect(await bend({}, true)).toContain("has already been used");
  });

  test.each([
    ["htm", { method: "POST" }],
    ["htu", { url: "https://example.okta.com/api/v1/users" }],
    ["htu", { url: "https://example.okta.com/api/v1/logs" }],
    ["iat", { time: Date.now() - 600_000 }],
    ["ath", { accessToken: "another" }],
  ])("refuses a proof of another %s", async (claim, change) => {
    expect(await bend(change)).toContain(`error="invalid_dpop_proof", error_description="'${claim}' claim`);
  });

  test("refuses an old nonce", async () => {
    okta.proofs.demandedByApis = true;
    expect(await bend({ nonce: "an old one" })).toContain('error="use_dpop_nonce"');
  });
});
