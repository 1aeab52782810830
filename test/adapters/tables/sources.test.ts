import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import { createSources } from "../../../lambda/adapters/tables/sources.ts";
import { type GatheredSignIn, maximumGathered } from "../../../lambda/core/storms/gathering.ts";
import type { SourceEvent } from "../../../lambda/core/storms/source.ts";
import { BusySourceError } from "../../../lambda/core/storms/sources.ts";
import { maximumReasonKinds, maximumUsers, stormMilliseconds } from "../../../lambda/core/storms/storm.ts";
import { names } from "../../../local/resources.ts";
import { useEmulators } from "../../fixtures/emulators.ts";
import { patientDynamodb } from "../../fixtures/timing.ts";

const emulators = await useEmulators();

const signal = () => AbortSignal.timeout(100_000);
const sources = () => createSources(names.stateTable, patientDynamodb());
const start = new Date("2026-11-24T09:30:00Z");
const later = (milliseconds: number) => new Date(start.getTime() + milliseconds);
const limits = { stormAfter: 5, sourceAlertsPerHour: 20 };
const source = () => `network#AS64500#${crypto.randomUUID()}`;

function attempt(name: string, login = `${name}@example.com`, reasons: readonly string[] = []): SourceEvent {
  return { key: name, succeeded: false, login, person: name, reasons };
}

/** The bytes of an item, as DynamoDB counts them: names, texts, and at most 21 for a number. */
async function bytesOf(id: string): Promise<number> {
  const client = new DynamoDBClient({});
  const { Item = {} } = await client.send(
    new GetItemCommand({ TableName: names.stateTable, Key: { id: { S: id } }, ConsistentRead: true }),
  );
  client.destroy();
  const bytes = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? Object.entries(value).reduce((sum, [name, each]) => sum + Buffer.byteLength(name) + 1 + bytes(each), 3)
      : Buffer.byteLength(String(value));
  return bytes(Item);
}

describe("failed attempts", () => {
  test("of two hundred at once are numbered, so that exactly those that come singly do", async () => {
    const key = source();
    const stores = Array.from({ length: 10 }, sources);
    const counted = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        stores[index % stores.length]?.count(key, attempt(`event-${index}`), limits, start, signal()),
      ),
    );
    const numbers = counted.map((each) => each?.number ?? 0).sort((first, second) => first - second);
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(await sources().read(key, signal())).toMatchObject({ attempts: 200, more: 0 });
    expect((await sources().read(key, signal()))?.users.size).toBe(200);
  });

  test("are counted once by the event, whose number stays", async () => {
    const [key, store] = [source(), sources()];
    for (const name of ["a", "b", "c"]) await store.count(key, attempt(name), limits, start, signal());
    expect(await store.count(key, attempt("b"), limits, later(5_000), signal())).toMatchObject({
      isNew: false,
      number: 2,
      storm: { attempts: 3 },
    });
  });

  test("count anew ten minutes after the first, unless they are a storm that is watched", async () => {
    const [few, many, store] = [source(), source(), sources()];
    for (let index = 0; index < 5; index += 1) await store.count(few, attempt(`e${index}`), limits, start, signal());
    for (let index = 0; index < 6; index += 1) await store.count(many, attempt(`e${index}`), limits, start, signal());
    await store.watch(many, start.getTime(), { id: "watcher", by: start.getTime() }, start, signal());
    const tenMinutes = later(stormMilliseconds);
    expect(await store.count(few, attempt("later"), limits, tenMinutes, signal())).toMatchObject({ number: 1 });
    expect(await store.count(many, attempt("later"), limits, tenMinutes, signal())).toMatchObject({ number: 7 });
  });

  test("that turn out to be no news are taken back, with their number", async () => {
    const [key, store] = [source(), sources()];
    await store.count(key, attempt("a"), limits, start, signal());
    await store.count(key, attempt("b"), limits, start, signal());
    await store.takeBack(key, attempt("b"), start.getTime(), signal());
    await store.takeBack(key, attempt("b"), start.getTime(), signal());
    const storm = await store.read(key, signal());
    expect(storm).toMatchObject({ attempts: 1 });
    expect([...(storm?.users ?? [])]).toEqual([["a@example.com", 1]]);
    expect(await store.count(key, attempt("c"), limits, start, signal())).toMatchObject({ number: 2 });
  });

  test("of a flood grow the item to a bound: logins beyond it are counted, keys of old events are forgotten", async () => {
    const [key, store] = [source(), sources()];
    const login = (index: number) => `somebody.with-a-rather-long-name.${index}@subsidiary.example.com`;
    const sizes: number[] = [];
    for (let index = 0; index < 400; index += 1) {
      const event = attempt(`event-${index}`, login(index), ["INVALID_CREDENTIALS", `REASON_${index % 50}`]);
      await store.count(key, event, limits, later(index), signal());
      if (index % 100 === 99) sizes.push(await bytesOf(`source#${key}`));
    }
    const storm = await store.read(key, signal());
    expect(storm?.users.size).toBeLessThanOrEqual(maximumUsers);
    const named = [...(storm?.users.values() ?? [])].reduce((sum, each) => sum + each, 0);
    expect(storm).toMatchObject({ attempts: 400, more: 400 - named });
    expect(storm?.reasons.size).toBeLessThanOrEqual(30);
    print(`item bytes after each 100 of 400 attempts: ${sizes.join(", ")}`);
    expect(Math.max(...sizes)).toBeLessThan(40_000);
    // The numbers of single alerts stay known.
    expect(await store.count(key, attempt("event-0", login(0)), limits, later(2_000), signal())).toMatchObject({
      isNew: false,
      number: 1,
    });
  });
});

