import { expect, test } from "vitest";
import { fieldsOf, isObject } from "../../../lambda/core/values/object.ts";

test("an object is neither a list nor null nor text", () => {
  expect(isObject({})).toBe(true);
  for (const value of [[], null, undefined, "text", 1]) expect(isObject(value)).toBe(false);
});

test("the fields of an object are its own, and any other value has none", () => {
  const object = { name: "value" };
  expect(fieldsOf(object)).toBe(object);
  for (const value of [["value"], null, undefined, "text"]) expect(fieldsOf(value)).toEqual({});
});
