import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type UserState, unknownUser } from "../../../lambda/core/history/history.ts";
import { applyChange, mergeStates, remember } from "../../../lambda/core/history/remember.ts";
import type { KnownNetwork, RememberedSession } from "../../../lambda/core/history/remembered-session.ts";
import { loginUserKey, rememberedUser } from "../../../lambda/core/history/user-key.ts";
import { codePoint } from "../../fixtures/code-point.ts";

const now = new Date("2026-11-24T12:00:00.000Z");
const at = (hoursAgo: number) => new Date(now.getTime() - hoursAgo * 3_600_000).toISOString();

const session = (overrides: Partial<RememberedSession> = {}): RememberedSession => ({
  eventUuid: crypto.randomUUID(),
  at: at(0),
  gotIn: true,
  rootSessionId: null,
  asNumber: 64500,
  asOrg: null,
  countryCode: "CA",
  type: "VPN",
  operator: null,
  ...overrides,
});
const network = "AS64500|CA";
const remembering = (state: UserState, ...seen: readonly RememberedSession[]): UserState =>
  seen.reduce((before, each) => applyChange(before, remember(before, network, each, now)), state);
const known = (state: UserState): KnownNetwork | undefined => state.networks.get(network);

describe("a person is remembered", () => {
  test.each([
    ["by the login, and read by the id as well", "00u1", "ada@example.com", "login#ada@example.com", ["id#00u1"]],
    ["by the login alone where Okta does not know the id", null, "ada@example.com", "login#ada@example.com", []],
    ["by the id where there is no login", "00u1", null, "id#00u1", []],
    ["by the id where the login is empty", "00u1", "", "id#00u1", []],
    ["by the login in lower case", null, "Ada@Example.COM", "login#ada@example.com", []],
    ["by the login in one Unicode form", null, "adà@example.com", "login#ad\u00e0@example.com", []],
    ["under a key of its own where a login looks like another's", null, "id#00u1", "login#id#00u1", []],
  ])("%s", (_, id, login, key, others) => {
    expect(rememberedUser({ id, login })).toEqual({ key, others });
  });

  test.each([
    [null, null],
    ["", ""],
  ])("not at all where nothing names them: %j, %j", (id, login) => {
    expect(rememberedUser({ id, login })).toBeNull();
  });

  test("under one key, in whatever case and form the login is written", () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint }), (login) => {
        const key = loginUserKey(login);
        expect(loginUserKey(login.normalize("NFD"))).toBe(key);
        expect(loginUserKey(key.slice("login#".length))).toBe(key);
      }),
    );
  });
});

describe("a session that succeeded", () => {
  test("makes its network a known one, and counts", () => {
    const first = session();
    const state = remembering(unknownUser, first);
    expect(known(state)).toEqual({ ...first, before: null });
    expect([...state.sessions]).toEqual([["2026-11-24", 1]]);
    expect(state.attempts.size).toBe(0);
  });

  test("comes after the last one of another session, which stays known", () => {
    const [first, second] = [session({ at: at(5) }), session({ at: at(1) })];
    expect(known(remembering(unknownUser, first, second))).toEqual({ ...second, before: first });
  });

  test("that starts again within one root session leaves the session before it where it was", () => {
    const first = session({ at: at(5), rootSessionId: "a" });
    const second = session({ at: at(2), rootSessionId: "b" });
    const again = session({ at: at(1), rootSessionId: "b" });
    expect(known(remembering(unknownUser, first, second, again))).toEqual({ ...again, before: first });
  });

  test("is the same, in whatever order three sessions are delivered", () => {
    const three = [session({ at: at(9) }), session({ at: at(5) }), session({ at: at(1) })] as const;
    const [oldest, middle, newest] = three;
    const orders = [
      [oldest, middle, newest],
      [oldest, newest, middle],
      [middle, oldest, newest],
      [middle, newest, oldest],
      [newest, oldest, middle],
      [newest, middle, oldest],
    ];
    for (const order of orders) {
      const state = remembering(unknownUser, ...order);
      expect(known(state)).toEqual({ ...newest, before: middle });
      expect([...state.sessions]).toEqual([["2026-11-24", 3]]);
    }
  });

  test("that is handled once more changes nothing", () => {
    const [first, second] = [session({ at: at(2) }), session({ at: at(1) })];
    const state = remembering(unknownUser, first, second);
    expect(remembering(state, second)).toEqual(state);
    expect(remembering(state, first)).toEqual(state);
  });

  test("without a network is counted, and makes none a known one", () => {
    const change = remember(unknownUser, null, session(), now);
    expect(change).toMatchObject({ network: null, counted: { in: "sessions", day: "2026-11-24" } });
    expect(applyChange(unknownUser, change).networks.size).toBe(0);
  });
});

describe("an attempt that failed", () => {
  test("makes no network a known one, and is counted apart", () => {
    const state = remembering(unknownUser, session({ gotIn: false }), session({ gotIn: false }));
    expect(state.networks.size).toBe(0);
    expect(state.sessions.size).toBe(0);
    expect([...state.attempts]).toEqual([["2026-11-24", 2]]);
  });

  test("leaves a known network as it was", () => {
    const first = session({ at: at(5) });
    expect(known(remembering(unknownUser, first, session({ gotIn: false })))).toEqual({ ...first, before: null });
  });
});

test("a change forgets no day that it counts", () => {
  const old = { ...unknownUser, sessions: new Map([["2026-09-01", 4]]) };
  const late = session({ at: "2026-09-01T08:00:00.000Z" });
  expect([...remembering(old, late).sessions]).toEqual([["2026-09-01", 5]]);
  expect([...remembering(old, session()).sessions]).toEqual([["2026-11-24", 1]]);
});

describe("what is remembered under two keys", () => {
  test("is one state: counts are sums, networks those of both, windows those of the key that is written", () => {
    const [before, mine, theirs] = [session({ at: at(50) }), session({ at: at(5) }), session({ at: at(20) })];
    const own = {
      ...remembering(unknownUser, mine),
      attempts: new Map([["2026-11-24", 5]]),
      watchedSince: "2026-01-01",
    };
    const other = {
      ...unknownUser,
      networks: new Map([
        [network, { ...theirs, before }],
        ["AS1|PT", { ...theirs, before: null }],
      ]),
      sessions: new Map([["2026-11-24", 2]]),
      attempts: new Map([["2026-11-23", 1]]),
      windows: new Map([[network, {} as never]]),
    };
    expect(mergeStates(own, [other])).toEqual({
      networks: new Map([
        [network, { ...mine, before: theirs }],
        ["AS1|PT", { ...theirs, before: null }],
      ]),
      sessions: new Map([["2026-11-24", 3]]),
      attempts: new Map([
        ["2026-11-24", 5],
        ["2026-11-23", 1],
      ]),
      windows: own.windows,
      verdicts: own.verdicts,
      watchedSince: "2026-01-01",
    });
  });
});
