import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import {
  authorizeByServiceApp,
  authorizeByToken,
  OktaRefusal,
} from "../../../lambda/adapters/okta-api/authorization.ts";
import { createOktaClient } from "../../../lambda/adapters/okta-api/client.ts";
import { createUsersApi } from "../../../lambda/adapters/okta-api/users-api.ts";
import { apiToken, type FakeOkta, fakeUser, startFakeOkta } from "../../fixtures/okta.ts";
import { errorSchema, userSchema } from "../../fixtures/okta-schemas.ts";

let okta: FakeOkta;
beforeEach(async () => {
  okta = await startFakeOkta();
  okta.users.push(...Array.from({ length: 450 }, (_, index) => fakeUser(index)));
});
afterEach(() => okta.stop());

const signal = () => AbortSignal.timeout(100_000);
const waits: number[] = [];
const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

function api(authorize = authorizeByToken(apiToken), waiting = false) {
  waits.length = 0;
  return createUsersApi(
    createOktaClient({
      orgUrl: okta.orgUrl,
      authorize,
      // Pauses between tries are only noted, but where the test is about waiting.
      wait: async (milliseconds) => {
        waits.push(milliseconds);
        if (waiting) await sleep(milliseconds);
      },
      now: Date.now,
      scopes: ["okta.users.read"],
    }),
  );
}

async function allIds(users = api()): Promise<string[]> {
  const ids: string[] = [];
  for (let next: string | null = users.firstPage(null); next !== null; ) {
    const page = await users.fetchPage(next, signal());
    ids.push(...page.users.map(({ id }) => id));
    next = page.next;
  }
  return ids;
}

describe("users", () => {
  test("are read page by page, each once; those who are gone are left out", async () => {
    okta.users.push(fakeUser(900, { status: "DEPROVISIONED" }));
    const ids = await allIds();
    expect(ids).toHaveLength(450);
    expect(new Set(ids).size).toBe(450);
    expect(okta.requests()).toBe(3);
  });

  test("changed since a time come with those who are gone", async () => {
    okta.users.push(fakeUser(900, { status: "DEPROVISIONED", lastUpdated: "2026-11-20T00:00:00.000Z" }));
    const users = api();
    const { users: changed } = await users.fetchPage(users.firstPage(new Date("2026-11-10T00:00:00Z")), signal());
    expect(changed.map(({ status }) => status)).toEqual(["DEPROVISIONED"]);
  });

  test("are fetched one by one, or null", async () => {
    expect((await api().fetchUser(fakeUser(1).id, signal()))?.profile.login).toBe("User1@example.com");
    expect(await api().fetchUser("00u/../nobody", signal())).toBeNull();
  });
});

