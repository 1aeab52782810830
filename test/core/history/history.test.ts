import { describe, expect, test } from "vitest";
import {
  rememberedSessionOf,
  summarizeHistory,
  type UserState,
  unknownUser,
} from "../../../lambda/core/history/history.ts";
import { forget } from "../../../lambda/core/history/remember.ts";
import type { KnownNetwork } from "../../../lambda/core/history/remembered-session.ts";
import { networkKey } from "../../../lambda/core/okta/network-key.ts";
import { logEvent } from "../../fixtures/events.ts";

const now = new Date("2026-11-24T09:30:03Z");
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString();

function session({ before = null, ...overrides }: Partial<KnownNetwork> = {}): KnownNetwork {
  return {
    before,
    rootSessionId: null,
    eventUuid: "earlier",
    at: daysAgo(4),
    gotIn: true,
    asNumber: 64500,
    asOrg: "Example Hosting",
    countryCode: "CA",
    type: "VPN",
    operator: "NORDVPN",
    ...overrides,
  };
}

function state(sessions: readonly KnownNetwork[], days: Record<string, number> = {}): UserState {
  return {
    ...unknownUser,
    networks: new Map(sessions.map((each) => [`AS${each.asNumber}|${each.countryCode}`, each])),
    sessions: new Map(Object.entries(days)),
  };
}

describe("what is remembered of an event", () => {
  test("is its network, its operator, when it was, and whether it got in", () => {
    const event = logEvent({ uuid: "e" });
    expect(rememberedSessionOf(event, now)).toEqual({
      eventUuid: "e",
      at: "2026-11-24T09:30:00.412Z",
      gotIn: true,
      rootSessionId: "external#idx1",
      asNumber: 64500,
      asOrg: "Example Hosting",
      countryCode: "CA",
      type: null,
      operator: null,
    });
    expect(rememberedSessionOf(logEvent({ outcome: { result: "FAILURE" } }), now)?.gotIn).toBe(false);
  });

  test("is nothing when it is no session start, or came through no proxy", () => {
    expect(rememberedSessionOf(logEvent({ eventType: "user.account.privilege.grant" }), now)).toBeNull();
    expect(rememberedSessionOf(logEvent({ securityContext: { isProxy: false } }), now)).toBeNull();
  });

  test("is of now when its time is none, or of another age", () => {
    for (const published of ["lately", "1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z"]) {
      expect(rememberedSessionOf(logEvent({ published }), now)?.at).toBe(now.toISOString());
    }
  });
});

