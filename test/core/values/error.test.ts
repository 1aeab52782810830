import { expect, test } from "vitest";
import { codeOf, toError } from "../../../lambda/core/values/error.ts";

test("an error stays the same error", () => {
  const error = new TypeError("no");
  expect(toError(error)).toBe(error);
});

test.each([
  ["text", "no", "no"],
  ["nothing", undefined, "undefined"],
  ["an object", { reason: 1 }, "[object Object]"],
])("%s that was thrown becomes an error with its text", (_, thrown, message) => {
  expect(toError(thrown)).toBeInstanceOf(Error);
  expect(toError(thrown).message).toBe(message);
});

test("an error's code is read, and is null where there is none", () => {
  expect(codeOf(Object.assign(new Error("no"), { code: "ENOENT" }))).toBe("ENOENT");
  expect(codeOf(new Error("no"))).toBeNull();
  expect(codeOf({ code: "ENOENT" })).toBeNull();
});
