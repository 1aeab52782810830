import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { End } from "../../lambda/claims/claims.ts";
import { createClaims } from "../../lambda/claims/state-table.ts";
import { type Emulators, startEmulators } from "../../local/emulators.ts";
import { names } from "../../local/resources.ts";

let emulators: Emulators;
beforeAll(async () => {
  emulators = await startEmulators();
  Object.assign(process.env, emulators.environment);
});
afterEach(() => {
  emulators.faults.dynamodb.set(null);
  vi.useRealTimers();
});
afterAll(() => emulators.stop());

const signal = () => AbortSignal.timeout(5_000);
const claims = () => createClaims(names.stateTable);
const end: End = { outcome: "alerted", undecided: ["rule-1"], exceptions: ["exception-1"] };
const key = () => crypto.randomUUID();

describe("a claim", () => {
  test("is given once, to whichever function asks first", async () => {
    const event = key();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => claims().claim(event, signal())));
    expect(outcomes.filter(({ kind }) => kind === "claimed")).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === "underWay")).toHaveLength(7);
  });

  test("that is completed says so, and what could not be decided", async () => {
    const event = key();
    await claims().claim(event, signal());
    await claims().complete(event, end, signal());
    expect(await claims().claim(event, signal())).toEqual({ kind: "done", end });
  });

  test("can be looked up without being made", async () => {
    const event = key();
    expect(await claims().find(event, signal())).toBeNull();
    await claims().claim(event, signal());
    expect(await claims().find(event, signal())).toEqual({ kind: "underWay" });
    await claims().complete(event, end, signal());
    expect(await claims().find(event, signal())).toEqual({ kind: "done", end });
  });

  test("that is released is given anew", async () => {
    const event = key();
    await claims().claim(event, signal());
    await claims().release(event, signal());
    expect(await claims().claim(event, signal())).toEqual({ kind: "claimed" });
  });

  test("of whoever was stopped expires after twenty seconds", async () => {
    const event = key();
    await claims().claim(event, signal());
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 19_000 });
    expect(await claims().claim(event, signal())).toEqual({ kind: "underWay" });
    vi.setSystemTime(Date.now() + 2_000);
    expect(await claims().claim(event, signal())).toEqual({ kind: "claimed" });
  });

  test("is remembered for seven days, by the table's time to live", async () => {
    const event = key();
    await claims().claim(event, signal());
    await claims().complete(event, end, signal());
    const client = new DynamoDBClient({});
    const { Items = [] } = await client.send(new ScanCommand({ TableName: names.stateTable }));
    client.destroy();
    const days = Items.map(({ expiration }) => (Number(expiration?.N) - Date.now() / 1_000) / 86_400);
    expect(Math.max(...days)).toBeGreaterThan(6.9);
    expect(Math.max(...days)).toBeLessThanOrEqual(7.01);
  });

  test("for an event and for its follow-up are two", async () => {
    const event = key();
    await claims().claim(event, signal());
    expect(await claims().claim(`${event}#follow-up`, signal())).toEqual({ kind: "claimed" });
  });
});

test.each(["refuse", "hang", "serverError", "throttle"] as const)(
  "a store that fails by %s is told of, in time",
  async (kind) => {
    emulators.faults.dynamodb.set({ kind });
    await expect(claims().claim(key(), AbortSignal.timeout(400))).rejects.toThrow();
  },
);
