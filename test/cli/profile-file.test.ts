import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InputError } from "../../cli/command.ts";
import { readProfileFile } from "../../cli/profile-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "profiles-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function read(text: string) {
  const path = join(folder, "profiles.csv");
  await writeFile(path, text);
  return readProfileFile(path);
}

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
  ["login,city\n,Lisbon\n", /profiles\.csv:2: neither userId nor login/],
  [
    "\n> okta-proxy-watch@0.1.0 profiles\n> node cli/profiles.ts template\n\nlogin,city\na,Lisbon\n",
    /profiles\.csv:1: this is what npm prints before a command's output: .*"npm run -s"/,
  ],
  ["login,countryCode\na,PT\nb,Atlantis\n", /profiles\.csv:3: "Atlantis" is no country/],
  ["login,latitude\na,91\n", /profiles\.csv:2: latitude: "91"/],
  ["login,longitude\na,east\n", /profiles\.csv:2: longitude: "east"/],
  ["login,city\na\n", /profiles\.csv:2: no CSV/],
  ['login,city\na,"Lis\n', /profiles\.csv:\d: no CSV/],
])("%j is refused with file and line", async (text, message) => {
  await expect(read(text)).rejects.toThrow(InputError);
  await expect(read(text)).rejects.toThrow(message);
});

test("a file that is not there is named", async () => {
  await expect(readProfileFile(join(folder, "missing.csv"))).rejects.toThrow(/missing\.csv: cannot be opened/);
});
