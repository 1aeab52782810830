import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { authorizeByToken } from "../../../lambda/adapters/okta-api/authorization.ts";
import { createOktaClient } from "../../../lambda/adapters/okta-api/client.ts";
import { createUsersApi } from "../../../lambda/adapters/okta-api/users-api.ts";
import { defaultAttributes } from "../../../lambda/core/profiles/okta-user.ts";
import type { Profile } from "../../../lambda/core/profiles/profile.ts";
import { type SyncPorts, type SyncState, syncProfiles } from "../../../lambda/core/profiles/sync.ts";
import { apiToken, type FakeOkta, fakeUser, startFakeOkta } from "../../fixtures/okta.ts";
import { memoryProfileItems, profile, storedLocation } from "../../fixtures/profile-items.ts";

let okta: FakeOkta;
beforeEach(async () => {
  okta = await startFakeOkta();
});
afterEach(() => okta.stop());

const signal = () => AbortSignal.timeout(100_000);

/** A table and a state in memory, before a real org over HTTP. */
function world(...items: readonly Profile[]) {
  const { table, profileItems, locationsOf, writes } = memoryProfileItems(...items);
  const saved: { state: SyncState | null } = { state: null };
  let now = Date.parse("2026-11-25T00:00:00Z");
  const ports: SyncPorts = {
    api: createUsersApi(
      createOktaClient({
        orgUrl: okta.orgUrl,
        authorize: authorizeByToken(apiToken),
        wait: async () => {},
        now: Date.now,
        scopes: ["okta.users.read"],
      }),
    ),
    items: profileItems,
    loadState: async () => saved.state,
    saveState: async (state) => {
      saved.state = state;
    },
    attributes: defaultAttributes,
    now: () => new Date(now),
  };
  return {
    table,
    saved,
    ports,
    locationsOf,
    writes,
    later: (days: number) => {
      now += days * 86_400_000;
    },
    sync: (overrides: Partial<SyncPorts> = {}) => syncProfiles({ ...ports, ...overrides }, signal()),
  };
}

