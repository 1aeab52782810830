import { copyFile, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { runCli } from "../fixtures/command.ts";
import { sessionStart } from "../fixtures/events.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rules-"));
});

const write = (name: string, text: string) => writeFile(join(folder, name), text);
const rules = (...args: string[]) => runCli("rules", args);

const rule = (eventType: string) => `title: Token created
id: 00000000-0000-4000-8000-000000000001
logsource: { product: okta }
detection:
  selection:
    eventType: ${eventType}
    outcome.result: SUCCESS
  filter_automation:
    actor.displayName: Automation
  condition: selection and not filter_automation
level: low
`;
const cases = `cases:
  - title: A token is created.
    matches: true
    event: { base: api-token }
  - title: Automation creates <tokens>.
    matches: false
    event: { base: api-token, change: { actor.displayName: Automation } }
`;

describe("npx okta-proxy-watch rules test", () => {
  test("passes where every rule does what its cases say", async () => {
    await write("token.yml", rule("system.api_token.create"));
    await write("token.cases.yml", cases);
    const { code, stdout } = await rules("test", join(folder, "token.yml"));
    expect([code, stdout]).toEqual([0, "2 cases of 1 rule: 2 pass, 0 fail.\n"]);
    // A rule of the folder that --rules names counts once.
    expect((await rules("test", join(folder, "token.yml"), "--rules", `${folder}/`)).stdout).toBe(stdout);
  });

  test("shows of a case that fails what each selection asks for, and what the event has", async () => {
    await write("token.yml", rule("system.api_token.revoke"));
    await write("token.cases.yml", cases);
    const { code, stdout } = await rules("test", "--rules", folder);
    expect(code).toBe(1);
    expect(stdout.replace(/\S*token\.cases/, "token.cases")).toBe(`FAIL  Token created
      token.cases.yml:2: A token is created.
      expected a match, and the rule does not match
        selection: not met
          - eventType is "system.api_token.revoke"; the event has "system.api_token.create"
          + outcome.result is "SUCCESS"; the event has "SUCCESS"
        not filter_automation: not met
          - actor.displayName is "Automation"; the event has "Grace Brandt"

2 cases of 1 rule: 1 pass, 1 fail.
`);
  });

  test("writes JUnit for a CI server, and JSON for a program", async () => {
    await write("token.yml", rule("system.api_token.create").replace("Automation", "Nothing"));
    await write("token.cases.yml", cases);
    const junit = join(folder, "results.xml");
    const { code, stdout } = await rules("test", join(folder, "token.cases.yml"), "--junit", junit, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      passed: 1,
      failed: 1,
      cases: [{ passed: true }, { expected: false, found: true, passed: false, line: 5, selections: [{}, {}] }],
    });
    const xml = await readFile(junit, "utf8");
    expect(xml).toContain('<testsuites name="rules" tests="2" failures="1">');
    expect(xml).toContain('name="Automation creates &lt;tokens&gt;."');
    expect(xml).toContain('<failure message="expected no match, and the rule matches">');
  });

  test("runs a case for each value, and says which value fails", async () => {
    await write("token.yml", rule("system.api_token.create"));
    await write(
      "token.cases.yml",
      "cases:\n  - title: Any.\n    matches: true\n    event:\n      base: api-token\n      each: { outcome.result: [SUCCESS, FAILURE] }\n",
    );
    const { stdout } = await rules("test", "--rules", folder);
    expect(stdout).toContain("Any. (outcome.result: FAILURE)\n");
    expect(stdout).toContain("2 cases of 1 rule: 1 pass, 1 fail.\n");
  });

  test("asks for enrichment that a case has to give, and takes it", async () => {
    await write(
      "far.yml",
      rule("user.session.start").replace("outcome.result: SUCCESS", "enrichment.geo.mismatch: true"),
    );
    const far = (more: string) =>
      `cases:\n  - title: Far.\n    matches: true\n    event: { base: session-start }\n${more}`;
    await write("far.cases.yml", far(""));
    expect((await rules("test", "--rules", folder)).stdout).toContain("undecided: the rule asks for enrichment");
    await write("far.cases.yml", far("    enrichment: { geo.mismatch: true }\n"));
    expect((await rules("test", "--rules", folder)).code).toBe(0);
  });

  test.each([
    [
      "an unknown base event",
      "token.cases.yml",
      cases.replace("api-token", "nothing"),
      /cases\.yml:4: .*nothing\.json/,
    ],
    ["a misspelt key", "token.cases.yml", cases.replace("matches", "match"), /cases\.yml:\d: .*match/],
    [
      "enrichment that no event has",
      "token.cases.yml",
      `${cases}    enrichment:\n      geo.mismatch: true\n      travel: { imposible: true }\n`,
      /cases\.yml:10: cases\.1\.enrichment\.travel\.imposible: .*did you mean "enrichment\.travel\.impossible"/,
    ],
    ["no cases", "token.md", "", /token\.yml has no cases: write them into .*token\.cases\.yml/],
  ])("refuses %s, with file and line", async (_, name, text, message) => {
    await write("token.yml", rule("system.api_token.create"));
    await write(name, text);
    const { code, stderr } = await rules("test", join(folder, "token.yml"));
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test("reads the cases alone of the rules that are named, and all of a folder", async () => {
    await write("token.yml", rule("system.api_token.create"));
    await write("token.cases.yml", cases);
    await write("other.cases.yml", "cases: [nothing]\n");
    const { code, stdout } = await rules("test", join(folder, "token.yml"));
    expect([code, stdout]).toEqual([0, "2 cases of 1 rule: 2 pass, 0 fail.\n"]);
    expect(await rules("test", "--rules", folder)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/other\.cases\.yml: there is no rule .*other\.yml/),
    });
    expect(await rules("test", join(folder, "other.cases.yml"))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/other\.cases\.yml: there is no rule .*other\.yml/),
    });
  });

  test("says which file that is named is not there, or is a folder, and searches no folder for it", async () => {
    // A fault of the folder would be found first.
    await write("broken.yml", "title: [");
    for (const [name, message] of [
      ["nope.yml", `${join(folder, "nope.yml")}: no such file`],
      ["nope.cases.yml", `${join(folder, "nope.cases.yml")}: no such file`],
      ["", `is a folder: --rules ${folder}`],
    ] as const) {
      const { code, stderr } = await rules("test", join(folder, name));
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
      expect(stderr).not.toContain("broken.yml");
    }
  });

  test("names rules without cases, and takes base events of the folder itself first", async () => {
    await mkdir(join(folder, "base-events"));
    await write("base-events/api-token.json", JSON.stringify(sessionStart()));
    await write("token.yml", rule("user.session.start"));
    await write("bare.yml", rule("user.session.end").replace("000001", "000002").replace("Token created", "Bare"));
    await write("token.cases.yml", cases);
    const { code, stdout } = await rules("test", "--rules", folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^no cases {2}\S*bare\.yml: Bare$/m);
  });
});

