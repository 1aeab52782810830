import fc from "fast-check";
import { v5 } from "uuid";
import { expect, test } from "vitest";
import { uuidV5 } from "../../../lambda/core/values/uuid-v5.ts";
import { codePoint } from "../../fixtures/code-point.ts";

test("the id of a name is the one that the package uuid makes, in any namespace", () => {
  fc.assert(
    fc.property(fc.string({ unit: codePoint }), fc.uuid(), (text, namespace) => {
      const name = text.toWellFormed();
      expect(uuidV5(name, namespace)).toBe(v5(name, namespace));
    }),
  );
});

test("the id of RFC 9562's example is the one of the RFC, in either case of its namespace", () => {
  const domains = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
  expect(uuidV5("www.example.com", domains)).toBe("2ed6657d-e927-568b-95e1-2665a8aea6a2");
  expect(uuidV5("www.example.com", domains.toUpperCase())).toBe("2ed6657d-e927-568b-95e1-2665a8aea6a2");
});

test("a namespace that is no UUID is refused", () => {
  expect(() => uuidV5("name", "no-uuid")).toThrow('the namespace "no-uuid" is no UUID');
});
