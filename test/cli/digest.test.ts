import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createCountDay } from "../../lambda/adapters/tables/day-counts.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { names } from "../../local/resources.ts";
import { type Output, runCli } from "../fixtures/command.ts";
import { delivery, sessionStart } from "../fixtures/events.ts";
import { endless, patientDynamodb } from "../fixtures/timing.ts";

let run: EmbeddedRun;
const notices: string[] = [];
beforeAll(async () => {
  run = await startEmbeddedRun({
    port: 0,
    hookSecret: "secret",
    mismatchDistanceKm: 500,
    onNotice: ({ subject }) => notices.push(subject),
    onError: () => {},
  });
});
afterAll(() => run.stop());

const digest = (...args: readonly string[]): Promise<Output> =>
  runCli("digest", [...args, "--local", "--url", run.url]);
const dayOf = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);

test("before anything was counted it says so; then it prints the sign-ins of today, and sends them", async () => {
  expect(await digest()).toMatchObject({ code: 0, stderr: expect.stringContaining("nothing was counted") });

  const response = await fetch(run.url, {
    method: "POST",
    headers: { authorization: "secret", "content-type": "application/json" },
    body: JSON.stringify(delivery([sessionStart()])),
  });
  expect(response.status).toBe(204);
  const printed = await digest("--since", "1d");
  expect(printed).toMatchObject({ code: 0, stderr: "" });
  expect(printed.stdout).toContain("Sign-ins through anonymous networks: 1\n");
  expect(printed.stdout).toContain("- Okta User Session Start Via Anonymizing Proxy: 1\n");
  // What it proposes to run asks the same run.
  const commands = printed.stdout.match(/npx okta-proxy-watch .*/g) ?? [];
  expect(commands).toContain(`npx okta-proxy-watch incidents list --local --url ${run.url} --open`);
  for (const command of commands) expect(command).toContain(` --local --url ${run.url}`);
  expect(notices).toEqual([]);

  const sent = await digest("--send", "--json");
  expect(sent).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(sent.stdout)).toMatchObject({ kind: "digest", from: dayOf(6), to: dayOf(0), alerts: { count: 1 } });
  await vi.waitUntil(() => notices.length > 0, 60_000);
  expect(notices[0]).toMatch(/^Digest of .*: 1 alert, 1 sign-in through anonymous networks$/);
});

test("--since takes a day or a number of days, and compares with as many before", async () => {
  const count = createCountDay(names.stateTable, patientDynamodb());
  const counts = { numbers: new Map([["signIns", 5]]), persons: new Set<string>() };
  await count(dayOf(14), counts, AbortSignal.timeout(endless));
  const since = JSON.parse((await digest("--since", dayOf(9), "--json")).stdout) as { readonly signIns: unknown };
  expect(since).toMatchObject({ from: dayOf(9), signIns: { before: 5 } });
  expect((await digest("--since", "10d")).stdout).toContain("(before 5)");
});

test("a rule of the folder that the settings name has its title", async () => {
  const folder = await mkdtemp(join(tmpdir(), "digest-"));
  const id = "00000000-0000-4000-8000-000000000077";
  await mkdir(join(folder, "own"));
  await writeFile(join(folder, "own", "own.yml"), ruleText(id));
  await writeFile(join(folder, "settings.yml"), "rulesFolder: own\n");
  const count = createCountDay(names.stateTable, patientDynamodb());
  const counts = { numbers: new Map([[`rule#${id}`, 3]]), persons: new Set<string>() };
  await count(dayOf(0), counts, AbortSignal.timeout(endless));
  const environment = { SETTINGS_FILE: join(folder, "settings.yml") };
  const { stdout } = await runCli("digest", ["--local", "--url", run.url], { environment });
  expect(stdout).toContain("- A session of ours ended: 3\n");
});

const ruleText = (id: string) => `title: A session of ours ended
id: ${id}
logsource: { product: okta }
detection:
  selection: { eventType: user.session.end }
  condition: selection
level: low
`;

test.each([
  ["2099-01-01", "lies in the future"],
  ["2026-01-01", "older counts are gone"],
  ["36d", "older counts are gone"],
  ["0d", "30d or 12h, a day (2026-12-31), or a time (2026-12-31T10:00Z) is expected"],
  ["yesterday", "30d or 12h, a day (2026-12-31), or a time (2026-12-31T10:00Z) is expected"],
])("--since %s is refused: %s", async (since, reason) => {
  expect(await digest("--since", since)).toMatchObject({ code: 2, stderr: expect.stringContaining(reason) });
});