describe("a sync", () => {
  test("writes every user's location under id and login, and the second time nothing changes", async () => {
    okta.users.push(...Array.from({ length: 250 }, (_, index) => fakeUser(index)));
    const { sync, table } = world();
    expect(await sync()).toEqual({
      full: true,
      pages: 2,
      users: 250,
      changed: 500,
      removed: 0,
      tooLarge: 0,
      finished: true,
    });
    expect(table.get("user7@example.com")).toMatchObject({
      locations: [],
      okta: {
        locations: [{ label: "Okta profile", city: "Lisbon", countryCode: "PT", postalCode: "1000" }],
        updatedAt: "2026-11-25T00:00:00.000Z",
        syncedAt: "2026-11-25T00:00:00.000Z",
      },
    });
    expect(table.size).toBe(500);
  });

  test("reads only what changed since the last one, and all users once a week", async () => {
    okta.users.push(...Array.from({ length: 300 }, (_, index) => fakeUser(index)));
    const { sync, locationsOf, later } = world();
    await sync();
    later(1);
    okta.users[5] = fakeUser(5, {
      lastUpdated: "2026-11-25T12:00:00.000Z",
      profile: { login: "user5@example.com", city: "Porto", countryCode: "PT" },
    });
    expect(await sync()).toEqual({
      full: false,
      pages: 1,
      users: 1,
      changed: 2,
      removed: 0,
      tooLarge: 0,
      finished: true,
    });
    expect(locationsOf("user5@example.com")[0]).toMatchObject({ city: "Porto" });
    later(7);
    expect(await sync()).toMatchObject({ full: true, users: 300, changed: 0 });
  });

  test("removes the locations of users who are gone: when Okta reports them, or when a full sync does not see them", async () => {
    okta.users.push(fakeUser(1), fakeUser(2), fakeUser(3));
    const { sync, table, later } = world();
    await sync();
    later(1);
    okta.users[0] = fakeUser(1, { status: "DEPROVISIONED", lastUpdated: "2026-11-25T12:00:00.000Z" });
    await sync();
    expect([...table.keys()]).not.toContain("user1@example.com");
    okta.users.splice(1, 1);
    later(8);
    expect(await sync()).toMatchObject({ full: true, removed: 2 });
    expect([...table.keys()].sort()).toEqual([fakeUser(3).id, "user3@example.com"]);
  });

  test("writes nothing of users who are unchanged, but for the mark that a full one gives each", async () => {
    okta.users.push(fakeUser(1), fakeUser(2));
    const { sync, writes, later } = world();
    await sync();
    expect(writes()).toBe(4);
    okta.users[0] = fakeUser(1, { lastUpdated: "2026-11-25T12:00:00.000Z" });
    later(1);
    expect(await sync()).toMatchObject({ full: false, users: 1, changed: 0 });
    expect(writes()).toBe(4);
    later(7);
    expect(await sync()).toMatchObject({ full: true, users: 2, changed: 0 });
    expect(writes()).toBe(8);
  });

  test("gives a login that a user who is gone had to the user who has it now", async () => {
    const profileOf = (city: string) => ({ login: "ada@example.com", city, countryCode: "PT" });
    okta.users.push(fakeUser(1, { profile: profileOf("Lisbon") }));
    const { sync, locationsOf, later } = world();
    await sync();
    const lastUpdated = "2026-11-25T12:00:00.000Z";
    okta.users[0] = fakeUser(2, { lastUpdated, profile: profileOf("Porto") });
    okta.users.push(fakeUser(1, { lastUpdated, profile: profileOf("Lisbon"), status: "DEPROVISIONED" }));
    later(1);
    await sync();
    expect(locationsOf("ada@example.com")).toMatchObject([{ city: "Porto" }]);
    expect(locationsOf(fakeUser(1).id)).toEqual([]);
  });

  test("removes no user when Okta returns no user at all", async () => {
    okta.users.push(fakeUser(1));
    const { sync, table, later } = world();
    await sync();
    okta.users.length = 0;
    later(8);
    expect(await sync()).toMatchObject({ full: true, users: 0, removed: 0 });
    expect(table.size).toBe(2);
  });

  test("reads all users with `full`, though it is not yet time", async () => {
    okta.users.push(...Array.from({ length: 250 }, (_, index) => fakeUser(index)));
    const { sync } = world();
    await sync();
    expect(await sync()).toMatchObject({ full: false, users: 0 });
    expect(await sync({ full: true })).toMatchObject({ full: true, users: 250 });
  });

  test("that was stopped long ago, or of another org, is started anew", async () => {
    okta.users.push(...Array.from({ length: 450 }, (_, index) => fakeUser(index)));
    const { ports, saved, sync, later } = world();
    const stopping = new AbortController();
    await syncProfiles({ ...ports, onProgress: () => stopping.abort() }, stopping.signal);
    later(2);
    expect(await sync()).toMatchObject({ full: true, users: 450, finished: true });
    saved.state = { ...(saved.state as SyncState), orgUrl: "https://other.okta.com" };
    expect(await sync()).toMatchObject({ full: true, users: 450 });
  });

  test.each([
    ["a field less", ({ full, ...state }: SyncState) => state],
    ["a time that is none", (state: SyncState) => ({ ...state, lastStartedAt: "yesterday" })],
    ["another kind of value", () => "page 3"],
  ])("that finds a state of another release, with %s, reads all users", async (_, write) => {
    okta.users.push(...Array.from({ length: 250 }, (_, index) => fakeUser(index)));
    const { ports, saved, sync } = world();
    await sync();
    const loadState = async () => saved.state && write(saved.state);
    const found = await syncProfiles({ ...ports, loadState }, signal());
    expect(found).toMatchObject({ full: true, users: 250, finished: true });
    expect(await sync()).toMatchObject({ full: false, users: 0 });
  });

  test("keeps what was entered elsewhere, also of users who are gone, and what a login was renamed from goes", async () => {
    const manual = storedLocation({ label: "cottage", countryCode: "CA" });
    okta.users.push(fakeUser(1));
    const { sync, locationsOf, later } = world(profile({ user: "user1@example.com", locations: [manual] }));
    await sync();
    expect(locationsOf("user1@example.com").map(({ label }) => label)).toEqual(["cottage", "Okta profile"]);
    okta.users[0] = fakeUser(1, { profile: { login: "new@example.com", countryCode: "PT" } });
    later(8);
    await sync();
    expect(locationsOf("user1@example.com")).toEqual([manual]);
    expect(locationsOf("new@example.com")).toHaveLength(1);
  });

  test("keeps coordinates as long as the place is the same", async () => {
    okta.users.push(fakeUser(1));
    const { sync, locationsOf, later } = world();
    await sync({ locate: (location) => ({ ...location, latitude: 38.7, longitude: -9.1 }) });
    later(8);
    await sync();
    expect(locationsOf("user1@example.com")[0]).toMatchObject({ latitude: 38.7 });
    okta.users[0] = fakeUser(1, { profile: { login: "user1@example.com", city: "Porto", countryCode: "PT" } });
    later(8);
    await sync();
    expect(locationsOf("user1@example.com")[0]).toMatchObject({ city: "Porto", latitude: null });
  });

  test("reads the given attributes, for an office as well", async () => {
    okta.users.push(
      fakeUser(1, {
        profile: { login: "a@x", ort: "Köln", land: "Deutschland", officeCity: "Toronto", officeCountry: "Canada" },
      }),
    );
    const { sync, locationsOf } = world();
    await sync({
      attributes: [
        { label: "home", city: "ort" },
        { label: "office", city: "officeCity", countryCode: "officeCountry" },
      ],
    });
    expect(locationsOf("a@x")).toMatchObject([
      { label: "home", city: "Köln", countryCode: null },
      { label: "office", city: "Toronto", countryCode: "CA" },
    ]);
  });
});

