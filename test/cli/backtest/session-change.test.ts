import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { documentedExample } from "../../core/session-start/documented-example.ts";
import { startOf, useOf } from "../../core/session-start/uses.ts";
import { runCli } from "../../fixtures/command.ts";
import { type Json, sessionStart } from "../../fixtures/events.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "session-"));
  await mkdir(join(folder, "rules"));
  await writeFile(join(folder, "rules", "rule.yml"), stringify(await documentedExample()));
});
afterEach(() => rm(folder, { recursive: true }));

/** Not in order of time, and with one event twice. */
const log: readonly Json[] = [
  useOf("s", "away", 10),
  useOf("s", "away", 10),
  useOf("s", "home", 20),
  useOf("s", "phone", 1),
  startOf("s", "home", 0),
  useOf("t", "away", 30),
  useOf("t", "home", 40),
];

test("a backtest finds by the documented example what the functions do, whatever the order of the export", async () => {
  await writeFile(join(folder, "log.jsonl"), log.map((each) => JSON.stringify(sessionStart(each))).join("\n"));
  const alerts = join(folder, "alerts.jsonl");
  const { code, stdout, stderr } = await runCli("backtest", [
    "--events",
    join(folder, "log.jsonl"),
    "--rules",
    join(folder, "rules"),
    "--alerts",
    alerts,
  ]);
  expect(code).toBe(0);
  const lines = stdout.split("\n").filter(Boolean);
  expect(lines.map((line) => (JSON.parse(line) as Json).event)).toEqual(["s-away-10", "t-home-40"]);
  const written = (await readFile(alerts, "utf8")).split("\n").filter(Boolean);
  expect(written.map((line) => (JSON.parse(line) as Alert).okta.eventUuid)).toEqual(["s-away-10", "t-home-40"]);
  expect(stderr).toContain("2 matches");
  expect(stderr).not.toContain("not judged");
});

test("rules names the session starts that such a rule needs, and its reads and writes a day", async () => {
  const { code, stdout } = await runCli("rules", [
    "--rules",
    join(folder, "rules"),
    "--json",
    "--events-a-day",
    "400000",
  ]);
  expect(code).toBe(0);
  const all = JSON.parse(stdout) as {
    readonly subscribe: readonly string[];
    readonly rules: readonly { readonly load: { readonly reads: number; readonly writes: number } }[];
  };
  expect(all.subscribe).toEqual(["user.authentication.sso", "user.session.start"]);
  expect(all.rules).toHaveLength(1);
  const [{ load } = { load: { reads: 0, writes: 0 } }] = all.rules;
  // A write for each sign-in, of which many apps are opened.
  expect(load.writes).toBeGreaterThan(10_000);
  expect(load.reads).toBeGreaterThan(load.writes);
});
