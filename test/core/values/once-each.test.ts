import { expect, test } from "vitest";
import { onceEach } from "../../../lambda/core/values/once-each.ts";

test("a value is read once for each object, also where it is undefined", () => {
  const read: object[] = [];
  const find = onceEach((key: { readonly name: string }) => {
    read.push(key);
    return key.name === "" ? undefined : key.name;
  });
  const [first, second] = [{ name: "a" }, { name: "" }];
  expect([find(first), find(first), find(second), find(second)]).toEqual(["a", "a", undefined, undefined]);
  expect(read).toEqual([first, second]);
});
