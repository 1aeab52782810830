import { describe, expect, test } from "vitest";
import { profileKeys } from "../lambda/decision.ts";
import { logEvent } from "./fixtures/events.ts";

describe("the keys of a profile", () => {
  test.each([
    ["id and login", { id: "00u1", alternateId: "Ada@X.com", type: "User" }, ["00u1", "ada@x.com"]],
    ["login alone, of an unknown actor", { id: "unknown", alternateId: "ada@x.com" }, ["ada@x.com"]],
    ["none, of Okta's own actors", { id: "spr1", alternateId: "system@okta.com", type: "SystemPrincipal" }, []],
    ["none, of nobody", null, []],
    ["none that DynamoDB would refuse", { id: "x".repeat(501), alternateId: "" }, []],
  ])("are %s", (_, actor, keys) => {
    expect(profileKeys(logEvent({ actor }))).toEqual(keys);
  });
});
