import { describe, expect, test } from "vitest";
import { changesSince } from "../../../lambda/core/session-start/session-change.ts";
import { firstOf, originOf, sessionStartOf } from "../../../lambda/core/session-start/session-start.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { startOf, useOf } from "./uses.ts";

const now = new Date("2026-11-24T12:00:00Z");
const changes = (start: Json, use: Json) => changesSince(originOf(logEvent(start)), originOf(logEvent(use)));

describe("what differs from a session's start", () => {
  test("is named: the network, the country, the device and the client", () => {
    expect(changes(startOf("s", "home", 0), useOf("s", "away", 1))).toEqual(["asn", "country", "device", "client"]);
  });

  test("is nothing for an event from where the session started", () => {
    expect(changes(startOf("s", "home", 0), useOf("s", "home", 1))).toEqual([]);
  });

  test.each([
    ["asn", { securityContext: { asNumber: 64_999 } }],
    ["device", { device: { id: "guo9" } }],
  ])("is each alone: %s", (part, overrides) => {
    expect(changes(startOf("s", "home", 0), useOf("s", "home", 1, overrides))).toEqual([part]);
  });

  test.each([
    [{ os: "Windows 10", browser: "CHROME" }, ["client"]],
    [{ os: "Linux", browser: "FIREFOX" }, ["client"]],
    [{ os: "Windows 10", browser: "FIREFOX", rawUserAgent: "Mozilla/6.0" }, []],
  ])("is another client by its system or browser, not by its version: %j", (userAgent, expected) => {
    const client = { userAgent, geographicalContext: { country: "Portugal" } };
    expect(changes(startOf("s", "home", 0), useOf("s", "home", 1, { client }))).toEqual(expected);
  });

  test.each([
    [{ client: null, device: null, securityContext: null }],
    [{ client: {}, device: {}, securityContext: {} }],
    [{ client: { userAgent: { os: "Unknown", browser: "UNKNOWN" } }, device: null, securityContext: { asNumber: 0 } }],
  ])("is not what one side does not name: %j", (overrides) => {
    expect(changes(startOf("s", "home", 0), useOf("s", "home", 1, overrides))).toEqual([]);
    expect(changes(startOf("s", "home", 0, overrides), useOf("s", "away", 1))).toEqual([]);
  });

  test("is no other client or device where Okta Verify answers, which names the phone's network and country alone", () => {
    expect(changes(startOf("s", "home", 0), useOf("s", "phone", 1))).toEqual(["asn"]);
  });

  test.each([
    ["opens an app", { eventType: "user.authentication.sso" }],
    ["answers for another factor", { target: [{ id: "1", type: "AuthenticatorEnrollment", displayName: "Phone" }] }],
    [
      "is a browser that Okta knows",
      { client: { userAgent: { rawUserAgent: "OktaVerify/8.1.1", os: "Android", browser: "CHROME" } } },
    ],
  ])("is another client where one that calls itself Okta Verify %s", (_, overrides) => {
    expect(changes(startOf("s", "home", 0), useOf("s", "phone", 1, overrides))).toContain("client");
  });
});

describe("the start of a session", () => {
  const start = (event: Json) => sessionStartOf(logEvent(event), now);

  test("is its user.session.start, whatever else came before", () => {
    const [sso, session] = [start(useOf("s", "home", 0)), start(startOf("s", "away", 5))];
    expect(firstOf([sso, session])).toBe(session);
    expect(firstOf([session, null, sso])).toBe(session);
  });

  test("is its earliest event where there is none, and the earlier of two", () => {
    const events = [start(useOf("s", "home", 7)), start(useOf("s", "away", 3)), start(useOf("s", "home", 5))];
    expect(firstOf(events)).toBe(events[1]);
    const [second, first] = [start(startOf("s", "home", 7)), start(startOf("s", "home", 3))];
    expect(firstOf([second, first])).toBe(first);
    expect(firstOf([null])).toBeNull();
  });

  test.each([
    ["a failed act", startOf("s", "home", 0, { outcome: { result: "FAILURE" } })],
    ["an answer of Okta Verify", useOf("s", "phone", 0)],
    ["an event of the day after tomorrow", startOf("s", "home", 3 * 1_440)],
    ["a time that cannot be read", startOf("s", "home", 0, { published: "yesterday" })],
  ])("is not %s", (_, event) => {
    expect(start(event)).toBeNull();
  });
});
