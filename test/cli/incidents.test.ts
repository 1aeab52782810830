import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createIncidents } from "../../lambda/adapters/tables/incidents.ts";
import { entryOf } from "../../lambda/core/alerts/incident-entry.ts";
import type { IncidentAlert } from "../../lambda/core/incidents/incident.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { names } from "../../local/resources.ts";
import { alertOf } from "../fixtures/cases.ts";
import { type Output, runCli } from "../fixtures/command.ts";
import { delivery, type Json, sessionStart } from "../fixtures/events.ts";

let run: EmbeddedRun;
beforeAll(async () => {
  run = await startEmbeddedRun({ port: 0, hookSecret: "secret", mismatchDistanceKm: 500, onError: () => {} });
});
afterAll(() => run.stop());

const local = () => ["--local", "--url", run.url];
const incidents = (...args: readonly string[]): Promise<Output> => runCli("incidents", [...args, ...local()]);
const linesOf = ({ stdout }: Output) =>
  stdout
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Json);
const person = (name: string) => ({
  actor: { id: `00u${name}`, type: "User", alternateId: `${name}@example.com`, displayName: name },
});
const session = (rootSessionId: string) => ({ authenticationContext: { rootSessionId, externalSessionId: "idx" } });
const vpn = (asNumber: number): Json => ({
  securityContext: {
    isProxy: true,
    asNumber,
    ipDetails: { ipServiceCategories: [{ type: "VPN", operator: "NORD_VPN", isAnonymous: true }] },
  },
});

/** Delivers an event, and waits for its alert and for what is recorded of it. */
async function alertOn(event: Json): Promise<string> {
  const response = await fetch(run.url, {
    method: "POST",
    headers: { authorization: "secret", "content-type": "application/json" },
    body: JSON.stringify(delivery([event])),
  });
  expect(response.status).toBe(204);
  const find = () => run.alerts.received.find(({ alert }) => alert.okta.eventUuid === event.uuid);
  await vi.waitUntil(find, 60_000);
  return find()?.alert.incident.id ?? "";
}