test("stopped by a crash on any page, it goes on: no user is missed, none doubled", async () => {
  okta.users.push(...Array.from({ length: 1_100 }, (_, index) => fakeUser(index)));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ at: fc.constantFrom("write", "save", "fetch"), page: fc.integer({ min: 1, max: 6 }) }), {
        maxLength: 4,
      }),
      async (crashes) => {
        const { sync, table, ports } = world();
        for (const { at, page } of crashes) {
          let calls = 0;
          const crash =
            <Arguments extends unknown[], Result>(call: (...all: Arguments) => Promise<Result>) =>
            async (...all: Arguments): Promise<Result> => {
              calls += 1;
              if (calls === page) throw new Error("stopped");
              return call(...all);
            };
          await sync({
            ...(at === "write" ? { items: { ...ports.items, update: crash(ports.items.update) } } : {}),
            ...(at === "save" ? { saveState: crash(ports.saveState) } : {}),
            ...(at === "fetch" ? { api: { ...ports.api, fetchPage: crash(ports.api.fetchPage) } } : {}),
          }).catch(() => {});
        }
        expect((await sync()).finished).toBe(true);
        expect(table.size).toBe(2_200);
        expect([...table.values()].every(({ okta }) => okta?.locations.length === 1)).toBe(true);
      },
    ),
    { numRuns: 25 },
  );
});

test("out of time, it says so, and the next one goes on where it was", async () => {
  okta.users.push(...Array.from({ length: 600 }, (_, index) => fakeUser(index)));
  const { ports, table, sync } = world();
  const stopping = new AbortController();
  const first = await syncProfiles({ ...ports, onProgress: () => stopping.abort() }, stopping.signal);
  expect(first).toMatchObject({ pages: 1, users: 200, finished: false });
  const before = okta.requests();
  expect(await sync()).toMatchObject({ pages: 2, users: 400, finished: true });
  expect(okta.requests() - before).toBe(2);
  expect(table.size).toBe(1_200);
});
