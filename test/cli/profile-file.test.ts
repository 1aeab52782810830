import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { InputError } from "../../cli/command.ts";
import { type BadRow, type ProfileRow, readProfileFile, readProfileRows } from "../../cli/profile-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "profiles-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function read(content: string | Uint8Array) {
  const path = join(folder, "profiles.csv");
  await writeFile(path, content);
  return readProfileFile(path);
}

async function readRows(text: string): Promise<(ProfileRow | BadRow)[]> {
  const path = join(folder, "profiles.csv");
  await writeFile(path, text);
  const rows: (ProfileRow | BadRow)[] = [];
  for await (const row of readProfileRows(path)) rows.push(row);
  return rows;
}

/** The distinguishing part of rows: the login, or why a row cannot be used. */
const summarize = (rows: readonly (ProfileRow | BadRow)[]) =>
  rows.map((row) => [row.line, "reason" in row ? row.reason : row.keys[0]]);

test("columns are found by name, in any order and case; a user may have several locations, and be found by both keys", async () => {
  const found = await read(
    '\ufeffCITY,login,userid,latitude,Longitude,note,countryCode,label\n"Lisbon, old town",Ada@Example.com,00u1,38.7,-9.1,x,Portugal,home\nOttawa,ada@example.com,,,,,CA,\n',
  );
  const home = {
    label: "home",
    countryCode: "PT",
    state: null,
    city: "Lisbon, old town",
    postalCode: null,
    latitude: 38.7,
    longitude: -9.1,
  };
  const ottawa = { ...home, label: "location", countryCode: "CA", city: "Ottawa", latitude: null, longitude: null };
  expect([...found]).toEqual([
    ["00u1", [home]],
    ["ada@example.com", [home, ottawa]],
  ]);
});

test.each([
  ["city\nLisbon\n", /profiles\.csv:1: expected a column userId or login/],
  ["city\nLisbon\n", /known columns: userId, login, .*German and French \(.*benutzername.*stadt.*ville/],
  ["login,city,country\n,Lisbon,PT\n", /profiles\.csv:2: neither userId nor login/],
  [
    "\n> okta-proxy-watch@0.1.0 profiles\n> node cli/profiles.ts template\n\nlogin,city\na,Lisbon\n",
    /profiles\.csv:2: this is what npm prints before a command's output: .*"npm run -s"/,
  ],
  ["login,countryCode\na,PT\nb,Atlantis\n", /profiles\.csv:3: "Atlantis" is no country/],
  ["login,country,latitude\na,PT,91\n", /profiles\.csv:2: latitude: "91"/],
  ["login,country,longitude\na,PT,east\n", /profiles\.csv:2: longitude: "east"/],
  ["login,country\na\n", /profiles\.csv:2: it has 1 value, and the header 2 columns/],
  ['login,country\na,PT\nb,"PT\nc,PT\n', /profiles\.csv:3: no CSV: a quotation mark opens on this line/],
  ['login,country\na,PT\nb,"PT\nc,"PT"\nd,PT\n', /profiles\.csv:3: no CSV: a quotation mark opens on this line/],
  [`login,country\na,"${"x".repeat(200_000)}\n`, /profiles\.csv:2: no CSV/],
  ["login,department\na,IT\n", /profiles\.csv:1: expected columns that name a place: .* has "login", "department"/],
  [
    "\u30e6\u30fc\u30b6\u30fc\u540d,country\na,JP\n",
    /:1: expected a column userId or login; .*"\u30e6\u30fc\u30b6\u30fc\u540d"/,
  ],
  ["", /profiles\.csv: the file is empty; expected a line with the names of columns/],
  ["\ufeff\r\n\r\n", /profiles\.csv: the file is empty/],
  ["login,country\n", /profiles\.csv: there is no row below the columns' names/],
  ["login,city,country,label\na,,,home\n", /:2: no city and country are given, and no coordinates/],
  ["login,city,country\na,Lisbon,\n", /:2: no country is given for the city "Lisbon", and no coordinates/],
  ["login,city,country\na,M\ufffdnchen,DE\n", /:2: "M\ufffdnchen" has a letter that was lost when the file was saved/],
])("%j is refused with file and line", async (text, message) => {
  await expect(read(text)).rejects.toThrow(InputError);
  await expect(read(text)).rejects.toThrow(message);
});

test("a file that is not there is named", async () => {
  await expect(readProfileFile(join(folder, "missing.csv"))).rejects.toThrow(/missing\.csv: cannot be opened/);
});

describe("a row that cannot be used costs no other row", () => {
  test("be it too long, too short, or with a quotation mark amid a value", async () => {
    const text =
      'login,city,country\na,Washington, D.C.,US\nb,Lisbon,PT\nc,Lisbon\nd,5" Lisbon,PT\ne,Porto,PT,,\n\n,,,,\nf,Porto,PT\n';
    expect(summarize(await readRows(text))).toEqual([
      [2, expect.stringContaining("it has 4 values, and the header 3 columns")],
      [3, "b"],
      [4, expect.stringContaining("it has 2 values, and the header 3 columns")],
      [5, expect.stringContaining("a quotation mark stands amid a value")],
      [6, "e"],
      [9, "f"],
    ]);
  });

  test("in a file whose lines end in different ways as well", async () => {
    const rows = await readRows("login,country\r\na,PT\nb,PT,x\rc,PT\r\n");
    expect(rows.map((row) => ("reason" in row ? "bad" : row.keys[0]))).toEqual(["a", "bad", "c"]);
  });
});

test("no file does anything but give rows, or be refused by its name", async () => {
  const outcomes = { rows: 0, refused: 0 };
  const piece = fc.constantFrom(
    '"',
    ",",
    ";",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "a",
    "PT",
    "\u00fc",
    "\ufffd",
    "\0",
    "sep=;",
    " ",
  );
  const header = fc.constantFrom("", "\ufeff", "login,country\n", "login;city;country\n", "login,latitude,longitude\n");
  const text = fc.tuple(header, fc.string({ unit: piece, maxLength: 40 })).map((parts) => Buffer.from(parts.join("")));
  const bytes = fc
    .uint8Array({ maxLength: 60 })
    .map((each) => Buffer.concat([Buffer.from("login,country\na,PT\n"), each]));
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, bytes, fc.uint8Array({ maxLength: 8 })), async (content) => {
      const path = join(folder, "any.csv");
      await writeFile(path, content);
      try {
        for await (const row of readProfileRows(path)) {
          expect(row.line).toBeGreaterThan(0);
          outcomes.rows += 1;
        }
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        expect((error as Error).message).toMatch(/^\S+any\.csv:(\d+:)? ./);
        outcomes.refused += 1;
      }
    }),
    { numRuns: 1_000 },
  );
  expect(outcomes.rows).toBeGreaterThan(100);
  expect(outcomes.refused).toBeGreaterThan(100);
});

