import { createHmac } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { createStateKey, deriveStateKey } from "../../../lambda/adapters/tables/state-key.ts";
import { userItemIds } from "../../../lambda/adapters/tables/user-item-ids.ts";

const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:key-AbCdEf";
const patience = 50;

/** A store of secrets with set answers, which counts requests. */
function store(answer: () => Promise<string | null>) {
  const asked: string[] = [];
  let time = 0;
  const getKey = (source: Parameters<typeof createStateKey>[0]) =>
    createStateKey(
      source,
      (of) => (stage) => {
        asked.push(`${of} ${stage}`);
        return answer();
      },
      patience,
      () => time,
    );
  const pass = (milliseconds: number) => {
    time += milliseconds;
  };
  return { getKey, asked, pass };
}
const soon = () => new AbortController().signal;

describe("the key", () => {
  test("is fetched once for concurrent requests, and is there at once from then on", async () => {
    const { getKey, asked } = store(async () => "secret");
    const get = getKey({ arn });
    const [first, second] = await Promise.all([get(soon()), get()]);
    expect(first).toEqual(Buffer.from("secret"));
    expect(second).toBe(first);
    expect(get(soon())).toBe(first);
    expect(asked).toEqual([`${arn} AWSCURRENT`]);
  });

  test("that cannot be fetched is not asked for again for ten seconds, and nothing waits for it meanwhile", async () => {
    let down = true;
    const { getKey, asked, pass } = store(async () => {
      if (down) throw new Error("down");
      return "secret";
    });
    const get = getKey({ arn });
    await expect(get(soon())).rejects.toThrow("down");
    pass(9_999);
    await expect(get(soon())).rejects.toThrow("down");
    expect(asked).toHaveLength(1);
    down = false;
    pass(1);
    expect(await get(soon())).toEqual(Buffer.from("secret"));
  });

  test("that hangs is waited for until the patience ends, and is there once it comes", async () => {
    const late = Promise.withResolvers<string>();
    const { getKey, asked } = store(() => late.promise);
    const get = getKey({ arn });
    await expect(get(soon())).rejects.toThrow(/timeout/i);
    await expect(get(soon())).rejects.toThrow(/timeout/i);
    late.resolve("secret");
    await vi.waitFor(() => expect(get(soon())).toEqual(Buffer.from("secret")));
    expect(asked).toHaveLength(1);
  });

  test.each([null, ""])("that is %j is none", async (secret) => {
    const { getKey } = store(async () => secret);
    await expect(getKey({ arn })(soon())).rejects.toThrow(`the secret ${arn} has no text`);
  });

  test("comes from the hook's secret where there is no other, and is not that secret", async () => {
    const { getKey, asked } = store(async () => "hook-secret");
    const derived = deriveStateKey("hook-secret");
    expect(getKey({ hookSecret: { value: "hook-secret" } })(soon())).toEqual(derived);
    expect(await getKey({ hookSecret: { arn } })(soon())).toEqual(derived);
    expect(asked).toHaveLength(1);
    expect(derived).toHaveLength(32);
    expect(deriveStateKey("another")).not.toEqual(derived);
  });

  test("is missing where neither secret is known", async () => {
    await expect(store(async () => "x").getKey(null)(soon())).rejects.toThrow(/STATE_KEY_ARN is not set/);
  });
});

describe("the id of an item", () => {
  const key = Buffer.from("the key of a deployment");

  test("of a login is the keyed hash that RFC 2104 defines, and holds no part of the login", () => {
    const [id, ...others] = userItemIds("login#tr0ub4dor&3", key);
    expect(id).toBe(`user#login#${createHmac("sha256", key).update("login#tr0ub4dor&3").digest("hex")}`);
    expect(others).toEqual([]);
    expect(userItemIds("login#tr0ub4dor&3", Buffer.from("another"))[0]).not.toBe(id);
  });

  test("of an Okta id is the id, and what an earlier release wrote is read beside it", () => {
    expect(userItemIds("id#00u1", key)).toEqual(["user#id#00u1", "user#00u1"]);
  });

  test.each(["login#00u1", "login#id#00u1", "login#login#00u1", "id#login#00u1", "id#id#00u1"] as const)(
    "of %s is that of no other kind",
    (user) => {
      const taken = [...userItemIds("id#00u1", key), ...userItemIds("login#x", key)];
      for (const id of userItemIds(user, key)) expect(taken).not.toContain(id);
    },
  );

  test("of a login with a lone surrogate is well-formed", () => {
    expect(userItemIds("login#\ud800", key)[0]).toMatch(/^user#login#[0-9a-f]{64}$/);
  });
});