describe("the history", () => {
  test("of an unknown user is a first time for all that the event tells", () => {
    expect(summarizeHistory(unknownUser, logEvent(), now)).toEqual({
      since: null,
      firstTime: true,
      firstTimeForAsn: true,
      firstTimeForNetwork: true,
      firstTimeForCountry: true,
      knownNetwork: false,
      knownCountry: false,
      last: null,
      sessionsIn30Days: 0,
      failedIn30Days: 0,
    });
    expect(summarizeHistory(unknownUser, logEvent({ client: null, securityContext: null }), now)).toMatchObject({
      firstTimeForAsn: null,
      firstTimeForCountry: null,
    });
  });

  test("tells the last session, and whether network and country are known", () => {
    const known = state([
      session(),
      session({ asNumber: 64501, countryCode: "JP", at: daysAgo(2), operator: "MULLVAD" }),
    ]);
    expect(summarizeHistory(known, logEvent(), now)).toMatchObject({
      firstTime: false,
      firstTimeForAsn: false,
      firstTimeForCountry: false,
      last: { at: daysAgo(2), operator: "MULLVAD", countryCode: "JP" },
    });
    const elsewhere = logEvent({ securityContext: { isProxy: true, asNumber: 64502 } });
    expect(summarizeHistory(known, elsewhere, now)).toMatchObject({
      firstTimeForAsn: true,
      firstTimeForCountry: false,
    });
  });

  test.each([
    ["a day ago through the same operator", { at: daysAgo(1) }, true, true],
    ["an hour ago", { at: daysAgo(1 / 24) }, false, false],
    ["days ago through another operator", { at: daysAgo(2), operator: "MULLVAD" }, false, true],
    ["days ago through another kind", { at: daysAgo(2), type: "Tor", operator: null }, false, true],
  ])(
    "of a session from the same network %s knows network and country, or not",
    (_, earlier, knownNetwork, knownCountry) => {
      const through = { ipServiceCategories: [{ type: "VPN", operator: "NORD_VPN", isAnonymous: true }] };
      const event = logEvent({
        published: now.toISOString(),
        securityContext: { isProxy: true, asNumber: 64500, ipDetails: through },
      });
      const known = state([session({ type: "VPN", operator: "NORD_VPN", ...earlier })]);
      expect(summarizeHistory(known, event, now)).toMatchObject({
        firstTimeForNetwork: false,
        firstTimeForCountry: false,
        knownNetwork,
        knownCountry,
      });
    },
  );

  test("counts 30 days, and knows nothing of what is older than 90", () => {
    const old = state([session({ at: daysAgo(91) })], {
      [daysAgo(31).slice(0, 10)]: 5,
      [daysAgo(30).slice(0, 10)]: 3,
      [daysAgo(0).slice(0, 10)]: 2,
    });
    expect(summarizeHistory(old, logEvent(), now)).toMatchObject({ firstTime: false, last: null, sessionsIn30Days: 5 });
    expect(summarizeHistory(state([session({ at: daysAgo(91) })]), logEvent(), now).firstTime).toBe(true);
  });

  test("of an event that is handled once more does not count itself as an earlier one", () => {
    const once = state([session({ eventUuid: "e", at: daysAgo(0) })], { [daysAgo(0).slice(0, 10)]: 1 });
    expect(summarizeHistory(once, logEvent({ uuid: "e" }), now)).toMatchObject({
      firstTime: true,
      last: null,
      sessionsIn30Days: 0,
    });
  });

  describe("of an act in a session", () => {
    const act = logEvent({
      eventType: "user.account.privilege.grant",
      authenticationContext: { rootSessionId: "session-1", externalSessionId: "other" },
    });
    const start = session({ at: daysAgo(0), rootSessionId: "session-1" });
    const today = { [daysAgo(0).slice(0, 10)]: 1 };

    test("does not know the network by the session's own start", () => {
      expect(summarizeHistory(state([start], today), act, now)).toMatchObject({
        firstTime: true,
        firstTimeForAsn: true,
        firstTimeForCountry: true,
        last: null,
        sessionsIn30Days: 0,
      });
    });

    test("knows the network by the session before it, and the start by another session's act", () => {
      const before = session({ at: daysAgo(3), rootSessionId: "session-0", operator: "MULLVAD" });
      const known = state([{ ...start, before }], { ...today, [daysAgo(3).slice(0, 10)]: 1 });
      expect(summarizeHistory(known, act, now)).toMatchObject({
        firstTime: false,
        firstTimeForAsn: false,
        last: { at: daysAgo(3), operator: "MULLVAD" },
        sessionsIn30Days: 1,
      });
      const other = logEvent({ authenticationContext: { rootSessionId: "session-2" }, published: now.toISOString() });
      expect(summarizeHistory(known, other, now)).toMatchObject({
        last: { at: daysAgo(0) },
        sessionsIn30Days: 2,
      });
    });

    test.each([null, "", "unknown"])("without an id (%j) takes every session for another", (rootSessionId) => {
      const noSession = state([session({ at: daysAgo(0), rootSessionId: null })], today);
      const event = logEvent({ published: now.toISOString(), authenticationContext: { rootSessionId } });
      expect(summarizeHistory(noSession, event, now)).toMatchObject({ firstTime: false, sessionsIn30Days: 1 });
      expect(rememberedSessionOf(event, now)?.rootSessionId).toBeNull();
    });
  });

  test("of an event that comes late tells nothing of what was published after it", () => {
    const later = session({ at: daysAgo(1) });
    const late = logEvent({ published: daysAgo(2) });
    const after = state([later], { [daysAgo(1).slice(0, 10)]: 1 });
    expect(summarizeHistory(after, late, now)).toMatchObject({ firstTime: true, last: null, sessionsIn30Days: 0 });
    const between = state([{ ...later, before: session({ at: daysAgo(9) }) }]);
    expect(summarizeHistory(between, late, now)).toMatchObject({ firstTime: false, last: { at: daysAgo(9) } });
    const many = { [daysAgo(1).slice(0, 10)]: 9, [daysAgo(2).slice(0, 10)]: 1, [daysAgo(32).slice(0, 10)]: 2 };
    const busy = { ...state([], many), attempts: new Map(Object.entries(many)) };
    expect(summarizeHistory(busy, late, now)).toMatchObject({ sessionsIn30Days: 3, failedIn30Days: 3 });
    const sameDay = state([session({ at: "2026-11-24T09:30:02.000Z" })], { "2026-11-24": 1 });
    expect(summarizeHistory(sameDay, logEvent(), now)).toMatchObject({ firstTime: true, sessionsIn30Days: 0 });
  });

  test("says since when the deployment has watched", () => {
    const watched = { ...unknownUser, watchedSince: "2026-11-20T10:00:00.000Z" };
    expect(summarizeHistory(watched, logEvent(), now).since).toBe("2026-11-20T10:00:00.000Z");
  });

  test.each([
    ["203.0.113.77", "203.0.113.9", false],
    ["203.0.113.77", "203.0.114.77", true],
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", false],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", true],
    ["2001:db8:1:2::1", null, null],
  ])(
    "without an ASN, a session from %s makes one from %s a first time for the network: %j",
    (first, second, isFirst) => {
      const from = (ipAddress: string | null) =>
        logEvent({
          client: { ipAddress, geographicalContext: { country: "Canada" } },
          securityContext: { isProxy: true },
        });
      const key = networkKey(from(first)) ?? "";
      const known = { ...unknownUser, networks: new Map([[key, session({ asNumber: null })]]) };
      expect(summarizeHistory(known, from(second), now)).toMatchObject({
        firstTime: false,
        firstTimeForAsn: null,
        firstTimeForNetwork: isFirst,
        firstTimeForCountry: false,
      });
    },
  );

  test("of a session without a network counts it, and knows no network by it", () => {
    const counted = state([], { [daysAgo(3).slice(0, 10)]: 1 });
    expect(summarizeHistory(counted, logEvent(), now)).toMatchObject({
      firstTime: false,
      firstTimeForAsn: null,
      last: null,
      sessionsIn30Days: 1,
    });
  });
});

