import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeProtectedHeader } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Output, runCli } from "../fixtures/command.ts";
import { type Json, sessionStart } from "../fixtures/events.ts";
import { type FakeOkta, startFakeOkta } from "../fixtures/okta.ts";

let okta: FakeOkta;
let folder: string;
let cache: string;
const day = 86_400_000;
const start = Date.now() - 10 * day;

beforeEach(async () => {
  okta = await startFakeOkta();
  folder = await mkdtemp(join(tmpdir(), "backtest-okta-"));
  cache = join(folder, "cache");
  okta.log.pageSize = 10;
  for (let index = 0; index < 45; index += 1) {
    // Some at the same time, as in life.
    const published = new Date(start + Math.floor(index / 3) * 60_000).toISOString();
    okta.log.add(sessionStart({ uuid: `e${index}`, published, securityContext: { isProxy: true } }));
    okta.log.add({ uuid: `o${index}`, published, eventType: "app.oauth2.as.token.grant" });
    okta.log.add(sessionStart({ uuid: `d${index}`, published, securityContext: { isProxy: false } }));
  }
});
afterEach(async () => {
  expect(okta.invalid).toEqual([]);
  await okta.stop();
  await rm(folder, { recursive: true });
});

const backtest = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Output> =>
  runCli("backtest", ["--okta", okta.orgUrl, ...args], {
    environment: {
      OKTA_CLIENT_CLIENTID: okta.clientId,
      OKTA_CLIENT_PRIVATEKEY: JSON.stringify(okta.privateKey),
      BACKTEST_CACHE_KEY: "a passphrase",
      ...more,
    },
  });
const matched = ({ stdout }: Output) =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as Json).event);
const all = Array.from({ length: 45 }, (_, index) => `e${index}`);

test("rules run over the org's own log, of what they ask for alone", async () => {
  const outcome = await backtest(["--since", "30d"]);
  expect(outcome.code).toBe(0);
  expect(matched(outcome)).toEqual(all);
  expect(outcome.stderr).toMatch(/^90 events read, 45 matches, /);
  expect(okta.asked).toHaveLength(9);
  expect(okta.asked[0]).toContain('eventType+eq+"user.session.start"');
});

test("--since and --until are asked of Okta", async () => {
  const since = new Date(start + 5 * 60_000).toISOString();
  const until = new Date(start + 7 * 60_000).toISOString();
  expect(matched(await backtest(["--since", since, "--until", until]))).toEqual(all.slice(15, 21));
  expect(matched(await backtest(["--since", "12h"]))).toEqual([]);
});

describe("a cache", () => {
  test("keeps Okta's answers, encrypted, so that Okta is asked once", async () => {
    const first = await backtest(["--since", "30d", "--cache", cache]);
    expect(first.code).toBe(0);
    const kept = await readFile(cache, "utf8");
    expect(kept).not.toContain("Ada@Example.com");
    for (const page of kept.trim().split("\n").slice(1)) {
      expect(decodeProtectedHeader(page)).toEqual({ alg: "dir", enc: "A256GCM" });
    }
    expect(kept).not.toContain('user.session.start",');
    expect((await stat(cache)).mode & 0o777).toBe(0o600);
    okta.asked.length = 0;
    const second = await backtest(["--since", "30d", "--cache", cache]);
    expect(matched(second)).toEqual(all);
    expect(second.stderr).toContain("for another, name another file");
    expect(okta.asked).toEqual([]);
  });

  test("makes it go on where it was stopped, and nothing is read twice", async () => {
    okta.interfere = (request) => (request >= 3 ? "serverError" : "none");
    const stopped = await backtest(["--since", "30d", "--cache", cache]);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain("Okta failed 5 times");
    expect(stopped.stderr).toContain("Run it again: it goes on there");
    // It was stopped while it wrote.
    await appendFile(cache, "aGFsZiBhIGxpbmU");
    okta.interfere = () => "none";
    okta.asked.length = 0;
    const outcome = await backtest(["--since", "30d", "--cache", cache]);
    expect(outcome.code).toBe(0);
    expect(matched(outcome)).toEqual(all);
    expect(outcome.stderr).toMatch(/^90 events read, /m);
    // Two pages of nine were there; the last event's time is asked for again.
    expect(okta.asked).toHaveLength(8);
    const since = new URL(okta.asked[0]?.replace("GET ", "") ?? "", okta.orgUrl).searchParams.get("since");
    expect(since).toBe(new Date(start + 3 * 60_000).toISOString());
  });

  test("is refused without a passphrase, with another, of another org, and where a file is something else", async () => {
    const without = await backtest(["--since", "30d", "--cache", cache], { BACKTEST_CACHE_KEY: "" });
    expect(without).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("keeps personal data: set BACKTEST_CACHE_KEY"),
    });
    await expect(stat(cache)).rejects.toThrow("ENOENT");
    await backtest(["--since", "30d", "--cache", cache]);
    const other = await backtest(["--since", "30d", "--cache", cache], { BACKTEST_CACHE_KEY: "another" });
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("cannot be decrypted") });
    const kept = await readFile(cache, "utf8");
    // Pages go with their query, and a page is whole.
    const times = /"since":"20/.test(kept) ? kept.replace('"since":"20', '"since":"19') : "";
    for (const changed of [times, kept.replace(/.\n$/, "\n")]) {
      await writeFile(cache, changed);
      expect((await backtest(["--since", "30d", "--cache", cache])).stderr).toContain("cannot be decrypted");
    }
    await writeFile(cache, kept.replace(okta.orgUrl, "https://other.okta.com"));
    expect((await backtest(["--since", "30d", "--cache", cache])).stderr).toContain("is of another org");
    await writeFile(cache, "something else\n");
    const foreign = await backtest(["--since", "30d", "--cache", cache]);
    expect(foreign).toMatchObject({ code: 2, stderr: expect.stringContaining("is no cache of this command") });
    expect(await readFile(cache, "utf8")).toBe("something else\n");
  });
});

test("what is missing is said", async () => {
  expect(await backtest([])).toMatchObject({ code: 2, stderr: expect.stringContaining("--okta needs --since") });
  const refused = await backtest(["--since", "30d"], { OKTA_CLIENT_CLIENTID: "0oa1other" });
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("General > Client Credentials: compare the Client ID"),
  });
  const nothing = await runCli("backtest", []);
  expect(nothing).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("name an export, --events FILE, or --okta URL"),
  });
});
