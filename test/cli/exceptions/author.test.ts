import { expect, test } from "vitest";
import { findAuthor } from "../../../cli/exceptions/author.ts";

const find = (username: string, environment: Record<string, string> = {}, given?: string) =>
  findAuthor(given, username, environment);

test("the author is the user of the machine, where that is a person", () => {
  expect(find("grace")).toBe("grace");
  expect(find("grace", { CI: "false" })).toBe("grace");
});

test.each(["root", "ubuntu", "ec2-user", "runner", "jenkins", "Administrator"])(
  "the user %s is no person: --by has to say who",
  (username) => {
    expect(() => find(username)).toThrow(/--by is missing: the user .* is no person/);
    expect(find(username, {}, "ada")).toBe("ada");
  },
);

test.each(["true", "1", "TRUE"])("in CI (CI=%s) --by has to say who, whatever the user is", (CI) => {
  expect(() => find("grace", { CI })).toThrow(/runs in CI/);
  expect(find("grace", { CI }, "ada")).toBe("ada");
});
