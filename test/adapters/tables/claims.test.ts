import { createHash } from "node:crypto";
import { DynamoDBClient, PutItemCommand, type PutItemCommandInput, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createClaims } from "../../../lambda/adapters/tables/claims.ts";
import type { ClaimResult } from "../../../lambda/core/pipeline/claims.ts";
import { names } from "../../../local/resources.ts";
import { useEmulators } from "../../fixtures/emulators.ts";
import { patientDynamodb } from "../../fixtures/timing.ts";

const emulators = await useEmulators();
afterEach(() => {
  emulators.faults.dynamodb.set(null);
  vi.useRealTimers();
});

const signal = () => AbortSignal.timeout(100_000);
const claims = () => createClaims(names.stateTable, patientDynamodb());
const end: ClaimResult = { outcome: "alerted", undecided: ["rule-1"], exceptions: ["exception-1"] };
const key = () => crypto.randomUUID();
const lease = 20_000;

describe("a claim", () => {
  test("is given once, to whichever function asks first", async () => {
    const event = key();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => claims().claim(event, { lease }, signal())));
    expect(outcomes.filter(({ kind }) => kind === "claimed")).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === "inProgress")).toHaveLength(7);
  });

  test("that is completed says so, and what could not be decided", async () => {
    const event = key();
    await claims().claim(event, { lease }, signal());
    await claims().complete(event, end, signal());
    expect(await claims().claim(event, { lease }, signal())).toEqual({ kind: "done", end });
  });

  test("can be looked up without being made", async () => {
    const event = key();
    expect(await claims().find(event, signal())).toBeNull();
    await claims().claim(event, { lease }, signal());
    expect(await claims().find(event, signal())).toMatchObject({ kind: "inProgress" });
    await claims().complete(event, end, signal());
    expect(await claims().find(event, signal())).toEqual({ kind: "done", end });
  });

  test("that is released is given anew", async () => {
    const event = key();
    await claims().claim(event, { lease }, signal());
    await claims().release(event, 0, signal());
    expect(await claims().claim(event, { lease }, signal())).toMatchObject({ kind: "claimed" });
  });

  test("says how often its alert may have been published by then: by claims that were released as such, or never", async () => {
    const event = key();
    expect(await claims().claim(event, { lease }, signal())).toEqual({ kind: "claimed", unconfirmed: 0 });
    await claims().release(event, 1, signal());
    expect(await claims().claim(event, { lease: 0 }, signal())).toEqual({ kind: "claimed", unconfirmed: 1 });
    // Its function was stopped: the claim expires, and whether it published is not known.
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await claims().claim(event, { lease }, signal())).toEqual({ kind: "claimed", unconfirmed: 2 });
    await claims().release(event, 2, signal());
    expect(await claims().claim(event, { lease }, signal())).toEqual({ kind: "claimed", unconfirmed: 2 });
  });

  test("says until when it stands", async () => {
    const event = key();
    await claims().claim(event, { lease }, signal());
    const found = await claims().find(event, signal());
    const until = found?.kind === "inProgress" ? (found.until?.getTime() ?? 0) : 0;
    expect(Math.abs(until - Date.now() - lease)).toBeLessThan(15_000);
  });

  test("on dead-lettered work is made when an operator asks for it, once, and not else", async () => {
    const event = key();
    const deadLettered: ClaimResult = { outcome: "deadLettered", undecided: [], exceptions: [] };
    await claims().claim(event, { lease }, signal());
    await claims().complete(event, deadLettered, signal());
    expect(await claims().claim(event, { lease }, signal())).toEqual({ kind: "done", end: deadLettered });
    const again = { lease, again: true };
    expect(await claims().claim(event, again, signal())).toEqual({ kind: "claimed", unconfirmed: 0 });
    expect(await claims().claim(event, again, signal())).toMatchObject({ kind: "inProgress" });
    await claims().complete(event, end, signal());
    expect(await claims().claim(event, again, signal())).toEqual({ kind: "done", end });
  });

  test("of an earlier release stands", async () => {
    const event = key();
    const client = new DynamoDBClient({});
    const put = (Item: PutItemCommandInput["Item"]) =>
      client.send(new PutItemCommand({ TableName: names.stateTable, Item }));
    // As Powertools' idempotency 2.35 wrote it.
    const id = { S: `alert#${createHash("sha256").update(`"${event}"`).digest("base64")}` };
    const expiration = { N: String(Math.round(Date.now() / 1_000 + 604_800)) };
    const in_progress_expiration = { N: String(Date.now() + 20_000) };
    await put({ id, expiration, status: { S: "INPROGRESS" }, in_progress_expiration });
    expect(await claims().claim(event, { lease }, signal())).toMatchObject({ kind: "inProgress" });
    const data = {
      M: { outcome: { S: "alerted" }, undecided: { L: [{ S: "rule-1" }] }, exceptions: { L: [{ S: "exception-1" }] } },
    };
    await put({ id, expiration, status: { S: "COMPLETED" }, in_progress_expiration, data });
    expect(await claims().claim(event, { lease }, signal())).toEqual({ kind: "done", end });
    client.destroy();
  });

  test("of a stopped function expires after twenty seconds", async () => {
    const event = key();
    await claims().claim(event, { lease }, signal());
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 19_000 });
    expect(await claims().claim(event, { lease }, signal())).toMatchObject({ kind: "inProgress" });
    vi.setSystemTime(Date.now() + 2_000);
    expect(await claims().claim(event, { lease }, signal())).toMatchObject({ kind: "claimed" });
  });

  test("is remembered for seven days, by the table's time to live", async () => {
    const event = key();
    await claims().claim(event, { lease }, signal());
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
    await claims().claim(event, { lease }, signal());
    expect(await claims().claim(`${event}#follow-up`, { lease }, signal())).toMatchObject({ kind: "claimed" });
  });
});

test.each(["refuse", "hang", "serverError", "throttle"] as const)(
  "a store that fails by %s is reported, in time",
  async (kind) => {
    emulators.faults.dynamodb.set({ kind });
    await expect(claims().claim(key(), { lease }, AbortSignal.timeout(400))).rejects.toThrow();
  },
);
