import { describe, expect, test } from "vitest";
import { describeHistory } from "../../../lambda/core/alerts/wording.ts";
import { unknownUser } from "../../../lambda/core/history/history.ts";
import type { KnownNetwork } from "../../../lambda/core/history/remembered-session.ts";
import { alertOf } from "../../fixtures/cases.ts";
import { describeNews } from "../../fixtures/rendered.ts";

/** The event of the case was published on 2026-11-24. */
const alertSince = (watchedSince: string | null) => alertOf({ state: { ...unknownUser, watchedSince } });

test.each([
  ["2026-08-26T09:30:00.000Z", "no proxied session of this user is known in 90 days"],
  ["2026-08-26T09:31:00.000Z", "no proxied session of this user is known since 2026-08-26, when watching began"],
  ["2026-11-20T10:00:00.000Z", "no proxied session of this user is known since 2026-11-20, when watching began"],
  [null, "no proxied session of this user is known"],
])("a deployment that has watched since %s claims no more than it can know", (since, sentence) => {
  const alert = alertSince(since);
  expect(alert.history?.since).toBe(since);
  expect(describeHistory(alert)).toBe(sentence);
  const news = sentence
    .replace("no proxied session of this user is known", "New: no earlier proxied session")
    .replace(", when watching began", "");
  expect(describeNews(alert)).toBe(news);
});

test("an act in a session is compared with other sessions: its own has started before it", () => {
  const act = (rootSessionId: string) =>
    alertOf({
      event: {
        eventType: "system.api_token.create",
        authenticationContext: { rootSessionId, externalSessionId: null },
      },
      state: { ...unknownUser, watchedSince: "2026-11-20T10:00:00.000Z" },
    });
  const since = "since 2026-11-20";
  const ofSession = act("s1");
  expect(describeHistory(ofSession)).toBe(
    `no other proxied session of this user is known ${since}, when watching began`,
  );
  expect(describeNews(ofSession)).toBe(`New: no other proxied session ${since}`);
  expect(describeNews(act("unknown"))).toBe(`New: no earlier proxied session ${since}`);
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

  test.each<[string | null, string | null, string, RegExp]>([
    [
      "203.0.113.9",
      "Canada",
      "; this network is known for this user; this country is known for this user",
      /^Known: .*, this network and country among them$/,
    ],
    [
      "198.51.100.9",
      "Canada",
      "; no earlier proxied session from this network; this country is known for this user",
      /^New: no earlier proxied session from this network$/,
    ],
    ["203.0.113.9", null, "; this network is known for this user", /^Known: .*, this network among them$/],
    [null, "Canada", "; this country is known for this user", /^Known: .*, this country among them$/],
    [null, null, "", /^Known: 0 proxied sessions in 30 days$/],
  ])("has a sign-in from %s in %s described by what is known, and no more", (ipAddress, country, end, news) => {
    const client = { ipAddress, geographicalContext: { country } };
    const alert = alertOf({ event: { client, securityContext: { isProxy: true } }, state });
    const [, told] = /in CA(.*)$/.exec(describeHistory(alert) ?? "") ?? [];
    expect(told).toBe(end);
    expect(describeNews(alert)).toMatch(news);
  });

  test.each<[string, string, RegExp]>([
    ["which is home", "Portugal", /^New: no earlier proxied session from this network$/],
    ["which is not home", "Spain", /^New: no earlier proxied session from this network or Spain$/],
  ])(
    "has the first proxied session from a country named as news, unless the user is expected there: %s",
    (_, country, news) => {
      const client = { ipAddress: "198.51.100.9", geographicalContext: { country } };
      const alert = alertOf({ event: { client, securityContext: { isProxy: true } }, state });
      expect(describeNews(alert)).toMatch(news);
      expect(describeHistory(alert)).toMatch(/; no earlier proxied session from this country$/);
    },
  );
});