describe("a storm", () => {
  const rage = async () => {
    const [key, store] = [source(), sources()];
    for (let index = 0; index < 7; index += 1) await store.count(key, attempt(`e${index}`), limits, start, signal());
    return { key, store, since: start.getTime() };
  };

  test("are counted on, however many sessions start between two of them", async () => {
    const [key, store] = [source(), sources()];
    for (let index = 0; index < 250; index += 1) await store.count(key, attempt(`e${index}`), limits, start, signal());
    for (let index = 0; index < 120; index += 1) {
      const success = { ...attempt(`s${index}`, `user${index % 10}@example.com`), succeeded: true };
      await store.addSuccess(key, success, start.getTime(), signal());
    }
    for (let index = 250; index < 300; index += 1)
      await store.count(key, attempt(`e${index}`), limits, start, signal());
    expect(await store.read(key, signal())).toMatchObject({ attempts: 300 });
  });

  test("has one watcher until that is overdue", async () => {
    const { key, store, since } = await rage();
    const by = later(60_000).getTime();
    const watches = await Promise.all(
      ["a", "b", "c"].map((id) => store.watch(key, since, { id, by }, start, signal())),
    );
    expect(watches.filter(Boolean)).toHaveLength(1);
    expect(await store.watch(key, since, { id: "late", by }, later(59_000), signal())).toBe(false);
    expect(await store.watch(key, since, { id: "late", by: by + 1, reported: 7 }, later(61_000), signal())).toBe(true);
    expect(await store.read(key, signal())).toMatchObject({ watcher: "late", watchBy: by + 1, reported: 7 });
  });

  test("ends where no attempt has come; the next attempt counts anew", async () => {
    const { key, store, since } = await rage();
    expect(await store.end(key, { since, attempts: 6 }, signal())).toBe(false);
    expect(await store.end(key, { since, attempts: 7 }, signal())).toBe(true);
    expect(await store.watch(key, since, { id: "late", by: 0 }, later(1), signal())).toBe(false);
    const counted = await store.count(key, attempt("next"), limits, later(1_000), signal());
    expect(counted).toMatchObject({ number: 1, storm: { ended: false, watcher: null, reported: 0 } });
  });

  test("counts what ThreatInsight says, each event once, within its bounds, until it ends", async () => {
    const { key, store, since } = await rage();
    const threat = (name: string, reasons = ["ThreatInsight: Password Spray"]) =>
      store.addReasons(key, { key: name, reasons }, since, signal());
    await threat("t1");
    await threat("t1");
    await threat("t2", ["ThreatInsight: Password Spray", "ThreatInsight: Login failures"]);
    const reasons = async () => [...((await store.read(key, signal()))?.reasons ?? [])].sort();
    const counted = [
      ["ThreatInsight: Login failures", 1],
      ["ThreatInsight: Password Spray", 2],
    ];
    expect(await reasons()).toEqual(counted);
    for (let index = 0; index < 40; index += 1) await threat(`r${index}`, [`ThreatInsight: ${index}`]);
    expect(await reasons()).toHaveLength(maximumReasonKinds);
    await store.end(key, { since, attempts: 7 }, signal());
    await threat("late");
    expect(await reasons()).toContainEqual(counted[1]);
  });

  test("names the sessions that start in it, each once", async () => {
    const { key, store, since } = await rage();
    const success = { ...attempt("s", "ada@example.com"), succeeded: true };
    expect(await store.count(key, success, limits, start, signal())).toMatchObject({
      number: 0,
      storm: { attempts: 7 },
    });
    await store.addSuccess(key, success, since, signal());
    await store.addSuccess(key, success, since, signal());
    expect([...((await store.read(key, signal()))?.succeeded ?? [])]).toEqual([["ada@example.com", 1]]);
  });
});

