import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { type Output, runCli } from "../fixtures/command.ts";
import { delivery, sessionStart } from "../fixtures/events.ts";
import { type FakeOkta, fakeUser, startFakeOkta } from "../fixtures/okta.ts";

let run: EmbeddedRun;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "profiles-"));
  run = await startEmbeddedRun({ port: 0, hookSecret: "secret", mismatchDistanceKm: 500, onError: () => {} });
});
afterAll(async () => {
  await run.stop();
  await rm(folder, { recursive: true });
});

const profiles = (...args: readonly string[]) => profilesWith({}, ...args);

function profilesWith(environment: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Output> {
  const where = args[0] === "template" ? [] : ["--local", "--url", run.url];
  return runCli("profiles", [...args, ...where], { environment });
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

beforeEach(async () => {
  const path = await file("users.csv", "login,city,countryCode,label\nada@example.com,Lisbon,PT,home\n");
  expect(await profiles("import", path)).toMatchObject({ code: 0 });
});

describe("npx okta-proxy-watch profiles", () => {
  test("import loads the template that it prints, and says what it did", async () => {
    const { stdout: template } = await profiles("template");
    const path = await file("template.csv", template);
    const dry = await profiles("import", path, "--dry-run");
    expect(dry.stdout).toMatch(/^4 rows, 3 users: 2 would be created, 1 would be changed, 0 unchanged$/m);
    const done = await profiles("import", path);
    expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/2 created, 1 changed, 0 unchanged/) });
    expect((await profiles("import", path)).stdout).toMatch(/0 created, 0 changed, 3 unchanged/);
  });

  test("import names the columns that it does not read", async () => {
    const path = await file("more.csv", "login,department,city,countryCode,e-mail\nada@example.com,IT,Lisbon,PT,a@x\n");
    expect((await profiles("import", path, "--dry-run")).stdout).toContain(
      "Columns that are not read: department, e-mail\n",
    );
    const known = await file("known.csv", "login,city,countryCode\nada@example.com,Lisbon,PT\n");
    expect((await profiles("import", known, "--dry-run")).stdout).not.toContain("Columns");
  });

  test("import leaves bad rows out with exit code 1, naming them, and refuses what is no table with 2", async () => {
    const bad = await profiles("import", await file("bad.csv", "login,countryCode\na@x,Atlantis\nb@x,PT\n"));
    expect(bad.code).toBe(1);
    expect(bad.stdout).toMatch(/bad\.csv:2: "Atlantis" is no country/);
    expect(await profiles("import", await file("none.csv", "city\nLisbon\n"))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/none\.csv:1: expected a column userId or login/),
    });
    expect((await profiles("import", join(folder, "missing.csv"))).stderr).toMatch(/missing\.csv: cannot be opened/);
  });

  test("import reads what Excel writes for CSV, and prints a word to judge the letters by", async () => {
    const path = join(folder, "excel.csv");
    await writeFile(path, Buffer.from("login;city;countryCode\nexcel@example.com;M\xfcnchen;DE\n", "latin1"));
    const { code, stdout } = await profiles("import", path);
    expect(code).toBe(0);
    expect(stdout).toContain('Letters are read as Windows-1252, which Excel writes for "CSV": "M\u00fcnchen".');
    expect((await profiles("show", "excel@example.com")).stdout).toContain("location: M\u00fcnchen, DE (48.");
    await profiles("delete", "--yes", "excel@example.com");
  });

  test("import loads the rows around one with a comma too many, and refuses an empty file", async () => {
    const path = await file("comma.csv", "login,city,countryCode\na@x,Washington, D.C.,US\ncomma@x,Lisbon,PT\n");
    const { code, stdout } = await profiles("import", path);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^2 rows, 1 user: 1 created/m);
    expect(stdout).toMatch(/^1 row left out:\n.*comma\.csv:2: it has 4 values/m);
    await profiles("delete", "--yes", "comma@x");
    expect(await profiles("import", await file("empty.csv", ""))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("empty.csv: the file is empty"),
    });
  });

  test("import names users for whom an item has no room, with exit code 1, and loads the others", async () => {
    const rows = Array.from({ length: 450 }, (_, index) => `large@example.com,${index}${"x".repeat(1_000)},PT`);
    const path = await file(
      "large.csv",
      ["login,city,countryCode", ...rows, "fits@example.com,Lisbon,PT", ""].join("\n"),
    );
    const { code, stdout } = await profiles("import", path);
    expect(code).toBe(1);
    expect(stdout).toContain("451 rows, 2 users: 1 created, 0 changed, 0 unchanged\n\n1 user left unchanged: ");
    expect(stdout).toContain("(400 KB, a key of 2,048 bytes):\n  large@example.com\n");
    await profiles("delete", "--yes", "fits@example.com");
  });

  test("show, list and export print what is stored; what is exported can be imported", async () => {
    expect((await profiles("show", "ADA@example.com")).stdout).toMatch(
      /^ada@example\.com .*\n {2}home: Lisbon, PT \(38\.\d+, -9\.\d+\)$/m,
    );
    expect((await profiles("list")).stdout).toMatch(/home: Lisbon/);
    const exported = await profiles("export");
    expect(exported.stdout).toMatch(/^userId,login,label,countryCode,state,city,postalCode,latitude,longitude$/m);
    expect((await profiles("import", await file("exported.csv", exported.stdout))).code).toBe(0);
  });

  test("list and show keep what others wrote within its line, without what acts on a terminal", async () => {
    const label = "home\nroot@example.com  (import)\u001b[2J";
    await run.putProfiles([{ user: "forged@example.com", locations: [{ label, countryCode: "PT" }] }]);
    const texts = [await profiles("list"), await profiles("show", "forged@example.com")].map(({ stdout }) => stdout);
    for (const text of texts) {
      expect(text).toContain("home root@example.com  (import) [2J: ");
      expect(text).not.toMatch(/^root@example\.com/m);
    }
    expect((await profiles("delete", "--yes", "forged@example.com")).code).toBe(0);
  });

  test("export leaves out journeys, which end by themselves, and keeps the login of one who is named like one", async () => {
    const path = await file("named.csv", "login,city,countryCode\ntravel#ada,Lisbon,PT\n");
    expect((await profiles("import", path)).code).toBe(0);
    await profiles("travel", "ada@example.com", "--city", "Tokyo", "--country", "JP", "--until", "2100-01-15");
    const shown = (await profiles("show", "ada@example.com")).stdout;
    expect(shown).toMatch(/^ada@example\.com, journeys {2}\(.*\)\n {2}journey: Tokyo, JP .*, until 2100/m);
    const listed = (await profiles("list")).stdout;
    expect(`${shown}${listed}`).not.toContain("JOURNEY#");
    const ofProfiles = listed.split("\n").filter((line) => /^\S+ {2}\(/.test(line));
    expect(listed).toMatch(new RegExp(`^${ofProfiles.length} profiles\\.$`, "m"));
    const asJson = (await profiles("show", "ada@example.com", "--json")).stdout.trim().split("\n");
    expect(asJson.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ user: "ada@example.com", kind: "profile" }),
      expect.objectContaining({
        user: "ada@example.com",
        kind: "journeys",
        locations: [expect.objectContaining({ city: "Tokyo", until: "2100-01-16T00:00:00.000Z" })],
      }),
    ]);
    const all = (await profiles("list", "--json")).stdout.trim().split("\n");
    expect(all).toEqual(expect.arrayContaining(asJson));
    const { stdout } = await profiles("export");
    expect(stdout).not.toContain("Tokyo");
    expect(stdout).toContain("\n,ada@example.com,home,PT,,Lisbon,");
    expect(stdout).toContain("\n,travel#ada,location,PT,,Lisbon,");
    const unasked = await profiles("delete", "ada@example.com");
    expect(unasked).toMatchObject({ code: 2, stdout: "" });
    expect(unasked.stderr).toContain("Kept of ada@example.com: ada@example.com, journeys of ada@example.com\n");
    expect(unasked.stderr).toContain("npx okta-proxy-watch profiles delete ada@example.com");
    expect((await profiles("show", "ada@example.com")).code).toBe(0);
    expect((await profiles("delete", "--yes", "travel#ada")).stdout).toBe("Deleted: travel#ada\n");
    expect((await profiles("delete", "--yes", "ada@example.com")).stdout).toBe(
      "Deleted: ada@example.com, journeys of ada@example.com\n",
    );
  });

  test("judge says what the detection would, and why", async () => {
    const far = await profiles("judge", "ada@example.com", "--city", "Toronto", "--country", "Canada");
    expect(far.stdout).toMatch(/^verdict: {3}mismatch$/m);
    expect(far.stdout).toMatch(
      /^reason: {4}The exit is 5,7\d\d km from Lisbon, PT \(home\), over the threshold of 500 km\.$/m,
    );
    const near = await profiles("judge", "ada@example.com", "--city", "Porto", "--country", "PT");
    expect(near.stdout).toMatch(/^verdict: {3}match$/m);
    expect(
      (await profiles("judge", "ada@example.com", "--city", "Porto", "--country", "PT", "--distance-km", "100")).stdout,
    ).toMatch(/mismatch/);
    expect((await profiles("judge", "ada@example.com", "--country", "Spain")).stdout).toMatch(
      /none of the user's countries \(PT\)/,
    );
    expect((await profiles("judge", "nobody", "--country", "ES")).stdout).toMatch(/^verdict: {3}unknown$/m);
    expect((await profiles("judge", "--event", "local/samples/proxied-sign-in.json")).stdout).toMatch(
      /^verdict: {3}mismatch$/m,
    );
  });

  test("delete removes what is remembered of a user's sessions as well", async () => {
    const id = `00u${crypto.randomUUID()}`;
    // What is remembered has little time, and the first delivery loads what is loaded when first needed.
    for (const user of ["00uFirst", id]) {
      const event = sessionStart({ actor: { id: user, type: "User", alternateId: null, displayName: null } });
      await fetch(run.url, {
        method: "POST",
        headers: { authorization: "secret", "content-type": "application/json" },
        body: JSON.stringify(delivery([event])),
      });
    }
    expect((await profiles("delete", "--yes", id)).stdout).toBe(
      "Deleted: what is remembered of the user's sessions\nDeleted: 1 incident\nDeleted: the name in the digest's counts of 1 day\n",
    );
    expect(await profiles("delete", "--yes", id)).toMatchObject({ code: 2 });
  });

  test("delete finds what is remembered under a login by the key of the run, and nothing by another", async () => {
    const login = `${crypto.randomUUID()}@Example.com`;
    const actor = { id: "unknown", type: "User", alternateId: login, displayName: null };
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await fetch(run.url, {
        method: "POST",
        headers: { authorization: "secret", "content-type": "application/json" },
        body: JSON.stringify(delivery([sessionStart({ actor, outcome: { result: "FAILURE" } })])),
      });
    }
    const byAnother = () => profilesWith({ HOOK_SECRET: "another" }, "delete", "--yes", login);
    expect((await byAnother()).stdout).toBe("Deleted: 1 incident\n");
    expect(await byAnother()).toMatchObject({ code: 2 });
    const withKey = await profilesWith({ HOOK_SECRET: "secret" }, "delete", "--yes", login.toLowerCase());
    expect(withKey.stdout).toBe("Deleted: what is remembered of the user's sessions\n");
    expect(await profilesWith({ HOOK_SECRET: "secret" }, "delete", "--yes", login)).toMatchObject({ code: 2 });
  });

  test("travel adds a place until a day, which counts at once, and delete removes all", async () => {
    const added = await profiles(
      "travel",
      "ada@example.com",
      "--city",
      "Tokyo",
      "--country",
      "JP",
      "--until",
      "2100-01-15",
    );
    expect(added.stdout).toMatch(
      /^ada@example\.com may be in Tokyo, JP \([\d., ]+\) until 2100-01-16T00:00:00\.000Z\.$/m,
    );
    const judged = await profiles("judge", "ada@example.com", "--city", "Osaka", "--country", "Japan");
    expect(judged.stdout).toMatch(/^verdict: {3}match$/m);
    expect((await profiles("show", "ada@example.com")).stdout).toContain("journey: Tokyo");
    expect((await profiles("delete", "--yes", "ada@example.com")).stdout).toMatch(/Deleted: .*ada@example\.com/);
    expect((await profiles("show", "ada@example.com")).code).toBe(2);
    expect((await profiles("judge", "ada@example.com", "--country", "JP")).stdout).toMatch(/^verdict: {3}unknown$/m);
  });

  test.each([
    [["travel", "a", "--country", "JP", "--until", "2020-01-01"], /--until lies in the past/],
    [["travel", "a", "--country", "JP", "--until", "soon"], /a day \(2026-12-31\)/],
    [
      ["travel", "a", "--city", "Atlantis", "--country", "GR", "--until", "2100-01-01"],
      /no city "Atlantis" is known in GR/,
    ],
    [["travel", "a", "--until", "2100-01-01"], /--country is missing/],
    [["judge", "a"], /--country is missing/],
    [["judge", "a", "--country", "Atlantis"], /no country that is known/],
    [["delete", "nobody"], /nothing is kept of nobody/],
  ])("refuses %j with exit code 2", async (args, message) => {
    const { code, stderr } = await profiles(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe("npx okta-proxy-watch profiles sync", () => {
  let okta: FakeOkta;
  beforeAll(async () => {
    okta = await startFakeOkta();
  });
  afterAll(() => okta.stop());

  test("loads the users' locations with coordinates, goes on with what changed, and reads all with --full", async () => {
    okta.users.push(...Array.from({ length: 250 }, (_, index) => fakeUser(index)));
    const app = { OKTA_CLIENT_CLIENTID: okta.clientId, OKTA_CLIENT_PRIVATEKEY: JSON.stringify(okta.privateKey) };
    const sync = (...args: readonly string[]) => profilesWith(app, "sync", "--okta-url", okta.orgUrl, ...args);
    expect(await sync()).toMatchObject({
      code: 0,
      stdout: "250 users on 2 pages (all): 500 items changed, the locations of 0 users removed\n",
    });
    expect((await profiles("show", "user7@example.com")).stdout).toMatch(
      /^user7@example\.com .*okta.*\n {2}Okta profile: Lisbon, PT \(38\.\d+, -9\.\d+\)$/m,
    );
    expect((await sync()).stdout).toMatch(/^0 users on 1 page \(those changed since the last sync\)/);
    okta.users.splice(7, 1);
    expect((await sync("--full")).stdout).toMatch(
      /^249 users on 2 pages \(all\): 0 items changed, the locations of 2 users/,
    );
    expect((await profiles("show", "user7@example.com")).code).toBe(2);
  });

  test.each([
    [{}, [], /no credential of Okta: set OKTA_CLIENT_CLIENTID and OKTA_CLIENT_PRIVATEKEY/],
    [{ OKTA_CLIENT_TOKEN: "wrong" }, [], /refused .*401.*Invalid token provided.*Security > API > Tokens/],
    [{ OKTA_CLIENT_CLIENTID: "a", OKTA_CLIENT_PRIVATEKEY: "-----BEGIN" }, [], /OKTA_CLIENT_PRIVATEKEY is neither/],
    [{ OKTA_CLIENT_TOKEN: "a" }, ["--attributes", '[{"label":"home","town":"city"}]'], /Expected JSON such as/],
  ])("refuses %j %j with exit code 2", async (environment, args, message) => {
    const { code, stderr } = await profilesWith(environment, "sync", "--okta-url", okta.orgUrl, ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
