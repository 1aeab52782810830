import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Output, runCli } from "../fixtures/command.ts";
import { flatten } from "../fixtures/event-forms.ts";
import { delivery, type Json, sessionStart } from "../fixtures/events.ts";

const proxied = "Okta User Session Start Via Anonymizing Proxy";
const far = "Okta User Session Start - Anonymizing Proxy with Geolocation Mismatch";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cli-"));
});
afterEach(() => rm(folder, { recursive: true }));

const run = (name: "backtest" | "rules", args: readonly string[], input = ""): Promise<Output> =>
  runCli(name, args, { input });

async function write(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const matches = ({ stdout }: Output) =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Json);

const events = [
  sessionStart({ uuid: "a" }),
  sessionStart({ uuid: "b", securityContext: { isProxy: false } }),
  sessionStart({ uuid: "c", securityContext: { isProxy: "true" }, published: "2022-06-22 18:18:29.015" }),
];
const lines = events.map((event) => JSON.stringify(event)).join("\n");

describe("npx okta-proxy-watch backtest", () => {
  test("prints one JSON line for each match, and a summary by rule and user", async () => {
    const outcome = await run("backtest", ["--events", await write("log.jsonl", lines)]);
    expect(outcome.code).toBe(0);
    const rule = "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b10";
    expect(matches(outcome)).toEqual([
      { rule, title: proxied, level: "high", event: "a" },
      { rule, title: proxied, level: "high", event: "c" },
    ]);
    expect(outcome.stderr).toMatch(/^3 events read, 2 matches, /);
    expect(outcome.stderr).toMatch(new RegExp(`^ +2 +1 {2}high +${proxied}$`, "m"));
    expect(outcome.stderr).toMatch(/^ +2 {2}Ada@Example\.com$/m);
  });

  test.each<[string, () => Promise<string>]>([
    ["JSON lines, compressed", () => write("log.jsonl.gz", gzipSync(lines))],
    ["several gzip files in one", () => write("log.gz", Buffer.concat([gzipSync(`${lines}\n`), gzipSync("\n")]))],
    ["an array", () => write("log.json", JSON.stringify(events, null, 2))],
    ["a delivery", () => write("log.json", JSON.stringify(delivery(events), null, 2))],
    [
      "deliveries and events, mixed",
      () => write("log.json", `${JSON.stringify(delivery([events[0]]))}\n${JSON.stringify(events[2])}`),
    ],
    [
      "lower-case keys",
      () =>
        write(
          "log.jsonl",
          lines.replace(/"(\w+)":/g, (key) => key.toLowerCase()),
        ),
    ],
  ])("reads %s", async (_, file) => {
    expect(matches(await run("backtest", ["--events", await file()])).map(({ event }) => event)).toEqual(["a", "c"]);
  });

  test("reads events that a SIEM flattened, counts the forms, and what it could not read", async () => {
    const flat = events.map((event) => JSON.stringify(flatten(event, ".")));
    const file = await write("log.jsonl", [...flat, "{", JSON.stringify({ ...events[0], uuid: "d" })].join("\n"));
    const outcome = await run("backtest", ["--events", file]);
    expect(outcome.code).toBe(0);
    expect(matches(outcome).map(({ event }) => event)).toEqual(["a", "c", "d"]);
    expect(outcome.stderr).toContain("\n4 events: 3 of dotted keys, 1 of Okta's own JSON\n");
    expect(outcome.stderr).toMatch(
      /\n1 part was not read \(--strict refuses the first\):\n {2}\S+log\.jsonl:4: no JSON/,
    );
  });

  test.each<[string, string, RegExp]>([
    ["an empty file", "", /no event was found\n {2}\S+ is empty: it holds no event/],
    ["a file of other events", '{"class_uid":3002}', /no event was found\n {2}\S+:1: it seems to be an OCSF event; /],
    ["a web page", "<html>", /it seems to be a web page/],
  ])("never takes %s for one without matches", async (_, content, message) => {
    const outcome = await run("backtest", ["--events", await write("x", content)]);
    expect(outcome.stderr).toMatch(message);
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
  });

  test("reads standard input, and several files", async () => {
    expect(matches(await run("backtest", ["--events", "-"], lines))).toHaveLength(2);
    const file = await write("log.jsonl", lines);
    const more = await write("more.jsonl", JSON.stringify({ ...events[0], uuid: "d" }));
    expect(matches(await run("backtest", ["--events", file, "--events", more]))).toHaveLength(3);
  });

  test("gives the mismatch rule its locations by --profiles, and its threshold by --distance-km", async () => {
    const file = await write("log.jsonl", lines);
    const profiles = await write("p.csv", "login,latitude,longitude\nada@example.com,38.7,-9.1\n");
    const titles = async (...more: string[]) =>
      matches(await run("backtest", ["--events", file, "--profiles", profiles, ...more])).map(({ title }) => title);
    expect(await titles()).toEqual([proxied, far, proxied, far]);
    expect(await titles("--distance-km", "9000")).toEqual([proxied, proxied]);
  });

  test("leaves out what lies outside --since and --until, and says so", async () => {
    const file = await write("log.jsonl", lines);
    const since = await run("backtest", ["--events", file, "--since", "2023-01-01"]);
    expect(matches(since).map(({ event }) => event)).toEqual(["a"]);
    expect(since.stderr).toContain("3 events read, 1 of them outside --since and --until, 1 match,");
    const until = await run("backtest", ["--events", file, "--until", "2022-06-22T18:18:29.015Z"]);
    expect(matches(until)).toEqual([]);
    const later = await run("backtest", ["--events", file, "--until", "2022-06-22T18:18:29.016Z"]);
    expect(matches(later).map(({ event }) => event)).toEqual(["c"]);
  });

  test("runs the rules of another folder, experimental ones too, with its filters; --explain says by what", async () => {
    await mkdir(join(folder, "rules", "filters"), { recursive: true });
    await write(
      "rules/mine.yml",
      "title: Mine\nid: 00000000-0000-4000-8000-000000000001\nstatus: experimental\nlogsource:\n  product: okta\ndetection:\n  selection:\n    actor.displayname|re|i: ^ADA\n  condition: selection\nlevel: low\n",
    );
    await write(
      "rules/other.yml",
      "title: Other\nid: 00000000-0000-4000-8000-000000000002\nlogsource:\n  product: okta\ndetection:\n  selection:\n    uuid: none\n  condition: selection\nlevel: low\n",
    );
    await write(
      "rules/filters/not-c.yml",
      "title: Not c\nlogsource:\n  product: okta\nfilter:\n  rules: any\n  selection:\n    uuid: c\n  condition: not selection\n",
    );
    await write(
      "rules/filters/not-z.yml",
      "title: Not z\nlogsource:\n  product: okta\nfilter:\n  rules: any\n  selection:\n    uuid: z\n  condition: not selection\n",
    );
    const file = await write("log.jsonl", lines);
    const outcome = await run("backtest", ["--events", file, "--rules", join(folder, "rules"), "--explain"]);
    const matched = [{ selection: "selection", fields: [{ field: "actor.displayname", values: ["Ada Marques"] }] }];
    const rule = "00000000-0000-4000-8000-000000000001";
    expect(matches(outcome)).toEqual([
      { rule, title: "Mine", level: "low", event: "a", matched },
      { rule, title: "Mine", level: "low", event: "b", matched },
    ]);
    expect(outcome.stderr).toMatch(
      /^Taken away from rules by filters:\n +events {2}rule and filters\n +1 {2}Mine: Not c, Not z\nFilters took nothing away from 1 further rule: --all lists each$/m,
    );
    const all = await run("backtest", ["--events", file, "--rules", join(folder, "rules"), "--all"]);
    expect(all.stderr).toMatch(/^ +0 {2}Other: Not c, Not z$/m);
    expect(all.stderr).not.toContain("took nothing away");
    expect(outcome.stderr).not.toContain("Look at:");
  });

  test("says before the run what should be looked at: a misspelt field, an unused selection, a file that is not read", async () => {
    await mkdir(join(folder, "odd"));
    await write(
      "odd/mine.yml",
      "title: Mine\nid: 00000000-0000-4000-8000-000000000001\nlogsource:\n  product: okta\ndetection:\n  selection:\n    eventTyp: user.session.start\n  other:\n    uuid: c\n  condition: selection\nlevel: low\n",
    );
    await mkdir(join(folder, "odd", "more"));
    await write("odd/more/notes.txt", "not read");
    const file = await write("log.jsonl", lines);
    const { code, stderr } = await run("backtest", ["--events", file, "--rules", join(folder, "odd")]);
    expect(code).toBe(0);
    const [before = ""] = stderr.split("events read");
    expect(before).toMatch(/^Look at:\n/);
    expect(before).toContain('have no field "eventTyp"; did you mean "eventType"?');
    expect(before).toMatch(/mine\.yml:\d+: .*other/);
    expect(before).toMatch(/odd\/more/);
  });

  test("runs experimental rules that are deployed only when asked to", async () => {
    const created = sessionStart({ eventType: "system.api_token.create", securityContext: { isProxy: false } });
    const file = await write("log.jsonl", JSON.stringify(created));
    expect(matches(await run("backtest", ["--events", file]))).toEqual([]);
    expect(matches(await run("backtest", ["--events", file, "--experimental"]))).toMatchObject([
      { title: "Okta API Token Created" },
    ]);
  });

  test.each<[string, () => Promise<string[]>, RegExp]>([
    ["a file that is not there", async () => ["--events", join(folder, "no.jsonl")], /no\.jsonl: cannot be opened/],
    ["a folder", async () => ["--events", folder], /is a folder; name a file/],
    [
      "what is no JSON, if --strict",
      async () => ["--strict", "--events", await write("x.jsonl", `${lines}\n{`)],
      /x\.jsonl:4: no JSON/,
    ],
    [
      "what is no event, if --strict",
      async () => ["--strict", "--events", await write("x.jsonl", `${lines}\n{"a":1}`)],
      /x\.jsonl:4: no System Log event: an object with the keys a/,
    ],
    ["a number", async () => ["--events", await write("x.json", "[1]\n")], /x\.json:1: /],
    [
      "damaged gzip",
      async () => ["--events", await write("x.gz", gzipSync(lines).subarray(0, 100))],
      /x\.gz: the gzip data is damaged/,
    ],
    ["no events at all", async () => [], /--events/],
    ["a file without --events", async () => ["log.jsonl"], /a file needs its option: --events log\.jsonl/],
    ["all but the first file of a pattern", async () => ["--events", "a", "b", "c"], /: --events b --events c/],
    ["an unknown option", async () => ["--events", "-", "--nope"], /unknown option '--nope'/],
    ["a time that is none", async () => ["--events", "-", "--since", "lately"], /30d or 12h, a day .* is expected/],
    [
      "a distance that is none",
      async () => ["--events", "-", "--distance-km", "-1"],
      /Expected a number of kilometers/,
    ],
    ["rules that are not there", async () => ["--events", "-", "--rules", join(folder, "no")], /no: no such folder/],
  ])("refuses %s with exit code 2", async (_, args, message) => {
    const outcome = await run("backtest", await args());
    expect(outcome.stderr).toMatch(message);
    expect(outcome.code).toBe(2);
  });

  test("refuses a rule that cannot be run, naming file and line", async () => {
    await write(
      "bad.yml",
      "title: Bad\nlogsource:\n  product: okta\ndetection:\n  a:\n    b|nope: 1\n  condition: a\n",
    );
    const outcome = await run("backtest", ["--events", "-", "--rules", folder]);
    expect(outcome.stderr).toMatch(/bad\.yml:6: .*unknown modifier "nope"/);
    expect(outcome.code).toBe(2);
  });

  test("explains itself on --help", async () => {
    const outcome = await run("backtest", ["--help"]);
    expect(outcome).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Usage: npx okta-proxy-watch backtest \[options\]/),
    });
  });
});