describe("npx okta-proxy-watch rules test, of correlations", () => {
  const correlated = (
    timespan: string,
  ) => `${rule("system.api_token.create").replace("title: Token created", "title: Token created\nname: token_created")}---
title: Session started
name: session_started
id: 00000000-0000-4000-8000-000000000002
logsource: { product: okta }
detection:
  selection: { eventType: user.session.start }
  condition: selection
level: low
---
title: Token created in a session
id: 00000000-0000-4000-8000-000000000003
level: medium
correlation:
  type: temporal_ordered
  rules: [session_started, token_created]
  group-by: [authenticationContext.rootSessionId]
  timespan: ${timespan}
`;
  const streams = `rule: 00000000-0000-4000-8000-000000000003
cases:
  - title: A token within the hour.
    fires: true
    events:
      - base: session-start
      - base: session-start
        times: 2
      - after: 50m
        base: api-token
  - title: A token of another session, and one of automation.
    fires: false
    events:
      - base: session-start
      - base: api-token
        each: { authenticationContext.rootSessionId: [idx2, null] }
      - base: api-token
        change: { actor.displayName: Automation }
  - title: The token first.
    fires: false
    change: { authenticationContext.rootSessionId: idx2 }
    events:
      - base: api-token
      - base: session-start
`;

  test("runs streams of events through the evaluation of backtests", async () => {
    await write("token.yml", correlated("1h"));
    await write("token.cases.yml", streams);
    const { code, stdout } = await rules("test", "--rules", folder);
    expect(stdout).toMatch(/^3 cases of 1 rule: 3 pass, 0 fail\.$/m);
    expect(code).toBe(0);
  });

  test("shows of a stream that fails each event, with its rules and its group", async () => {
    await write("token.yml", correlated("30m"));
    await write("token.cases.yml", streams.replace("fires: false", "fires: true"));
    const junit = join(folder, "junit.xml");
    const { code, stdout } = await rules("test", "--rules", folder, "--junit", junit);
    expect(code).toBe(1);
    const [, failures] = /^(FAIL.*?)^no cases/ms.exec(stdout) ?? [];
    expect(failures?.replaceAll(/\S*token\.cases/g, "token.cases")).toBe(`FAIL  Token created in a session
      token.cases.yml:3: A token within the hour.
      expected it to fire with the last event, and it does not fire
                1        0ms  user.session.start: Session started
                          authenticationContext.rootSessionId is "idxExampleSession0001"
                2         1s  user.session.start: Session started
                          authenticationContext.rootSessionId is "idxExampleSession0001"
                3         2s  user.session.start: Session started
                          authenticationContext.rootSessionId is "idxExampleSession0001"
                4     50m 2s  system.api_token.create: Token created
                          authenticationContext.rootSessionId is "idxExampleSession0001"

FAIL  Token created in a session
      token.cases.yml:11: A token of another session, and one of automation.
      expected it to fire with the last event, and it does not fire
                1        0ms  user.session.start: Session started
                          authenticationContext.rootSessionId is "idxExampleSession0001"
                2         1s  system.api_token.create: Token created
                          authenticationContext.rootSessionId is "idx2"
                3         2s  system.api_token.create: Token created
                          takes no part: it lacks a field that is grouped by or read
                4         3s  system.api_token.create: none of its rules matches

`);
    const xml = await readFile(junit, "utf8");
    expect(xml).toContain('<testsuite name="Token created in a session" ');
    expect(xml).toContain('<failure message="expected it to fire with the last event, and it does not fire">');
  });

  test("fails a stream that fires before its last event, or where it must not", async () => {
    await write("token.yml", correlated("1h"));
    await write(
      "token.cases.yml",
      streams
        .replace("        base: api-token\n", "        base: api-token\n      - base: session-start\n")
        .replace("title: The token first.\n    fires: false", "title: The token first.\n    fires: true")
        .replace("- base: api-token\n      - base: session-start", "- base: session-start\n      - base: api-token"),
    );
    const { code, stdout } = await rules("test", "--rules", folder, "--json");
    const { cases: results } = JSON.parse(stdout) as { cases: readonly Record<string, unknown>[] };
    expect(code).toBe(1);
    expect(results.map(({ expected, found, passed }) => [expected, found, passed])).toEqual([
      [true, true, false],
      [false, false, true],
      [true, true, true],
    ]);
  });

  test("takes streams that name nothing for those of the only correlation of the file, beside rules", async () => {
    await write("token.yml", correlated("1h"));
    const unnamed = streams.replace("rule: 00000000-0000-4000-8000-000000000003\n", "");
    expect(unnamed).not.toBe(streams);
    await write("token.cases.yml", unnamed);
    const { code, stdout } = await rules("test", "--rules", folder);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/ 0 fail\.\n/)]);
    const [, another = ""] = correlated("1h").split(/(?=---\ntitle: Token created in)/);
    await write("token.yml", `${correlated("1h")}${another.replace("000003", "000009")}`);
    const { stderr } = await rules("test", "--rules", folder);
    expect(stderr).toContain(
      "the file of rules holds 2 that the cases may be about: name one by its id, rule: 00000000-0000-4000-8000-000000000003",
    );
  });

  test.each([
    ["a time without a unit", streams.replace("after: 50m", "after: 50"), /:9: .*after: expected a number and a unit/],
    ["no events", streams.replace(/ {4}events:\n.*/s, "    events: []\n"), /:5: .*expected a list of events/],
    [
      "enrichment that no event has",
      streams.replace(
        "- base: session-start\n",
        "- base: session-start\n        enrichment: { geo.verdict: mismtach }\n",
      ),
      /:7: cases\.0\.events\.0\.enrichment\.geo\.verdict: "enrichment\.geo\.verdict" is never "mismtach"/,
    ],
    ["a base event that is not there", streams.replace("base: api-token", "base: nothing"), /nothing\.json/],
    [
      "an event for a correlation",
      `${streams}  - title: Any.\n    matches: true\n    event: { base: api-token }\n`,
      /:\d+: a correlation's case has events/,
    ],
    [
      "events for a rule",
      streams.replace("rule: 00000000-0000-4000-8000-000000000003", "rule: token_created"),
      /:3: a rule's case has an event/,
    ],
  ])("refuses %s", async (_, text, message) => {
    await write("token.yml", correlated("1h"));
    await write("token.cases.yml", text);
    const { code, stderr } = await rules("test", "--rules", folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

test("npx okta-proxy-watch rules import writes an expression as a rule that can be run, and refuses what it cannot say", async () => {
  await write("proxied.txt", 'eventType eq "user.session.start" and not (outcome.result eq "FAILURE")');
  const { code, stdout } = await rules("import", "--okta", join(folder, "proxied.txt"));
  expect(code).toBe(0);
  await write("proxied.yml", stdout);
  const listed = await rules("--rules", folder);
  expect([listed.code, listed.stdout]).toEqual([
    0,
    expect.stringMatching(/Okta proxied .*\n.*\n {4}user\.session\.start\n/),
  ]);
  await write("late.txt", 'published gt "2026-11-01"');
  const refused = await rules("import", "--okta", join(folder, "late.txt"));
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("have no order there")]);
});

test("rules says of each correlation which event types the hook delivers, and its reads and writes a day", async () => {
  const ofVolume = async (events: string, ...folder: string[]) => {
    const { code, stdout } = await rules("--json", "--events-a-day", events, ...folder);
    const all = JSON.parse(stdout) as Readonly<Record<"rules" | "correlations", readonly Record<string, unknown>[]>>;
    expect(code).toBe(0);
    const titled = (title: string) => [...all.rules, ...all.correlations].find((each) => each.title === title);
    return [titled("Okta API Token Created in Proxied Session"), titled("Okta Impossible Travel")] as const;
  };
  const [token, travel] = await ofVolume("400000");
  const load = (report: typeof token) => report?.load as { readonly reads: number; readonly writes: number };
  expect(load(token).writes).toBeGreaterThan(100);
  // A group of over a kilobyte is written in two units, and read in one.
  expect(load(token).reads).toBeGreaterThan(100);
  for (const name of ["proxied_session_started", "api_token_created", "api_token_created_in_proxied_session"]) {
    await copyFile(new URL(`../../detections/${name}.yml`, import.meta.url), join(folder, `${name}.yml`));
  }
  const alone = ["--rules", folder];
  const [[small], [large]] = [await ofVolume("40000", ...alone), await ofVolume("400000", ...alone)];
  expect(load(large).writes).toBeGreaterThan(load(token).writes);
  expect(load(large).writes / load(small).writes).toBeCloseTo(10, 0);
  // A read and a write for each sign-in, which is one of five events.
  expect(load(travel).reads).toBeGreaterThan(60_000);
  expect(load(travel).writes).toBe(load(travel).reads);
  const { stdout } = await rules();
  expect(stdout).toMatch(/^ {4}needs of the hook: system\.api_token\.create, user\.session\.start$/m);
  expect(stdout).toContain(
    "    needs of the System Log, which no hook delivers: event_hook.deactivated, event_hook.deleted\n",
  );
  const { code, stderr } = await rules("--events-a-day", "many");
  expect(code).toBe(2);
  expect(stderr).toContain("Expected a number of events, for example 400000.");
});

test("npx okta-proxy-watch rules coverage prints what the rules cover, by pack", async () => {
  const byDefault = await rules("coverage");
  expect(byDefault.code).toBe(0);
  expect(byDefault.stdout).toMatch(/^on {3}FastPass Declined a Phishing Attempt .* hook .* T1566 T1557$/m);
  expect(byDefault.stdout).toMatch(/^off {2}Account Locked .* mfa +hook and System Log +T1110\.001$/m);
  expect((await rules("coverage", "--packs", "mfa")).stdout).toMatch(/^on {3}Account Locked/m);
  const unknown = await rules("coverage", "--packs", "mfas");
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("no rule is of the pack mfas")]);
});

