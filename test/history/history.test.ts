import { describe, expect, test } from "vitest";
import {
  forget,
  type Sighting,
  sightingOf,
  summarizeHistory,
  type UserState,
  unknownUser,
} from "../../lambda/history/history.ts";
import { logEvent } from "../fixtures/events.ts";

const now = new Date("2026-11-24T09:30:03Z");
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString();

function sighting(overrides: Partial<Sighting> = {}): Sighting {
  return {
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

function state(sightings: readonly Sighting[], days: Record<string, number> = {}): UserState {
  return {
    ...unknownUser,
    networks: new Map(sightings.map((each) => [`${each.asNumber}|${each.countryCode}`, each])),
    sessions: new Map(Object.entries(days)),
  };
}

describe("what is remembered of an event", () => {
  test("is its network, its operator, when it was, and whether it got in", () => {
    const event = logEvent({ uuid: "e" });
    expect(sightingOf(event, now)).toEqual({
      eventUuid: "e",
      at: "2026-11-24T09:30:00.412Z",
      gotIn: true,
      asNumber: 64500,
      asOrg: "Example Hosting",
      countryCode: "CA",
      type: null,
      operator: null,
    });
    expect(sightingOf(logEvent({ outcome: { result: "FAILURE" } }), now)?.gotIn).toBe(false);
  });

  test("is nothing when it is no session start, or came through no proxy", () => {
    expect(sightingOf(logEvent({ eventType: "user.account.privilege.grant" }), now)).toBeNull();
    expect(sightingOf(logEvent({ securityContext: { isProxy: false } }), now)).toBeNull();
  });

  test("is of now when its time is none, or of another age", () => {
    for (const published of ["lately", "1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z"]) {
      expect(sightingOf(logEvent({ published }), now)?.at).toBe(now.toISOString());
    }
  });
});

describe("the history", () => {
  test("of an unknown user is a first time for all that the event tells", () => {
    expect(summarizeHistory(unknownUser, logEvent(), now)).toEqual({
      firstTime: true,
      firstTimeForAsn: true,
      firstTimeForCountry: true,
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
      sighting(),
      sighting({ asNumber: 64501, countryCode: "JP", at: daysAgo(2), operator: "MULLVAD" }),
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

  test("counts 30 days, and knows nothing of what is older than 90", () => {
    const old = state([sighting({ at: daysAgo(91) })], {
      [daysAgo(31).slice(0, 10)]: 5,
      [daysAgo(30).slice(0, 10)]: 3,
      [daysAgo(0).slice(0, 10)]: 2,
    });
    expect(summarizeHistory(old, logEvent(), now)).toMatchObject({ firstTime: true, last: null, sessionsIn30Days: 5 });
  });

  test("of an event that is handled once more does not count itself as an earlier one", () => {
    expect(summarizeHistory(state([sighting({ eventUuid: "e" })]), logEvent({ uuid: "e" }), now).firstTime).toBe(true);
  });
});

describe("what is forgotten", () => {
  test("is what is too old, or too much; the network at hand never is", () => {
    const many = Array.from({ length: 80 }, (_, index) =>
      sighting({ asNumber: index, at: new Date(now.getTime() - index * 1_000).toISOString() }),
    );
    const { networks } = forget(state([...many, sighting({ asNumber: 999, at: daysAgo(91) })]), "79|CA", now);
    expect(networks).toHaveLength(81 - 50);
    expect(networks).toContain("999|CA");
    expect(networks).not.toContain("79|CA");
    expect(networks).not.toContain("0|CA");
  });

  test("is days beyond those that are counted, and windows that have ended and told all", () => {
    const window = {
      id: "w",
      openedAt: now.getTime() - 7_200_000,
      until: now.getTime() - 3_600_000,
      published: true,
      detections: [],
      kind: "vpn" as const,
      gotIn: true,
      heldBack: 0,
      told: { count: 0, since: null },
    };
    const given: UserState = {
      ...state([], { [daysAgo(40).slice(0, 10)]: 1, [daysAgo(1).slice(0, 10)]: 1 }),
      windows: new Map([
        ["ended", window],
        ["untold", { ...window, heldBack: 3 }],
        ["open", { ...window, until: now.getTime() + 1 }],
      ]),
    };
    expect(forget(given, "64500|CA", now)).toMatchObject({
      sessions: [daysAgo(40).slice(0, 10)],
      windows: ["ended"],
    });
  });
});
