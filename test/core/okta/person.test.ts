import { describe, expect, test } from "vitest";
import { canonicalLogin, personKeys, personOf } from "../../../lambda/core/okta/person.ts";
import { logEvent } from "../../fixtures/events.ts";

const ada = { id: "00u1ada", type: "User", alternateId: "Ada@X.com", displayName: "Ada" };
const bob = { id: "00u2bob", type: "User", alternateId: "bob@x.com", displayName: "Bob" };
const system = { id: "00uSYSTEM", type: "SystemPrincipal", alternateId: "system@okta.com", displayName: "Okta System" };
const app = { id: "0oa1", type: "PublicClientApp", alternateId: "0oa1", displayName: "Sync" };
const stranger = { id: "unknown", type: "User", alternateId: "ada@x.com", displayName: "unknown" };

describe("the person of an event", () => {
  test.each([
    ["is the actor of a sign-in", "user.session.start", ada, null, "00u1ada"],
    ["is the actor of an act, whomever it was done to", "user.mfa.factor.reset_all", ada, [bob], "00u1ada"],
    ["is the target of a change of risk that Okta reports", "user.risk.detect", system, [bob], "00u2bob"],
    ["is the target of a change of risk that an administrator reports", "user.risk.change", ada, [bob], "00u2bob"],
    ["is the target wherever the actor is Okta itself", "user.session.context.change", system, [bob], "00u2bob"],
    [
      "is the target wherever the actor is an app",
      "user.account.privilege.grant",
      app,
      [{ ...app, type: "AppInstance" }, bob],
      "00u2bob",
    ],
    ["is the actor of a change of risk without a target", "user.risk.change", ada, [], "00u1ada"],
    ["is none where Okta itself starts a session", "user.session.start", system, null, undefined],
    [
      "is none where Okta itself, known by its login, does",
      "user.session.start",
      { ...system, type: null },
      null,
      undefined,
    ],
    ["is none where no person is named", "user.session.start", null, null, undefined],
    ["is one without an id where Okta knows no such user", "user.session.start", stranger, null, null],
  ])("%s", (_, eventType, actor, target, id) => {
    expect(personOf(logEvent({ eventType, actor, target }))?.id).toBe(id);
  });

  test("is known only where it has an id", () => {
    expect(personOf(logEvent({ actor: stranger }))).toEqual({
      id: null,
      login: "ada@x.com",
      displayName: null,
      isKnown: false,
    });
    expect(personOf(logEvent({ actor: ada }))).toMatchObject({ isKnown: true });
  });
});

describe("what a person is looked up by", () => {
  test.each([
    ["is id and login", { id: "00u1", alternateId: "Ada@X.com", type: "User" }, ["00u1", "ada@x.com"]],
    ["is the login alone, of an unknown actor", { id: "unknown", alternateId: "ada@x.com" }, ["ada@x.com"]],
    ["is nothing, of Okta's own actors", { id: "spr1", alternateId: "system@okta.com", type: "SystemPrincipal" }, []],
    ["is nothing without a person", null, []],
    ["is nothing that DynamoDB would refuse", { id: "x".repeat(501), alternateId: "" }, []],
  ])("%s", (_, actor, keys) => {
    expect(personKeys(logEvent({ actor }))).toEqual(keys);
  });

  test("is the same login in any case and Unicode form", () => {
    expect(canonicalLogin("Ada\u0308@X.com")).toBe(canonicalLogin("ad\u00e4@x.COM".normalize("NFC")));
    expect(canonicalLogin("a\ud800@x.com").isWellFormed()).toBe(true);
  });
});