test("a folder that the settings name is read beside ours by every command, and its new rules go there", async () => {
  await mkdir(join(folder, "own"));
  await write(
    "own/own.yml",
    rule("user.session.end")
      .replace("Token created", "Session ended")
      .replace("level: low", "level: low\nstatus: experimental\npack: ours"),
  );
  await write("settings.yml", "rulesFolder: own\npacks: [ours]\n");
  await write("event.json", JSON.stringify(sessionStart()));
  const environment = { SETTINGS_FILE: join(folder, "settings.yml") };
  const run = (...args: string[]) => runCli("rules", args, { environment });
  const settings = environment.SETTINGS_FILE;
  await writeFile(settings, "packs: []\nrulesFolder: missing\n");
  expect(await run()).toMatchObject({
    code: 2,
    stdout: "",
    stderr: `error: ${settings}:2: rulesFolder is "missing", and there is no folder ${join(folder, "missing")}. A relative path starts at the folder of ${settings}: correct it, make the folder, or leave the setting out\n`,
  });
  await write("settings.yml", "rulesFolder: own\npacks: [ours]\n");
  const listed = await run();
  expect(listed.stdout).toMatch(/^low +on +Session ended \(experimental, ours\)$/m);
  expect(listed.stdout).toContain("Okta User Session Start Via Anonymizing Proxy");
  expect((await run("coverage")).stdout).toMatch(/^on {3}Session ended/m);
  expect((await run("test")).stdout).toMatch(/^no cases {2}.*own\.yml: Session ended$/m);
  expect((await run("new", "mine", "--from", join(folder, "event.json"))).code).toBe(0);
  expect(await readFile(join(folder, "own", "mine.yml"), "utf8")).toContain("user.session.start");
  await write("events.jsonl", JSON.stringify(sessionStart({ eventType: "user.session.end" })));
  const backtest = await runCli("backtest", ["--events", join(folder, "events.jsonl")], { environment });
  expect(backtest.stdout).toContain('"title":"Session ended"');
  await write("settings.yml", "packs: [theirs]\n");
  expect((await run()).stderr).toContain("no rule is of the pack theirs; there are: admin");
});

