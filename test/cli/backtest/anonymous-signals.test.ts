import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { combinations, eventOf, expected } from "../../fixtures/anonymous-signals.ts";
import { runCli } from "../../fixtures/command.ts";
import { sessionStart } from "../../fixtures/events.ts";

const central = "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b10";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signals-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a backtest sees the combinations of signals that say anonymous, and no other", async () => {
  // Every 37th: that divides no number of forms, so that each form meets each other one.
  const all = combinations()
    .map((chosen, index) => ({ chosen, uuid: `signals-${index}` }))
    .filter((_, index) => index % 37 === 0);
  const events = all.map(({ chosen, uuid }) => sessionStart({ uuid, ...eventOf(chosen) }));
  const file = join(folder, "events.jsonl.gz");
  await writeFile(file, gzipSync(events.map((event) => JSON.stringify(event)).join("\n")));
  const { code, stdout } = await runCli("backtest", ["--events", file]);
  expect(code).toBe(0);
  const matches = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly rule: string; readonly event: string })
    .filter(({ rule }) => rule === central)
    .map(({ event }) => event);
  const wanted = all.filter(({ chosen }) => expected(chosen) === true).map(({ uuid }) => uuid);
  expect(wanted.length).toBeGreaterThan(1_000);
  expect(new Set(matches)).toEqual(new Set(wanted));
  expect(matches).toHaveLength(wanted.length);
});