describe("npx okta-proxy-watch incidents", () => {
  test("lists an incident, shows its timeline, closes it, and the next alert of the same kind says how", async () => {
    const ada = { ...person("ada"), ...vpn(64500) };
    const id = await alertOn(sessionStart({ ...ada, ...session("root1") }));
    const second = sessionStart({ ...person("ada"), ...vpn(64501), ...session("root1") });
    expect(await alertOn(second)).toBe(id);

    const listed = await incidents("list", "--open");
    expect(listed).toMatchObject({ code: 0, stderr: "" });
    expect(listed.stdout).toMatch(new RegExp(`^${id.slice(0, 8)} {2}open, \\w+, 2 alerts, 20.* ada \\(?ada@example`));
    expect(listed.stdout).toContain("1 incident of the last 30 days, 1 without a verdict.");
    const [hint = ""] = listed.stdout.trimEnd().split("\n").slice(-1);
    expect(hint).toBe(
      `To see one, and how to close it: npx okta-proxy-watch incidents show ${id.slice(0, 8)} ${local().join(" ")}`,
    );

    const shown = await incidents("show", id.slice(0, 8));
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout).toMatch(new RegExp(`^Incident ${id}\nada \\(ada@example\\.com\\); 2 alerts since `));
    for (const part of [
      /^20\d\d-\d\d-\d\d \d\d:\d\d UTC {2}\w+ {2}ada \(ada@example\.com\) started an Okta session through VPN/m,
      /^ {4}From {5}Toronto, Ontario, Canada$/m,
      /^ {4}Through {2}VPN \(NORD_VPN\)$/m,
      /^ {4}Network {2}203\.0\.113\.77, AS64500$/m,
      new RegExp(`^ {4}Event {4}${String(second.uuid)}$`, "m"),
      /^Verdict {4}none$/m,
      /^Next {7}\S/m,
      new RegExp(
        `^Close it {3}npx okta-proxy-watch incidents close ${id.slice(0, 8)} --verdict VERDICT --note "\\.\\.\\."(?: --by "\\.\\.\\.")? --local --url ${run.url}$`,
        "m",
      ),
    ]) {
      expect(shown.stdout).toMatch(part);
    }

    const closing = ["close", id, "--verdict", "benign", "--note", "asked her", "--by", "ana"];
    const closed = await incidents(...closing);
    expect(closed).toMatchObject({ code: 0, stderr: "" });
    expect(closed.stdout).toMatch(new RegExp(`^Closed: ${id.slice(0, 8)} {2}benign, `));
    expect((await incidents("show", id)).stdout).toMatch(/^Verdict {4}benign, by ana on 20.* UTC: asked her$/m);
    expect((await incidents("list", "--open")).stdout).toBe("1 incident of the last 30 days, 0 without a verdict.\n");
    expect((await incidents("list", "--open", "--since", "12h")).stdout).toContain(" of the last 12 hours, ");
    const today = new Date().toISOString().slice(0, 10);
    expect((await incidents("list", "--since", today)).stdout).toContain(` of the time since ${today} 00:00 UTC, `);
    expect(linesOf(await incidents("list", "--json"))).toMatchObject([{ id, count: 2, open: false }]);

    const other = sessionStart({ ...person("ada"), ...vpn(64502), ...session("root2") });
    const otherId = await alertOn(other);
    expect(otherId).not.toBe(id);
    const found = run.alerts.received.find(({ alert }) => alert.okta.eventUuid === other.uuid)?.alert;
    expect(found?.incident).toMatchObject({ alerts: 0, verdict: null });
    const again = await incidents(...closing.map((each) => (each === "benign" ? "expected" : each)));
    expect(again.stdout).toMatch(/^Before: benign, by ana on .*: asked her\n/);
  });

  test("scores detections by verdict, and says what to tune, as a command to copy", async () => {
    for (const root of ["s1", "s2", "s3"]) {
      const id = await alertOn(sessionStart({ ...person("bob"), ...vpn(64510 + Number(root[1])), ...session(root) }));
      expect((await incidents("close", id, "--verdict", "expected", "--note", "his VPN", "--by", "ana")).code).toBe(0);
    }
    const { code, stdout } = await incidents("score");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^\d+ alerts of the last 90 days: 0 true positives, \d+ harmless, and \d+ that waits? for a verdict\.\n/,
    );
    expect(stdout.indexOf("What to tune")).toBeLessThan(
      stdout.search(/^ +alerts +true +benign +expected +open {2}detection$/m),
    );
    expect(stdout.split("\n").length).toBeLessThan(25);
    expect(stdout).toMatch(/^ +6 +0 +0 +5 +1 {2}Okta User Session Start Via Anonymizing Proxy$/m);
    expect(stdout).toContain(
      '    npx okta-proxy-watch exceptions add --user bob@example.com --operator NORD_VPN --reason "..."',
    );
    const [first] = linesOf(await incidents("score", "--json"));
    expect(first).toMatchObject({ expected: 5, advice: { kind: "except", covers: 3 } });

    const bobs = ["--user", "bob@example.com", "--operator", "NORD_VPN", "--reason", "his VPN", "--by", "ana"];
    const made = await runCli("exceptions", ["add", ...bobs, "--yes", ...local()]);
    expect(made).toMatchObject({ code: 0 });
    const covered = await incidents("score");
    expect(covered.stdout).not.toContain("exceptions add --user bob@example.com");
    const [exception] = linesOf(await runCli("exceptions", ["list", "--json", ...local()]));
    const removed = await runCli("exceptions", ["remove", String(exception?.id), "--yes", ...local()]);
    expect(removed).toMatchObject({ code: 0 });
  });

  test("says in a line where a true positive stops the advice on a detection", async () => {
    const id = await alertOn(sessionStart({ ...person("finn"), ...vpn(64_590), ...session("attack") }));
    const close = (verdict: string) =>
      incidents("close", id, "--verdict", verdict, "--note", "asked him", "--by", "ana");
    expect((await close("true-positive")).code).toBe(0);
    expect((await incidents("score")).stdout).toContain(
      "- Okta User Session Start Via Anonymizing Proxy: no advice on the harmless alerts, as a true positive is among its alerts.",
    );
    expect((await close("expected")).code).toBe(0);
  });

  test("shows what a stranger wrote within its line, and escapes it in JSON: a name passes for no verdict", async () => {
    const now = new Date();
    const hostile = "Eve\nVerdict    benign, by ana: fine\u001b[2J\u009b31m\u202e\u{e0041}";
    const alert = { ...entryOf(alertOf(), null), detectedAt: now.toISOString(), summary: hostile, from: hostile };
    const user = { id: null, login: hostile, displayName: hostile };
    const incident = "eeeeeeee-0000-5000-8000-000000000000";
    const store = createIncidents(names.stateTable, () => Buffer.from("x"));
    await store.record({ incident, alert, user, userKey: null, now }, AbortSignal.timeout(60_000));
    const texts = [await incidents("show", incident), await incidents("list")].map(({ stdout }) => stdout);
    for (const text of texts) {
      expect(text).toContain("Eve Verdict    benign, by ana: fine");
      expect(text.match(/^Verdict.*$/gm) ?? []).toEqual(text === texts[0] ? ["Verdict    none"] : []);
      expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    }
    const { stdout } = await incidents("show", incident, "--json");
    expect(stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    expect(JSON.parse(stdout)).toMatchObject({ user: { login: hostile } });
  });

  test("an incident that was closed is open again with the next alert, which comes all the same", async () => {
    const start = (asNumber: number) => sessionStart({ ...person("mia"), ...vpn(asNumber), ...session("m1") });
    const id = await alertOn(start(64590));
    expect((await incidents("close", id, "--verdict", "benign", "--note", "asked", "--by", "ana")).code).toBe(0);
    expect(await alertOn(start(64591))).toBe(id);
    expect((await incidents("list", "--open")).stdout).toContain(`${id.slice(0, 8)}  open again`);
  });

  test("lists the severest alert of an incident, and of a storm the sessions that started in it", async () => {
    const store = createIncidents(names.stateTable, () => Buffer.from("x"));
    const now = new Date();
    const record = (incident: string, own: Partial<IncidentAlert>, login: string | null = null) => {
      const alert = {
        ...entryOf(alertOf(), null),
        detectedAt: now.toISOString(),
        alertId: crypto.randomUUID(),
        ...own,
      };
      const user = login === null ? null : { id: null, login, displayName: null };
      return store.record({ incident, alert, user, userKey: null, now }, AbortSignal.timeout(60_000));
    };
    const earlier = new Date(now.getTime() - 60_000).toISOString();
    const storm = "dddddddd-1";
    await record(storm, { summary: "A storm", storm, detectedAt: earlier });
    await record("bbbbbbbb-1", { severity: "critical", summary: "granted all", detectedAt: earlier, storm }, "sam");
    await record("bbbbbbbb-1", { severity: "low", summary: "opened an app", storm: null }, "sam");
    const listed = (await incidents("list")).stdout;
    expect(listed).toMatch(/^bbbbbbbb {2}open, critical, 2 alerts, .* sam\n {4}granted all$/m);
    expect((await incidents("show", "dddddddd")).stdout).toMatch(
      /\n\nSessions that started in the storm\nbbbbbbbb {2}open, critical, 2 alerts, .* sam\n/,
    );
    const shown = (await incidents("show", "bbbbbbbb")).stdout;
    expect(shown).toContain(`\nStorm      npx okta-proxy-watch incidents show ${storm} --local --url ${run.url}\n`);
    expect(shown).not.toContain("Sessions that started");
  });

  test("names the files of a rule to switch off in the folder that has it, be it another repository", async () => {
    const folder = await mkdtemp(join(tmpdir(), "incidents-"));
    await mkdir(join(folder, "own", "below"), { recursive: true });
    const detection = { id: "00000000-0000-4000-8000-000000000078", title: "A session of ours ended" };
    await writeFile(
      join(folder, "own", "below", "own.yml"),
      `title: ${detection.title}
id: ${detection.id}
logsource: { product: okta }
detection:
  selection: { eventType: user.session.end }
  condition: selection
level: low
`,
    );
    await writeFile(join(folder, "settings.yml"), "rulesFolder: own\n");
    const store = createIncidents(names.stateTable, () => Buffer.from("x"));
    const now = new Date();
    for (const number of [1, 2, 3]) {
      const [id, user] = [crypto.randomUUID(), { id: null, login: `own${number}@example.com`, displayName: null }];
      const alert = {
        ...entryOf(alertOf(), null),
        detectedAt: now.toISOString(),
        detections: [detection],
        kinds: [],
        operator: null,
        asNumber: 64_700 + number,
      };
      await store.record({ incident: id, alert, user, userKey: null, now }, AbortSignal.timeout(60_000));
      expect((await incidents("close", id, "--verdict", "benign", "--note", "fine", "--by", "ana")).code).toBe(0);
    }
    const environment = { SETTINGS_FILE: join(folder, "settings.yml") };
    const { stdout } = await runCli("incidents", ["score", ...local()], { environment });
    const away = relative(process.cwd(), join(folder, "own", "below"));
    expect(stdout).toContain(
      `\n    git -C ${away} rm --ignore-unmatch own.yml own.cases.yml && npx okta-proxy-watch deploy\n`,
    );
  });

  test("refuses the address of an embedded run without --local, which would ask the deployed stack, and prints the right line", async () => {
    const { code, stdout, stderr } = await runCli("incidents", ["list", "--open", "--url", run.url]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`\n  npx okta-proxy-watch incidents list --open --url ${run.url} --local\n`);
  });

  test("finds the embedded run on the port that PORT names", async () => {
    const environment = { PORT: new URL(run.url).port };
    expect(await runCli("incidents", ["list", "--local"], { environment })).toMatchObject({ code: 0, stderr: "" });
  });

  test("names the author in the lines to paste, where the user of the machine is no person", async () => {
    const alert = { ...entryOf(alertOf(), null), detectedAt: new Date().toISOString() };
    const published = { incident: "cccccccc-1", alert, user: null, userKey: null, now: new Date() };
    await createIncidents(names.stateTable, () => Buffer.from("x")).record(published, AbortSignal.timeout(60_000));
    const { stdout } = await runCli("incidents", ["show", "cccccccc", ...local()], { environment: { CI: "true" } });
    expect(stdout).toContain(`--note "..." --by "..." --local --url ${run.url}\n`);
  });

  test("refuses an unknown id, an ambiguous beginning, and options that it cannot use", async () => {
    const unknown = await incidents("show", crypto.randomUUID());
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toContain("list shows them. One is kept for 90 days after its last change");
    const now = new Date();
    for (const end of ["1", "2"]) {
      const alert = { ...entryOf(alertOf(), null), detectedAt: now.toISOString() };
      const published = { incident: `abcdabcd-${end}`, alert, user: null, userKey: null, now };
      await createIncidents(names.stateTable, () => Buffer.from("x")).record(published, AbortSignal.timeout(60_000));
    }
    const ambiguous = await incidents("show", "abcdabcd");
    expect(ambiguous).toMatchObject({ code: 2, stdout: "" });
    expect(ambiguous.stderr).toContain("abcdabcd is the beginning of 2 ids: abcdabcd-");
    expect((await incidents("show", "abcdabcd-2")).stdout).toContain("no single person; 1 alert since ");
    expect(await incidents("show", "ad")).toMatchObject({ code: 2, stderr: expect.stringContaining("4 characters") });
    expect(await incidents("show", "ada@example.com")).toMatchObject({ code: 2 });
    expect(await incidents("show", "ffff0000")).toMatchObject({ code: 2, stderr: expect.stringContaining("ffff0000") });
    const close = (...args: readonly string[]) => incidents("close", crypto.randomUUID(), ...args);
    expect(await close("--verdict", "fine", "--note", "x")).toMatchObject({ code: 2 });
    expect(await close("--verdict", "benign")).toMatchObject({ code: 2, stderr: expect.stringContaining("--note") });
    for (const empty of [" ", "..."]) {
      expect(await close("--verdict", "benign", "--note", empty)).toMatchObject({ code: 2 });
    }
    expect(await close("--verdict", "benign", "--note", "x", "--by", "ana")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no incident has the id"),
    });
    const inCi = { environment: { CI: "true" } };
    const nameless = ["close", crypto.randomUUID(), "--verdict", "benign", "--note", "x", ...local()];
    expect(await runCli("incidents", nameless, inCi)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--by is missing"),
    });
    expect(await incidents("list", "--since", "91d")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--since 90d"),
    });
  });

  test("knows nothing more about a person who was deleted", async () => {
    await alertOn(sessionStart({ ...person("zoe"), ...vpn(64500), ...session("z1") }));
    const zoes = async () =>
      linesOf(await incidents("list", "--json")).filter(
        ({ user }) => (user as Json | null)?.login === "zoe@example.com",
      );
    expect(await zoes()).toHaveLength(1);
    const deleted = await runCli("profiles", ["delete", "--yes", "Zoe@example.com", ...local()], {
      environment: { HOOK_SECRET: "secret" },
    });
    expect(deleted.stdout).toContain("Deleted: 1 incident");
    expect(await zoes()).toHaveLength(0);
  });
});