describe("sessions that started", () => {
  const success = (name: string): SourceEvent => ({ ...attempt(name), key: `event-${name}`, succeeded: true });

  test("of a hundred persons at once are within the limit for exactly as many as it names", async () => {
    const key = source();
    const stores = Array.from({ length: 10 }, sources);
    const count = (index: number) =>
      stores[index % stores.length]?.count(key, success(`person-${index}`), limits, start, signal());
    const counted = await Promise.all(Array.from({ length: 100 }, (_, index) => count(index)));
    expect(counted.filter((each) => each?.isSurplus === false)).toHaveLength(20);
    const within = counted.findIndex((each) => each?.isSurplus === false);
    expect(await count(within)).toMatchObject({ isSurplus: false });
    const hour = later(3_600_000);
    expect(await sources().count(key, success("next"), limits, hour, signal())).toMatchObject({ isSurplus: false });
  });

  test("that are excepted take no place", async () => {
    const [key, store] = [source(), sources()];
    const one = { ...limits, sourceAlertsPerHour: 1 };
    expect(await store.count(key, success("a"), one, start, signal())).toMatchObject({ isNew: true, isSurplus: false });
    await store.takeBack(key, success("a"), 0, signal());
    expect(await store.count(key, success("b"), one, start, signal())).toMatchObject({ isSurplus: false });
    expect(await store.count(key, success("c"), one, start, signal())).toMatchObject({ isSurplus: true });
  });

  test("and failed attempts share the item of their source, and no count", async () => {
    const [key, store] = [source(), sources()];
    await store.count(key, success("a"), limits, start, signal());
    expect(await store.count(key, attempt("b"), limits, start, signal())).toMatchObject({ number: 1 });
    expect(await store.count(key, success("c"), limits, start, signal())).toMatchObject({ storm: { attempts: 1 } });
  });
});

describe("a gathering", () => {
  const signs = { knownDevice: true, usualHour: null, usualPlace: false, asNumber: 64_500 };
  const signIn = (person: string, key = `event-${person}`): GatheredSignIn => ({
    key,
    person,
    login: `${person}@example.com`,
    severity: "high",
    signs,
  });
  const gathering = () => ({ source: source(), start: start.getTime() });

  test("names each of a hundred persons at once, and counts a sign-in once", async () => {
    const [key, store] = [gathering(), sources()];
    const gather = (index: number) => store.gather(key, signIn(`person-${index}`), signal());
    await Promise.all(Array.from({ length: 100 }, (_, index) => gather(index)));
    await gather(7);
    await store.gather(key, signIn("person-7", "another"), signal());
    const closed = await store.close(key, signal());
    expect(closed?.persons).toHaveLength(100);
    expect(closed?.persons.filter(({ count }) => count > 1)).toEqual([
      { login: "person-7@example.com", severity: "high", count: 2, signs },
    ]);
  });

  test("takes no sign-in once it is closed, and stays as it is", async () => {
    const [key, store] = [gathering(), sources()];
    expect(await store.gather(key, signIn("a"), signal())).toEqual({ parked: false });
    await store.setParked(key, signal());
    expect(await store.gather(key, signIn("b"), signal())).toEqual({ parked: true });
    const closed = await store.close(key, signal());
    expect(await store.gather(key, signIn("c"), signal())).toBeNull();
    expect(await store.close(key, signal())).toEqual(closed);
    expect(await store.close(gathering(), signal())).toBeNull();
  });

  test("counts the persons beyond those that it names, within a bounded item", async () => {
    const [key, store] = [gathering(), sources()];
    for (let index = 0; index < maximumGathered + 20; index += 1) {
      await store.gather(key, signIn(`somebody.with-a-rather-long-name.${index}`), signal());
    }
    const bytes = await bytesOf(`gathered#${key.start}#${key.source}`);
    print(`item bytes of a full gathering: ${bytes}`);
    expect(bytes).toBeLessThan(100_000);
    const closed = await store.close(key, signal());
    expect([closed?.persons.length, closed?.more]).toEqual([maximumGathered, 20]);
  });
});

test("an item that no attempt is counted in, or that cannot be read, is no storm", async () => {
  const [key, client] = [source(), new DynamoDBClient({})];
  await client.send(
    new UpdateItemCommand({
      TableName: names.stateTable,
      Key: { id: { S: `source#${key}` } },
      UpdateExpression: "SET since = :text",
      ExpressionAttributeValues: { ":text": { S: "yesterday" } },
    }),
  );
  client.destroy();
  expect(await sources().read(key, signal())).toBeNull();
  expect(await sources().read(source(), signal())).toBeNull();
});

test("a source that DynamoDB takes no more writes of is busy", async () => {
  emulators.faults.dynamodb.set({ kind: "throttle" });
  await expect(sources().count(source(), attempt("a"), limits, start, signal())).rejects.toThrow(BusySourceError);
});

test("a store that does not answer rejects", async () => {
  emulators.faults.dynamodb.set({ kind: "refuse" });
  await expect(sources().count(source(), attempt("a"), limits, start, signal())).rejects.toThrow();
});

/** Shown by the reporter. */
function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
