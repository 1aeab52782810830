import { describe, expect, test } from "vitest";
import { describeHistory } from "../../../lambda/core/alerts/wording.ts";
import { type KnownNetwork, unknownUser } from "../../../lambda/core/history/history.ts";
import { alertOf } from "../../fixtures/cases.ts";

/** The event of the case was published on 2026-11-24. */
const alertSince = (watchedSince: string | null) => alertOf({ state: { ...unknownUser, watchedSince } });

test.each([
  ["2026-08-26T09:30:00.000Z", "no proxied session of this user is known from the last 90 days"],
  ["2026-08-26T09:31:00.000Z", "no proxied session of this user is known since 2026-08-26, when watching began"],
  ["2026-11-20T10:00:00.000Z", "no proxied session of this user is known since 2026-11-20, when watching began"],
  [null, "no proxied session of this user is known"],
])("a deployment that has watched since %s claims no more than it can know", (since, sentence) => {
  const alert = alertSince(since);
  expect(alert.history?.since).toBe(since);
  expect(describeHistory(alert)).toBe(sentence);
  const [first = "", ...rest] = sentence;
  expect(alert.triage).toContain(`${first.toUpperCase()}${rest.join("")}: there is nothing that would explain it.`);
});

describe("a user with a session from 203.0.113.0/24 in Canada, whose ASN Okta does not know", () => {
  const before: KnownNetwork = {
    eventUuid: "before",
    at: "2026-11-20T08:00:00.000Z",
    gotIn: true,
    rootSessionId: null,
    asNumber: null,
    asOrg: null,
    countryCode: "CA",
    type: null,
    operator: null,
    before: null,
  };
  const state = { ...unknownUser, networks: new Map([["203.0.113.0/24|CA", before]]) };

  test.each<[string | null, string | null, RegExp]>([
    ["203.0.113.9", "Canada", /; this network and country are known for this user\./],
    ["198.51.100.9", "Canada", /; this network is new for this user\.$/],
    ["203.0.113.9", null, /; this network is known for this user\./],
    [null, "Canada", /; this country is known for this user\./],
    [null, null, /\. Whether any of them is from this network or country is not known\.$/],
  ])("has a sign-in from %s in %s described by what is known, and no more", (ipAddress, country, sentence) => {
    const client = { ipAddress, geographicalContext: { country } };
    const alert = alertOf({ event: { client, securityContext: { isProxy: true } }, state });
    expect(alert.triage.find((step) => step.includes("proxied session"))).toMatch(sentence);
  });
});