describe("npx okta-proxy-watch rules", () => {
  test("lists every rule, and the event types to subscribe the hook to", async () => {
    const { code, stdout } = await run("rules", []);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`^high +on +${proxied}\\n {2}8d5f6c9e\\S+ {2}\\S+\\.yml\\n {4}user\\.session\\.start$`, "m"),
    );
    expect(stdout).toMatch(/^medium +off +Okta API Token Created \(experimental, admin\)$/m);
    expect(stdout).toMatch(/^ {4}zone\.delete {2}\(System Log only\)$/m);
    const [, subscribe = "", systemLogOnly = ""] = stdout.split(/Subscribe the event hook to:|In the System Log only/);
    expect(subscribe).toContain("  user.session.start\n");
    expect(subscribe).not.toContain("zone.delete");
    expect(systemLogOnly).toContain("  zone.delete\n");
  });

  test("as JSON, with experimental rules on, prints the same for a program", async () => {
    const { stdout } = await run("rules", ["--json", "--experimental"]);
    const report = JSON.parse(stdout) as { rules: Json[]; subscribe: string[]; systemLogOnly: string[] };
    // Steps of correlations yield nothing of their own.
    expect(report.rules.every(({ on, forCorrelations }) => on !== forCorrelations)).toBe(true);
    expect(report.rules.filter(({ status, on }) => status === "experimental" && on).length).toBeGreaterThan(10);
    expect(report.subscribe).toContain("system.api_token.create");
    expect(report.systemLogOnly).toContain("zone.delete");
  });

  test("reports event types that Okta's catalog does not have, with the nearest name, and how old it is", async () => {
    const rule = (title: string, eventType: string) =>
      `title: ${title}\nlogsource:\n  product: okta\ndetection:\n  selection:\n    eventType: ${eventType}\n  condition: selection\n`;
    await write("new.yml", rule("New", "workload_principal.human.hire"));
    await write("misspelt.yml", rule("Misspelt", "user.sesion.start"));
    await write("eligible.yml", rule("Eligible", "USER.session.end"));
    await write("beta.yml", rule("Beta", "policy.branch.lifecycle.promote"));
    const { code, stdout } = await run("rules", ["--rules", folder]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /Event types are those of Okta's catalog, release 2026\.08\.1, (of this month|\d+ months? old)\./,
    );
    expect(stdout).toContain("Subscribe the event hook to:\n  user.session.end\n\n");
    expect(stdout).toContain(
      [
        "Subscribe it to these too, though Okta may refuse them:",
        "  policy.branch.lifecycle.promote  (in beta: Okta refuses it where the org does not have the feature)",
        "  user.sesion.start  (not in the catalog of 2026.08.1: worth trying; did you mean user.session.start?)",
        "  workload_principal.human.hire  (not in the catalog of 2026.08.1: worth trying)",
      ].join("\n"),
    );
    expect(stdout).not.toContain("System Log only");
    const report = JSON.parse((await run("rules", ["--rules", folder, "--json"])).stdout) as Json;
    expect(report).toMatchObject({
      catalog: "2026.08.1",
      subscribe: ["policy.branch.lifecycle.promote", "user.session.end"],
      systemLogOnly: [],
      unknown: [
        { name: "user.sesion.start", hookEligible: null, nearest: "user.session.start" },
        { name: "workload_principal.human.hire", hookEligible: null, nearest: null },
      ],
    });
  });

  test("lists filters, rules that are evaluated for every event, and warnings", async () => {
    await mkdir(join(folder, "filters"));
    await write(
      "any.yml",
      "title: Any type\nlogsource:\n  product: okta\ndetection:\n  a:\n    - tor\n  condition: a\nlevel: low\n",
    );
    await write(
      "filters/x.yml",
      "title: Not Ada\nlogsource:\n  product: okta\nfilter:\n  rules: any\n  selection:\n    actor.id: 00u1\n  condition: selection\n",
    );
    const { code, stdout } = await run("rules", ["--rules", folder]);
    expect(code).toBe(0);
    expect(stdout).toContain("    any event type\n    but for: Not Ada\n");
    expect(stdout).toContain("filters/x.yml: 1 of 1 rule");
    expect(stdout).toMatch(/Asked of every event[^\n]*\n {2}Any type/);
    expect(stdout).toMatch(/Look at:\n.*any\.yml:1: it has no id/);
    expect(stdout).toMatch(/x\.yml:8: filter\.condition: .*pySigma/);
  });

  test("refuses what cannot be run, with exit code 2 and every fault", async () => {
    await write("a.yml", "title: A\nlogsource:\n  product: aws\ndetection:\n  a:\n    b: 1\n  condition: a\n");
    await write("b.yml", "title: B\nlogsource:\n  product: okta\ndetection:\n  a:\n    b: 1\n  condition: c\n");
    const { code, stderr } = await run("rules", ["--rules", folder]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/a\.yml:3: .*another log source/);
    expect(stderr).toMatch(/b\.yml:7: .*not defined/);
  });
});

test("start refuses a fault that there is not, in the words of the command line", async () => {
  const { code, stderr } = await runCli("start", ["--chaos", "mice"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^error: option '--chaos <fault>' argument 'mice' is invalid\. Faults are sns, dynamodb, .*--help/s,
  );
  expect(stderr).not.toContain("npm start");
});