describe("letters", () => {
  const text =
    "login;city;country\nada@example.com;K\u00f6ln;DE\nb@x;\u0160kofja Loka;SI\nc@x;\u0152uilly \u2013 \u20ac;FR\n";
  const cities = ["K\u00f6ln", "\u0160kofja Loka", "\u0152uilly \u2013 \u20ac"];
  const windows1252 = Buffer.from(
    text.replace("\u0160", "\x8a").replace("\u0152", "\x8c").replace("\u2013", "\x96").replace("\u20ac", "\x80"),
    "latin1",
  );
  const utf16 = Buffer.from(`\ufeff${text.replaceAll(";", "\t")}`, "utf16le");

  test.each([
    ["UTF-8", Buffer.from(text)],
    ["UTF-8 with a byte order mark", Buffer.from(`\ufeff${text}`)],
    ["Windows-1252, as Excel writes them", windows1252],
    ["UTF-16, as Excel writes Unicode text", utf16],
    ["UTF-16, big-endian", Buffer.from(utf16).swap16()],
  ])("in %s are read", async (_, content) => {
    const found = await read(content);
    expect([...found.values()].map(([location]) => location?.city)).toEqual(cities);
  });

  test("of an inferred encoding come with a word to judge it by", async () => {
    const path = join(folder, "profiles.csv");
    await writeFile(path, windows1252);
    const headers: unknown[] = [];
    for await (const _ of readProfileRows(path, (header) => headers.push(header))) break;
    expect(headers).toEqual([{ ignoredColumns: [], encoding: { name: "Windows-1252", inferredFrom: "K\u00f6ln" } }]);
  });

  test("that a chunk of the file ends amid are read", async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `u${index},\u00c5rhus,DK\n`);
    const found = await read(["login,city,country\n", ...rows].join(""));
    expect(found.size).toBe(20_000);
    expect(new Set([...found.values()].map(([location]) => location?.city))).toEqual(new Set(["\u00c5rhus"]));
  });

  test.each([
    ["in neither UTF-8 nor Windows-1252", Buffer.from("login,country\na\x8d,SK\n", "latin1"), /neither in UTF-8 nor/],
    [
      "in UTF-8 but for a line",
      Buffer.concat([Buffer.from(text), Buffer.from("d@x;K\xf6ln;DE\n", "latin1")]),
      /profiles\.csv:5: this line is not in UTF-8, and others are/,
    ],
    [
      "in UTF-8 that is cut off amid a letter",
      Buffer.from(text).subarray(0, Buffer.from(text).indexOf(0xc5) + 1),
      /profiles\.csv:3: this line is not in UTF-8, and others are/,
    ],
    ["of UTF-16 without a byte order mark", utf16.subarray(2), /this is no text, or UTF-16 without/],
    [
      "that do not keep to their byte order mark",
      Buffer.from("\xef\xbb\xbfa\xe4b", "latin1"),
      /byte order mark of UTF-8/,
    ],
    ["of a workbook", Buffer.from("PK\x03\x04...", "latin1"), /an Excel workbook or a ZIP archive: .*CSV UTF-8/],
    ["of an older workbook", Buffer.from("\xd0\xcf\x11\xe0", "latin1"), /an Excel workbook of the older form/],
    ["that are compressed", Buffer.from("\x1f\x8b\x08", "latin1"), /compressed \(gzip\)/],
  ])("%s are refused, with how to save the file", async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(InputError);
    await expect(read(content)).rejects.toThrow(message);
  });
});

