import fc from "fast-check";
import { v5 as uuidv5 } from "uuid";
import { expect, test } from "vitest";
import { uuidOf } from "../../../lambda/core/values/uuid.ts";

test("the UUIDv5 of a name is that of RFC 9562, whatever the name and the namespace", () => {
  // The example of RFC 9562, A.4, in the namespace of DNS.
  expect(uuidOf("www.example.com", "6ba7b810-9dad-11d1-80b4-00c04fd430c8")).toBe(
    "2ed6657d-e927-568b-95e1-2665a8aea6a2",
  );
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.uuid(), (name, namespace) => {
      expect(uuidOf(name, namespace)).toBe(uuidv5(name, namespace));
    }),
  );
});

test("a lone surrogate in a name is as what UTF-8 has in its place", () => {
  const namespace = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
  expect(uuidOf("a\ud800", namespace)).toBe(uuidv5("a\ufffd", namespace));
});
