import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findMask, looksLikeLogin, maskEvent, masked } from "../../../lambda/core/okta/stranger.ts";
import { codePoint } from "../../fixtures/code-point.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";

const typed = "T3stPassw0rd-example!";
const anyAddress = (login: string) => looksLikeLogin(login, []);

function stranger(login: string, more: Json = {}) {
  return logEvent({
    actor: { id: "unknown", type: "User", alternateId: login, displayName: "unknown" },
    outcome: { result: "FAILURE", reason: "VERIFICATION_ERROR" },
    ...more,
  });
}

describe("a text that looks like a login", () => {
  test.each(["ada@example.com", "Ada.Marques+x@sub.example.co.uk", "o'neil@example.com", "a@b.io"])(
    "%s does",
    (login) => {
      expect(looksLikeLogin(login, [])).toBe(true);
    },
  );

  test.each([
    typed,
    "Summer@2024",
    "hunter2@home",
    "https://evil.example/reset",
    "ada",
    "",
    "a@b@c.com",
    "x y@example.com",
    "ada@example.com\n",
  ])("%j does not", (login) => {
    expect(looksLikeLogin(login, [])).toBe(false);
  });

  test("is of one of the org's domains where those are given", () => {
    expect(looksLikeLogin("ada@Example.com", ["example.com"])).toBe(true);
    expect(looksLikeLogin("P@ssw0rd.com", ["example.com"])).toBe(false);
  });
});

describe("what a stranger typed", () => {
  test("is masked wherever it stands in the event, in any case and encoding, and nothing else is", () => {
    const event = stranger(typed, {
      displayMessage: `User login of ${typed.toUpperCase()}`,
      target: [{ id: null, type: "User", alternateId: typed, displayName: typed }],
      debugContext: {
        debugData: { url: `/login?username=${encodeURIComponent(typed)}`, list: [{ deep: ` ${typed} ` }] },
      },
    });
    const mask = findMask(event, anyAddress);
    const { received, fields } = maskEvent(event, mask ?? String);
    expect(JSON.stringify(received).toLowerCase()).not.toContain("passw0rd");
    expect(fields.actor).toMatchObject({ id: "unknown", alternateId: masked });
    expect(received).toMatchObject({
      uuid: event.uuid,
      displayMessage: `User login of ${masked}`,
      client: event.received.client,
      debugContext: { debugData: { url: `/login?username=${masked}`, list: [{ deep: masked }] } },
    });
  });

  test.each<[string, Json]>([
    ["of an actor that Okta knows", { actor: { id: "00u1", type: "User", alternateId: typed } }],
    ["of Okta itself", { actor: { id: "unknown", type: "SystemPrincipal", alternateId: "system" } }],
    ["of no person", { actor: null }],
    [
      "that is a login of the org",
      { actor: { id: "unknown", type: "User", alternateId: "ada@example.com", displayName: "Ada" } },
    ],
    ["that Okta left out", { actor: { id: "unknown", type: "User", alternateId: "unknown", displayName: "unknown" } }],
  ])("is not masked %s", (_, event) => {
    expect(findMask(logEvent(event), anyAddress)).toBeNull();
  });

  test.each([
    ["percent-encoded, also where URLs need not be", "Summer2026!", "/authn?username=Summer2026%21"],
    ["doubly percent-encoded", "Summer 2026!", "/authn?u=Summer%252020%32%36%21"],
    ["with + for spaces", "my secret pass", "/authn?u=my+secret+pass"],
    ["as HTML", 'p"ss<w0rd', "p&quot;ss&lt;w0rd"],
    ["escaped as JSON", "p\u00e4ssw0rd", '{"u":"p\\u00e4ssw0rd"}'],
    ["in the other Unicode form", "p\u00e4ssw0rd", "pa\u0308ssw0rd"],
  ])("is masked %s", (_, login, note) => {
    const event = stranger(login, { note, [login]: 1 });
    const { received } = maskEvent(event, findMask(event, anyAddress) ?? String);
    expect(received.note).toContain(masked);
    expect(Object.keys(received)).not.toContain(login);
    expect(JSON.stringify(received)).not.toMatch(/w0rd|Summer|secret/);
  });

  test.each(["FAILURE", "203.0.113.77", "Canada", "TOR", "HIGH", "User", "   ", "null"])(
    "%j blots out nothing that Okta itself writes",
    (login) => {
      const event = stranger(login, {
        securityContext: { isProxy: true, risk: { level: "HIGH" } },
        debugContext: { debugData: { tunnels: '[{"anonymous":true,"operator":null,"type":"TOR"}]', proxyType: "TOR" } },
      });
      const { received } = maskEvent(event, findMask(event, anyAddress) ?? String);
      for (const name of ["client", "outcome", "securityContext", "debugContext", "authenticationContext"]) {
        expect(received[name]).toEqual(event.received[name]);
      }
      expect(received.actor).toMatchObject({ id: "unknown", type: "User" });
    },
  );

  test("is masked whatever type Okta gives the actor, and whatever name stands beside it", () => {
    for (const actor of [
      { id: "unknown", type: "PublicClientApp", alternateId: typed, displayName: "x" },
      { id: "unknown", type: "User", alternateId: typed, displayName: "ada@example.com" },
    ]) {
      const event = logEvent({ actor });
      expect(JSON.stringify(maskEvent(event, findMask(event, anyAddress) ?? String).received)).not.toContain(typed);
    }
  });

  test("is masked as a whole alone where it is so short that it stands in other texts by chance", () => {
    const event = stranger("us", {
      note: ["Austria", "US"],
    });
    const { received } = maskEvent(event, findMask(event, anyAddress) ?? String);
    expect(received.note).toEqual(["Austria", masked]);
  });

  test("never comes through, whatever it is", () => {
    const text = fc
      .string({ unit: codePoint, minLength: 1, maxLength: 60 })
      .filter((each) => each.trim() !== "" && each !== "null");
    fc.assert(
      fc.property(text, fc.string({ maxLength: 5 }), (login, around) => {
        const event = stranger(login, { note: `${around}${login}`, copies: [login, { login }] });
        const mask = findMask(event, anyAddress);
        if (mask === null) return;
        const { received } = maskEvent(event, mask);
        expect(received.copies).toEqual([masked, { login: masked }]);
        if (login.trim().length >= 4) expect(String(received.note)).not.toContain(login.trim());
      }),
      { numRuns: 2_000 },
    );
  });

  test("is masked in an event that is nested deeply", () => {
    let nested: unknown = typed;
    for (let depth = 0; depth < 50_000; depth += 1) nested = [nested];
    const event = stranger(typed, { nested });
    expect(maskEvent(event, findMask(event, anyAddress) ?? String).fields.actor?.alternateId).toBe(masked);
  });
});
