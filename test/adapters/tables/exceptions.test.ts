import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { toAttribute } from "../../../lambda/adapters/aws/dynamodb/attribute-value.ts";
import { exceptionsOfUserId, openExceptions } from "../../../lambda/adapters/tables/exceptions.ts";
import type { Exception } from "../../../lambda/core/exceptions/exception.ts";
import { names } from "../../../local/resources.ts";
import { useEmulators } from "../../fixtures/emulators.ts";

const { dynamodb } = await useEmulators();

const exception = (id: string, until: string): Exception => ({
  id,
  scope: { user: "00u1" },
  by: "grace",
  reason: "asked her",
  createdAt: "2025-01-01T00:00:00.000Z",
  until,
  noticedAt: null,
});

test("an exception can be added beside 500 that ended long ago, of which 100 are removed each time", async () => {
  const ended = Array.from({ length: 500 }, (_, n) => exception(`ended-${n}`, "2026-01-01T00:00:00.000Z"));
  await dynamodb.send(
    new PutItemCommand({
      TableName: names.stateTable,
      Item: {
        id: { S: exceptionsOfUserId("00u1") },
        ...Object.fromEntries(
          ended.map((each) => [`exception#${each.id}`, toAttribute({ ...each, scope: { user: "00u1" } })]),
        ),
      },
    }),
  );
  const exceptions = await openExceptions(dynamodb, names.stateTable);
  const now = new Date("2026-11-24T09:00:00.000Z");
  const counts: number[] = [];
  for (let n = 0; n < 6; n += 1) {
    await exceptions.add(exception(`new-${n}`, "2026-12-31T00:00:00.000Z"), now);
    counts.push((await exceptions.list()).length);
  }
  expect(counts).toEqual([401, 302, 203, 104, 5, 6]);
});

test("an exception covers nothing, and is not listed, where no command could remove it: in another item, or under another name", async () => {
  const exceptions = await openExceptions(dynamodb, names.stateTable);
  const anyone: Exception = { ...exception("a", "2026-12-31T00:00:00.000Z"), scope: { asNumber: 64500 } };
  const one: Exception = { ...exception("b", "2026-12-31T00:00:00.000Z"), scope: { user: "00u2" } };
  const put = (id: string, name: string, value: Exception) =>
    dynamodb.send(
      new PutItemCommand({
        TableName: names.stateTable,
        Item: { id: { S: id }, [name]: toAttribute(JSON.parse(JSON.stringify(value))) },
      }),
    );
  const listed = async () =>
    (await exceptions.list())
      .map(({ id }) => id)
      .filter((id) => id === "a" || id === "b")
      .sort();
  await put("exceptions#anyone", "exception#x", anyone);
  await put("exceptions#user#00u3", "exception#b", one);
  expect(await listed()).toEqual([]);
  await put("exceptions#anyone", "exception#a", anyone);
  await put("exceptions#user#00u2", "exception#b", one);
  expect(await listed()).toEqual(["a", "b"]);
  for (const each of await exceptions.list()) expect(await exceptions.remove(each)).toBe(true);
  expect(await exceptions.list()).toEqual([]);
});