describe("columns", () => {
  test.each([
    ["Benutzername;Bezeichnung;Stadt;Bundesland;Land;Postleitzahl;Breitengrad;L\u00e4ngengrad", "Deutschland"],
    ["Anmeldename;Bezeichnung;Ort;Bundesland;L\u00e4ndercode;PLZ;Breite;L\u00e4nge", "DE"],
    ["Nom d\u2019utilisateur;Libell\u00e9;Ville;R\u00e9gion;Pays;Code postal;Latitude;Longitude", "Allemagne"],
    ["Okta Username;Label;City;State;Country/Region;Postal code;Lat;Long", "Germany"],
  ])("are known by their names in German, French and English: %s", async (header, country) => {
    const found = await read(`${header}\nAda@example.com;home;K\u00f6ln;NRW;${country};50667;50,9;6,9\n`);
    const home = { label: "home", city: "K\u00f6ln", state: "NRW", countryCode: "DE", postalCode: "50667" };
    expect([...found]).toEqual([["ada@example.com", [{ ...home, latitude: 50.9, longitude: 6.9 }]]]);
  });

  test("of the login itself come before those of addresses, whatever their order", async () => {
    expect([...(await read("email,login,country\nother@x,ada@example.com,PT\n")).keys()]).toEqual(["ada@example.com"]);
    expect([...(await read("country,e-mail\nPT,ada@example.com\n")).keys()]).toEqual(["ada@example.com"]);
  });

  test("may hold logins in any case and Unicode form, and values among spaces of any kind", async () => {
    const found = await read(
      "login,country\nZO\u0045\u0308@example.com,PT\n\u00a0zo\u00eb@example.com\u00a0,\u00a0ES\u00a0\n",
    );
    expect([...found.keys()]).toEqual(["zo\u00eb@example.com"]);
    expect(found.get("zo\u00eb@example.com")?.map(({ countryCode }) => countryCode)).toEqual(["PT", "ES"]);
  });

  test("may stand below the line by which Excel names the delimiter", async () => {
    expect([...(await read("\r\nsep=;\r\nlogin;country\r\na,b;PT\r\n")).keys()]).toEqual(["a,b"]);
  });
});

test.each([
  ["Suisse", "CH"],
  ["Österreich", "AT"],
  ["Russland", "RU"],
  ["\u00c9tats-Unis", "US"],
  ["Vereinigtes K\u00f6nigreich", "GB"],
  ["Serbie", "RS"],
  ["Pa\u00edses Bajos", "NL"],
])("the country %s is %s", async (name, code) => {
  const found = await read(`login;country\na;${name}\n`);
  expect(found.get("a")?.[0]?.countryCode).toBe(code);
});