describe("what is forgotten", () => {
  test("is what is too old, or too much; the network at hand never is", () => {
    const many = Array.from({ length: 80 }, (_, index) =>
      session({ asNumber: index, at: new Date(now.getTime() - index * 1_000).toISOString() }),
    );
    const { networks } = forget(state([...many, session({ asNumber: 999, at: daysAgo(91) })]), "AS79|CA", now);
    expect(networks).toHaveLength(81 - 50);
    expect(networks).toContain("AS999|CA");
    expect(networks).not.toContain("AS79|CA");
    expect(networks).not.toContain("AS0|CA");
  });

  test("is days beyond those that are counted, and windows that have ended and told all", () => {
    const window = {
      id: "w",
      openedAt: now.getTime() - 7_200_000,
      until: now.getTime() - 3_600_000,
      published: true,
      fingerprint: "f",
      suppressed: 0,
      incident: null,
      reported: { count: 0, since: null },
    };
    const given: UserState = {
      ...state([], { [daysAgo(40).slice(0, 10)]: 1, [daysAgo(1).slice(0, 10)]: 1 }),
      windows: new Map([
        ["ended", window],
        ["unreported", { ...window, suppressed: 3 }],
        ["open", { ...window, until: now.getTime() + 1 }],
      ]),
    };
    expect(forget(given, "AS64500|CA", now)).toMatchObject({
      sessions: [daysAgo(40).slice(0, 10)],
      windows: ["ended"],
    });
  });

  test("is none of the windows that left something to report, however many others are opened after it", () => {
    const window = (openedAt: number, suppressed: number) => ({
      id: "w",
      openedAt,
      until: openedAt + 3_600_000,
      published: true,
      fingerprint: "f",
      suppressed,
      incident: null,
      reported: { count: 0, since: null },
    });
    const many = Array.from({ length: 400 }, (_, index) => [`f${index}`, window(now.getTime() - index, 0)] as const);
    const [old, older] = [window(now.getTime() - 1_000, 1), window(now.getTime() - 7_200_000, 2)];
    const windows = new Map([...many, ["old", old] as const, ["older", older] as const]);
    const { windows: forgotten } = forget({ ...state([]), windows }, "AS64500|CA", now);
    expect(forgotten).toHaveLength(400 - 49);
    expect(forgotten).not.toContain("old");
    expect(forgotten).not.toContain("older");
    expect(forgotten).not.toContain("f0");
  });
});