test("rules prints what others wrote on lines of its own, without control characters", async () => {
  await mkdir(join(folder, "theirs"));
  const hostile = rule("user.session.end").replace("Token created", '"Ended\\u001b[2J\\nSubscribe the event hook to:"');
  await write("theirs/a\u001b[31m\nb.yml", hostile.replace("level: low", "level: high"));
  const { code, stdout } = await rules("--rules", folder);
  expect([code, stdout.includes("\u001b")]).toEqual([0, false]);
  expect(stdout).toMatch(/^high +on +Ended \[2J Subscribe the event hook to:$/m);
  expect(stdout).toMatch(/^ {2}.*theirs\/a \[31m b\.yml:\d+: level: level_reason is missing/m);
});

describe("npx okta-proxy-watch rules new", () => {
  test("writes a rule that runs without any setting, whose near misses differ in one field each", async () => {
    await write("event.json", JSON.stringify(sessionStart({ securityContext: { isProxy: true } })));
    const written = await rules("new", "my_rule", "--from", join(folder, "event.json"), "--rules", folder);
    expect(written.stdout).toContain("alerts once it is deployed (status: test)");
    expect((await rules("--rules", folder)).stdout).toMatch(/^medium +on +Okta my rule \(test\)$/m);
    const rule = await readFile(join(folder, "my_rule.yml"), "utf8");
    expect(rule).toMatch(/outcome\.result: SUCCESS\n +securityContext\.isProxy: true\n +actor\.type: User\n/);
    const cases = await readFile(join(folder, "my_rule.cases.yml"), "utf8");
    expect(
      [...cases.matchAll(/title: (.*)\n +matches: (.*)/g)].slice(1).map(([, title, matches]) => [title, matches]),
    ).toEqual([
      ["The same, with another outcome.", "false"],
      ["The same, through no proxy.", "false"],
      ["The same, where Okta gives no actor.type.", "false"],
      ["Another kind of event.", "false"],
      ["The same act of another person.", "true"],
    ]);
  });

  test("leaves texts to be written, which both commands name with their lines until they are", async () => {
    await write("event.json", JSON.stringify(sessionStart()));
    await rules("new", "my_rule", "--from", join(folder, "event.json"), "--rules", folder);
    const named =
      /^Look at:\n(?: .*\n)* .*my_rule\.yml:4: description: is still to be written: TODO: what happens.*\n.*my_rule\.yml:\d+: falsepositives\.0: .*\n.*my_rule\.yml:\d+: triage\.0: /m;
    expect((await rules("--rules", folder)).stdout).toMatch(named);
    const tested = await rules("test", join(folder, "my_rule.yml"));
    expect([tested.code, tested.stdout]).toEqual([0, expect.stringMatching(named)]);
    const json = JSON.parse((await rules("test", "--json", "--rules", folder)).stdout);
    expect(json.warnings).toHaveLength(3);
    const rule = await readFile(join(folder, "my_rule.yml"), "utf8");
    await write("my_rule.yml", rule.replaceAll("TODO: ", ""));
    expect((await rules("test", "--rules", folder)).stdout).not.toContain("Look at:");
  });

  test("writes a rule that matches the event, and cases that pass; it replaces no file", async () => {
    await write("event.json", JSON.stringify(sessionStart({ eventType: "system.api_token.create" })));
    const args = ["new", "my_rule", "--from", join(folder, "event.json"), "--rules", folder];
    expect((await rules(...args)).code).toBe(0);
    const tested = await rules("test", "--rules", folder);
    expect([tested.code, tested.stdout]).toEqual([0, expect.stringMatching(/^6 cases of 1 rule: 6 pass, 0 fail\.$/m)]);
    const again = await rules(...args);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("my_rule.yml exists already")]);
  });

  test("names the day of the event, and notes that its cases hold what Okta says of a person", async () => {
    await write("event.json", JSON.stringify(sessionStart({ published: "2025-03-31T23:59:59.999Z" })));
    const { stderr } = await rules("new", "my_rule", "--from", join(folder, "event.json"), "--rules", folder);
    expect(stderr).toMatch(/^note: .*my_rule\.cases\.yml holds the event as Okta sent it, with the login, name/);
    const cases = await readFile(join(folder, "my_rule.cases.yml"), "utf8");
    expect(cases).toMatch(/^# The events are .* a person, .*\n# Replace them .* version control\.\ncases:\n/);
    expect(cases).toContain("- title: The event of 2025-03-31 that this rule is made from.\n");
    await write("event.json", JSON.stringify(sessionStart({ published: "soon" })));
    await rules("new", "another", "--from", join(folder, "event.json"), "--rules", folder);
    expect(await readFile(join(folder, "another.cases.yml"), "utf8")).toContain("- title: The event that this rule is");
  });

  test("refuses what is no event, and a name that is no file of a rule", async () => {
    await write("event.json", '{"eventType": "user.session.start"}');
    const refused = await rules("new", "mine", "--from", join(folder, "event.json"), "--rules", folder);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("uuid: expected the event's uuid")]);
    const named = await rules("new", "../mine", "--from", join(folder, "event.json"), "--rules", folder);
    expect([named.code, named.stderr]).toEqual([2, expect.stringContaining("is no name for a rule")]);
  });
});

describe("npx okta-proxy-watch rules", () => {
  test("lists correlations with what they are of", async () => {
    await write(
      "token.yml",
      `${rule("system.api_token.create")}---
title: Many tokens
id: 00000000-0000-4000-8000-000000000003
level: high
correlation:
  type: event_count
  rules: [00000000-0000-4000-8000-000000000001]
  group-by: [actor.id]
  timespan: 5m
  condition: { gte: 3 }
`,
    );
    const { code, stdout } = await rules("--rules", folder);
    expect(code).toBe(0);
    expect(stdout).toContain("1 correlation can be run, 1 of them on.\n");
    expect(stdout).toContain(`high          on   Many tokens
  00000000-0000-4000-8000-000000000003  token.yml
    event_count within 5m, by actor.id
    of: Token created  (no result of its own)
`);
    const json = JSON.parse((await rules("--rules", folder, "--json")).stdout) as { readonly correlations: unknown };
    expect(json.correlations).toEqual([
      expect.objectContaining({
        type: "event_count",
        timespan: "5m",
        groupBy: ["actor.id"],
        generate: false,
        on: true,
      }),
    ]);
  });
});
