import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { sdkDynamodb } from "../../../lambda/adapters/aws/dynamodb/sdk.ts";
import { createCountDay, readDays, removePerson } from "../../../lambda/adapters/tables/day-counts.ts";
import {
  type DayCounts,
  fixedNames,
  maximumNumbers,
  maximumPersons,
  nameOf,
} from "../../../lambda/core/digest/day-counts.ts";
import { names } from "../../../local/resources.ts";
import { useEmulators } from "../../fixtures/emulators.ts";
import { endless, patientClient, patientDynamodb } from "../../fixtures/timing.ts";

const { dynamodb } = await useEmulators();

const counts = (numbers: Readonly<Record<string, number>>, persons: readonly string[] = []): DayCounts => ({
  numbers: new Map(Object.entries(numbers)),
  persons: new Set(persons),
});

/** A function's instance of the store. */
const instance = () => {
  const add = createCountDay(names.stateTable, patientDynamodb());
  return (day: string, added: DayCounts) => add(day, added, AbortSignal.timeout(endless));
};
const read = async (day: string) => (await readDays(dynamodb, names.stateTable, [day])).get(day);
const size = (day: DayCounts | undefined) => day?.numbers.size ?? 0;

test("counts of one day add up, and a day without any is left out", async () => {
  const add = instance();
  await add("2026-11-02", counts({ signIns: 1, "kind#tor": 1, "operator#NORD_VPN": 2 }, ["ada@example.com"]));
  await add(
    "2026-11-02",
    counts({ signIns: 2, "kind#vpn": 1, "operator#NORD_VPN": 1 }, ["ada@example.com", "grace@example.com"]),
  );
  const days = await readDays(dynamodb, names.stateTable, ["2026-11-01", "2026-11-02"]);
  expect([...days.keys()]).toEqual(["2026-11-02"]);
  expect(Object.fromEntries(days.get("2026-11-02")?.numbers ?? [])).toEqual({
    signIns: 3,
    "kind#tor": 1,
    "kind#vpn": 1,
    "operator#NORD_VPN": 3,
  });
  expect(days.get("2026-11-02")?.persons).toEqual(new Set(["ada@example.com", "grace@example.com"]));
});

test("the item of a day expires 35 days after its end", async () => {
  await instance()("2026-11-03", counts({ alerts: 1 }));
  const { Item } = await dynamodb.send(
    new GetItemCommand({ TableName: names.stateTable, Key: { id: { S: "digest#2026-11-03" } } }),
  );
  expect(Number(Item?.expiration?.N) * 1_000).toBe(Date.parse("2026-12-09T00:00:00Z"));
});

test("a hundred functions that begin a day at once lose no count", async () => {
  const added = Array.from({ length: 100 }, (_, index) =>
    instance()("2026-11-04", counts({ signIns: 1, [nameOf("operator", `VPN_${index % 10}`)]: 1 }, [`u${index % 40}`])),
  );
  await Promise.all(added);
  const day = await read("2026-11-04");
  expect(day?.numbers.get("signIns")).toBe(100);
  expect([...(day?.numbers ?? [])].filter(([name]) => name.startsWith("operator#"))).toHaveLength(10);
  expect(Array.from({ length: 10 }, (_, index) => day?.numbers.get(`operator#VPN_${index}`))).toEqual(
    Array.from({ length: 10 }, () => 10),
  );
  expect(day?.persons.size).toBe(40);
});

test("a flood of operators and persons, from many functions at once, keeps the day within its bound and loses no count", async () => {
  const functions = Array.from({ length: 20 }, instance);
  const work = functions.map(async (add, worker) => {
    for (let round = 0; round < 20; round += 1) {
      const name = `${worker}-${round}`;
      const own = [nameOf("operator", `A-${name}`), nameOf("operator", `B-${name}`), nameOf("exception", name)];
      await add("2026-11-05", counts(Object.fromEntries([...own, "signIns"].map((each) => [each, 1])), [name]));
    }
  });
  await Promise.all(work);
  const day = await read("2026-11-05");
  const sum = (prefix: string) =>
    [...(day?.numbers ?? [])].reduce((all, [name, count]) => all + (name.startsWith(prefix) ? count : 0), 0);
  expect(day?.numbers.get("signIns")).toBe(400);
  expect(sum("operator#") + sum("other#operator")).toBe(800);
  expect(sum("exception#") + sum("other#exception")).toBe(400);
  expect(sum("other#operator")).toBeGreaterThan(400);
  // Names of every day that were never counted are in the item as well.
  const unused = fixedNames.filter((name) => !day?.numbers.has(name)).length;
  expect(size(day) + unused).toBeLessThanOrEqual(maximumNumbers);
  expect(size(day) + unused).toBeGreaterThan(maximumNumbers - 4);
  expect(day?.persons.size).toBeLessThanOrEqual(maximumPersons);
  expect(day?.persons.size).toBeGreaterThan(maximumPersons - 4);
});

test("a person's names are removed from every day, and the numbers stay", async () => {
  const add = instance();
  const persons = ["Linus@example.com", "grace@example.com"];
  for (const day of ["2026-10-20", "2026-11-20"]) await add(day, counts({ newPersons: 2 }, persons));
  await add("2026-11-21", counts({ newPersons: 1 }, ["grace@example.com"]));
  const now = new Date("2026-11-24T10:00:00Z");
  const remove = () =>
    removePerson(dynamodb, names.stateTable, (name) => name.toLowerCase() === "linus@example.com", now);
  expect([await remove(), await remove()]).toEqual([2, 0]);
  for (const day of ["2026-10-20", "2026-11-20"]) {
    expect(await read(day)).toEqual(counts({ newPersons: 2 }, ["grace@example.com"]));
  }
});

test("a function that knows a day to be full adds to it with one write", async () => {
  const client = new DynamoDBClient(patientClient);
  const calls: string[] = [];
  client.middlewareStack.add(
    (next, context) => (input) => {
      calls.push(String(context.commandName));
      return next(input);
    },
    { step: "initialize" },
  );
  const count = createCountDay(names.stateTable, async () => sdkDynamodb(client));
  const add = (day: string, added: DayCounts) => count(day, added, AbortSignal.timeout(endless));
  for (let round = 0; round < 60; round += 1) {
    const open = Array.from({ length: 5 }, (_, index) => [nameOf("operator", `${round}-${index}`), 1] as const);
    await add("2026-11-06", counts(Object.fromEntries(open), [`u${round}`]));
  }
  calls.length = 0;
  await add("2026-11-06", counts({ [nameOf("operator", "further")]: 1, signIns: 1 }, ["further"]));
  expect(calls).toEqual(["UpdateItemCommand"]);
  client.destroy();
  const day = await read("2026-11-06");
  expect(day?.numbers.get("signIns")).toBe(1);
  expect(day?.numbers.get("other#operator")).toBeGreaterThan(0);
});