describe("authorization", () => {
  test("by a service app signs for an access token, which serves for all requests", async () => {
    const { orgUrl, clientId, privateKey } = okta;
    const authorize = authorizeByServiceApp({ orgUrl, clientId, privateKey, scopes: ["okta.users.read"] }, Date.now);
    expect(await allIds(api(authorize))).toHaveLength(450);
    expect(okta.tokens()).toBe(1);
  });

  test("is fetched anew when Okta takes it no more, once", async () => {
    const { orgUrl, clientId, privateKey } = okta;
    const authorize = authorizeByServiceApp({ orgUrl, clientId, privateKey, scopes: ["okta.users.read"] }, Date.now);
    const users = api(authorize);
    await users.fetchPage(users.firstPage(null), signal());
    okta.revokeTokens();
    expect((await users.fetchPage(users.firstPage(null), signal())).users).toHaveLength(200);
    expect(okta.tokens()).toBe(2);
    // An org that takes none at all is asked for one more, and then refuses.
    okta.tokensServe = false;
    await expect(users.fetchPage(users.firstPage(null), signal())).rejects.toThrow(OktaRefusal);
    expect(okta.tokens()).toBe(3);
  });

  test("is fetched anew shortly before it ends", async () => {
    const { orgUrl, clientId, privateKey } = okta;
    let now = Date.now();
    const users = api(authorizeByServiceApp({ orgUrl, clientId, privateKey, scopes: ["okta.users.read"] }, () => now));
    await users.fetchUser(fakeUser(1).id, signal());
    await users.fetchUser(fakeUser(1).id, signal());
    expect(okta.tokens()).toBe(1);
    now += 3_545_000;
    await users.fetchUser(fakeUser(1).id, signal());
    expect(okta.tokens()).toBe(2);
  });

  test("that the org does not give says what to look at", async () => {
    const { orgUrl, privateKey } = okta;
    const wrong = authorizeByServiceApp(
      { orgUrl, clientId: "0oa1other", privateKey, scopes: ["okta.users.read"] },
      Date.now,
    );
    await expect(allIds(api(wrong))).rejects.toThrow(
      /Okta gave no access token \(400\): invalid_client.*To do: .*General > Client Credentials/,
    );
    await expect(allIds(api(wrong))).rejects.toThrow(OktaRefusal);
    expect(okta.requests()).toBe(0);
  });

  test("that is wrong is refused at once", async () => {
    await expect(allIds(api(authorizeByToken("wrong")))).rejects.toThrow(OktaRefusal);
    await expect(allIds(api(authorizeByToken("wrong")))).rejects.toThrow(
      /401.*Invalid token.*To do: .*Security > API > Tokens/,
    );
    expect(okta.requests()).toBe(2);
  });

  test("is not given to another host, whatever a link says", async () => {
    await expect(api().fetchPage("http://127.0.0.1:9/api/v1/users", signal())).rejects.toThrow(OktaRefusal);
  });
});

describe("trouble on the way", () => {
  test.each(["serverError", "reset"] as const)("(%s) is tried again, and no user is missed", async (kind) => {
    okta.interfere = (request) => (request % 2 === 1 ? kind : "none");
    expect(new Set(await allIds()).size).toBe(450);
  });

  test("that does not end is reported", async () => {
    okta.interfere = () => "serverError";
    await expect(allIds()).rejects.toThrow(/Okta failed 5 times: .*answered 500/);
  });

  test("that hangs ends with the signal", async () => {
    okta.interfere = () => "hang";
    await expect(api().fetchPage(api().firstPage(null), AbortSignal.timeout(100))).rejects.toThrow();
  });
});

test("a rate limit is obeyed: when it is used up, nothing is asked before it is lifted", async () => {
  okta.limit = { requests: 2, seconds: 2 };
  expect(await allIds(api(authorizeByToken(apiToken), true))).toHaveLength(450);
  expect(okta.violations()).toBe(0);
  expect(waits.length).toBeGreaterThan(0);
});

test("a 429 that comes all the same is waited out, and costs no try", async () => {
  okta.limit = { requests: 600, seconds: 1 };
  okta.interfere = (request) => (request <= 7 ? "rateLimit" : "none");
  expect(await allIds(api(authorizeByToken(apiToken), true))).toHaveLength(450);
});

test("what the org of these tests answers is valid by Okta's own schemas", async () => {
  okta.users[0] = fakeUser(0, { status: "DEPROVISIONED", profile: { login: "a@example.com", office: "Rome" } });
  const get = async (path: string, token = apiToken): Promise<unknown> =>
    (await fetch(new URL(path, okta.orgUrl), { headers: { authorization: `SSWS ${token}` } })).json();
  const page = await get("/api/v1/users?limit=200");
  expect(page).toHaveLength(200);
  for (const user of page as unknown[]) userSchema.parse(user);
  const search = encodeURIComponent('lastUpdated gt "2020-01-01T00:00:00.000Z"');
  expect(z.array(userSchema).parse(await get(`/api/v1/users?search=${search}`))[0]?.status).toBe("DEPROVISIONED");
  expect(userSchema.parse(await get(`/api/v1/users/${fakeUser(1).id}`)).id).toBe(fakeUser(1).id);
  errorSchema.parse(await get("/api/v1/users/nobody"));
  errorSchema.parse(await get("/api/v1/users", "wrong"));
  errorSchema.parse(await get("/api/v1/users?search=nonsense"));
});
