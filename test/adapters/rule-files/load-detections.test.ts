import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listDetections } from "../../../lambda/adapters/rule-files/list-detections.ts";
import { loadDetections } from "../../../lambda/adapters/rule-files/load-detections.ts";
import { compileRule } from "../../../lambda/core/sigma/compile.ts";
import type { Json } from "../../fixtures/events.ts";

const valid = `title: Test
id: 8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b11
description: Test
logsource:
  product: okta
  service: okta
detection:
  selection:
    eventType: x
  condition: selection
level: low
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "detections-"));
  await mkdir(join(folder, "filters"));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, text: string) => writeFile(join(folder, name), text);
const load = () => loadDetections(folder);

describe("a rule is reported", () => {
  const warningsOf = async (text: string) => {
    await write("rule.yml", text);
    return (await load()).warnings.map((warning) => warning.replace(/^.*\/rule\.yml/, ""));
  };

  test("that gets people out of bed without saying why", async () => {
    const high = valid.replace("level: low", "level: high");
    expect(await warningsOf(high)).toEqual([":11: level: level_reason is missing: why is it high?"]);
    expect(await warningsOf(`${high}level_reason: Few do it.\n`)).toEqual([]);
    expect(await warningsOf(valid)).toEqual([]);
  });

  test.each([
    ["TODO", "is no address: expected https://..."],
    ["ftp://example.com/why", "is no address: expected https://..."],
    ["https://wiki/okta", "leads nowhere: no such host"],
    ["https://docs.example.invalid/a", "leads nowhere: no such host"],
  ])("whose reference is %s", async (reference, fault) => {
    expect(await warningsOf(`${valid}references: ["${reference}"]\n`)).toEqual([
      `:12: references.0: "${reference}" ${fault}`,
    ]);
    expect(await warningsOf(`${valid}references: [https://developer.okta.com/docs/]\n`)).toEqual([]);
  });

  test("whose event type is misspelt, with the nearest; one that is merely new is not", async () => {
    const typed = (type: string) => valid.replace("eventType: x", `eventType: [user.session.start, ${type}]`);
    expect(await warningsOf(typed("user.sesion.end"))).toEqual([
      expect.stringMatching(/^:9: .*no event type "user\.sesion\.end"; did you mean "user\.session\.end"\?$/),
    ]);
    expect(await warningsOf(typed("workload_principal.human.hire"))).toEqual([]);
  });
});

describe("folders beside one another", () => {
  test("are read as one: rules, filters that apply to all, and cases; an id of both is refused", async () => {
    const other = await mkdtemp(join(tmpdir(), "own-rules-"));
    try {
      await write("rule.yml", valid);
      await mkdir(join(other, "filters"));
      const own = valid.replace("title: Test", "title: Own");
      await writeFile(join(other, "own.yml"), own.replace("2b11", "2b12"));
      await writeFile(join(other, "own.cases.yml"), "cases: []\n");
      await writeFile(
        join(other, "filters", "any.yml"),
        "title: Not Ada\nlogsource: { product: okta }\nfilter:\n  rules: any\n  selection: { actor.id: 00u1 }\n  condition: not selection\n",
      );
      const { rules, cases } = await loadDetections(folder, other);
      expect(rules.map(({ content }) => [content.title, content.filters])).toEqual([
        ["Test", ["Not Ada"]],
        ["Own", ["Not Ada"]],
      ]);
      expect(cases).toEqual([join(other, "own.cases.yml")]);
      await writeFile(join(other, "own.yml"), own);
      await expect(loadDetections(folder, other)).rejects.toThrow(/own\.yml:1: the id \S+ is taken by \S+rule\.yml:1/);
    } finally {
      await rm(other, { recursive: true });
    }
  });
});

describe("a rule file", () => {
  test.each([
    ["is no YAML", valid.replace("title: Test", "title: 'Test"), /rule\.yml:\d+: /],
    ["is empty", "", /rule\.yml:1: the file is empty/],
    ["holds no map", "- a\n", /rule\.yml:1: expected a Sigma rule/],
    ["has a key twice", `${valid}level: high\n`, /rule\.yml:\d+: .*unique/],
    ["has no condition", valid.replace("  condition: selection\n", ""), /rule\.yml:7: detection\.condition/],
    [
      "has an unknown modifier",
      valid.replace("eventType: x", "eventType|regex: x"),
      /rule\.yml:9: detection\.selection\.eventType\|regex: unknown modifier "regex"/,
    ],
    [
      "names a selection that is not there",
      valid.replace("condition: selection", "condition: nobody"),
      /:10: .*"nobody"/,
    ],
    ["is for another product", valid.replace("product: okta", "product: windows"), /:5: logsource\.product: "windows"/],
    ["is for another service", valid.replace("service: okta", "service: sshd"), /:6: logsource\.service/],
    ["is for a category", valid.replace("service: okta", "category: dns"), /:6: logsource\.category/],
    [
      "is for no log source",
      valid.replace("  product: okta\n  service: okta", "  definition: x"),
      /:4: logsource: names/,
    ],
    ["has an id that is none", valid.replace(/^id: .*$/m, "id: 5"), /:2: id: expected a UUID/],
    ["has a level of its own", valid.replace("level: low", "level: severe"), /:11: level: expected one of/],
    ["has a status of its own", `${valid}status: draft\n`, /:12: status: expected one of/],
    ["has a key that is misspelt", `${valid}falsepositive:\n  - x\n`, /:12: .*did you mean "falsepositives"/],
    ["has detections for detection", valid.replace("detection:", "detections:"), /did you mean "detection"/],
    ["aggregates", valid.replace("condition: selection", "condition: selection | count() > 5"), /:10: .*aggregations/],
    [
      "is a correlation without a timespan",
      "title: x\ncorrelation:\n  type: event_count\n",
      /:2: correlation\.timespan: /,
    ],
    ["is a filter", "title: x\nfilter:\n  rules: any\n", /:2: filter: .*folder filters/],
    ["collects by action", `action: global\n${valid}`, /:1: action: /],
    [
      "asks for what the pipeline does not add",
      valid.replace("eventType: x", "enrichment.geo.missmatch: true"),
      /:9: .*no event has the field "enrichment\.geo\.missmatch"; did you mean "enrichment\.geo\.mismatch"\?; known: /,
    ],
    [
      "is one of Okta's customer-detections",
      'title: A\ndetection:\n  okta_systemlog:\n    OIE: |\n      eventType eq "x"\n',
      /:3: detection\.okta_systemlog: this is one of Okta's customer-detections/,
    ],
    ["has another taxonomy", `${valid}taxonomy: ecs\n`, /taxonomy: only/],
    [
      "has a regular expression that can blow up",
      valid.replace("eventType: x", "eventType|re: (?=a)b"),
      /:9: .*linear/,
    ],
    [
      "has a selection that JavaScript would lose",
      valid.replaceAll("selection", "__proto__"),
      /rule\.yml:8: "__proto__" is no name/,
    ],
    ["is nested without end", `${valid}x: ${"[".repeat(100_000)}`, /nested too deeply|:\d+: /],
    [
      "multiplies aliases without end",
      `${valid}a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghi".replace(/./g, (name, at: number) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[at]}`).join(",")}]\n`)}`,
      /rule\.yml:\d+: .*alias/i,
    ],
  ])("that %s is refused with file, line and reason", async (_, text, message) => {
    await write("rule.yml", text);
    await expect(load()).rejects.toThrow(message);
  });

  test("may hold several rules", async () => {
    await write("rule.yml", `${valid}---\n${valid.replace("2b11", "2b12").replace("title: Test", "title: Other")}`);
    expect((await load()).rules.map(({ content, line }) => [content.title, line])).toEqual([
      ["Test", 1],
      ["Other", 13],
    ]);
  });

  test("needs no more than the specification asks for; made-up values are reported", async () => {
    await write(
      "rule.yml",
      "title: Bare\nlogsource:\n  product: okta\ndetection:\n  a:\n    uuid: 1\n  condition: a\n",
    );
    const { rules, warnings } = await load();
    expect(rules[0]?.content).toMatchObject({ title: "Bare", level: "medium", description: "", status: null });
    expect(rules[0]?.content.id).toMatch(/^[0-9a-f-]{14}5/);
    expect(warnings).toEqual([
      expect.stringMatching(/rule\.yml:1: it has no id/),
      expect.stringMatching(/rule\.yml:1: it has no level/),
    ]);
  });

  test.each([
    ["custom keys", `${valid}regression_tests_path: x\n`, /rule\.yml:12: regression_tests_path: this is no part/],
    [
      "a selection that its condition never uses",
      valid.replace("  condition", "  other:\n    uuid: 1\n  condition"),
      /rule\.yml:10: detection\.other: the selection "other" is never used/,
    ],
    [
      "a selection whose name pySigma's conditions cannot hold",
      valid.replace(/selection/g, "vpn.corp"),
      /rule\.yml:8: detection\.vpn\.corp: pySigma reads no name such as "vpn\.corp"/,
    ],
    [
      "a selection that is named like a field with a modifier",
      valid.replace("  selection:", "  selection|contains:").replace("n: selection", "n: 1 of sel*"),
      /rule\.yml:8: .*a modifier belongs to a field/,
    ],
    [
      "a field that Okta's documents do not have",
      valid.replace("eventType", "eventTyp"),
      /rule\.yml:9: detection\.selection\.eventTyp: Okta's documents have no field "eventTyp"; did you mean "eventType"\?/,
    ],
    [
      "such a field of a list of maps, with modifiers",
      valid.replace("    eventType: x", "    - eventType: x\n    - client.ipAdress|cidr: 192.0.2.0/24"),
      /rule\.yml:10: detection\.selection\.1\.client\.ipAdress\|cidr: .*did you mean "client\.ipAddress"\?/,
    ],
    [
      "such a field as another one's reference",
      valid.replace("eventType: x", "actor.id|fieldref: targt.id"),
      /rule\.yml:9: .*no field "targt\.id"; did you mean "target\.id"\?/,
    ],
  ])("may hold %s, with a warning", async (_, text, warning) => {
    await write("rule.yml", text);
    const { rules, warnings } = await load();
    expect(rules).toHaveLength(1);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  test("that uses a pattern for a selection whose name has a dot runs without a warning", async () => {
    const filter = "  filter_main_vpn.corp:\n    client.ipAddress|cidr: 192.0.2.0/24\n";
    await write(
      "rule.yml",
      valid.replace("  condition: selection", `${filter}  condition: selection and not 1 of filter_main_*`),
    );
    const { rules, warnings } = await load();
    expect(warnings).toEqual([]);
    const evaluate = rules[0] && compileRule(rules[0].content).evaluate;
    expect(evaluate?.({ eventType: "x", client: { ipAddress: "192.0.2.7" } })).toBe(false);
    expect(evaluate?.({ eventType: "x", client: { ipAddress: "198.51.100.7" } })).toBe(true);
  });
});

describe("a folder of rules", () => {
  test("with an id twice is refused, naming both files", async () => {
    await Promise.all(["a.yml", "b.yml"].map((name) => write(name, valid)));
    await expect(load()).rejects.toThrow(/b\.yml:1: .*taken by.*a\.yml:1/);
  });

  test("lists the faults of every file", async () => {
    await write("a.yml", valid.replace("low", "x"));
    await write("b.yml", valid.replace("low", "y"));
    await expect(load()).rejects.toThrow(/a\.yml:11.*\n.*b\.yml:11/);
  });

  test("without a rule is refused", async () => {
    await expect(load()).rejects.toThrow("no Sigma rule");
  });

  test("that holds what was meant for a rule, and is not read, is refused, naming each", async () => {
    await Promise.all(["drafts/deep", "filters/team"].map((name) => mkdir(join(folder, name), { recursive: true })));
    const stray = ["b.yaml", "C.YML", "drafts/deep/d.yaml", "filters/e.yaml", "filters/team/f.yml"];
    await Promise.all(["a.yml", ...stray].map((name) => write(name, valid)));
    await expect(load()).rejects.toThrow(
      [
        `${folder}/C.YML: it is not read: rename it to C.yml`,
        `${folder}/b.yaml: it is not read: rename it to b.yml`,
        `${folder}/filters/e.yaml: it is not read: rename it to e.yml`,
        `${folder}/filters/team: the filters of a subfolder are not read: move them into ${folder}/filters`,
        `${folder}/drafts/deep/d.yaml: it is not read: rename it to d.yml`,
      ].join("\n"),
    );
  });

  test("that holds other files and folders is reported with them, except code, documents and hidden files", async () => {
    await Promise.all(["pictures", ".git"].map((name) => mkdir(join(folder, name))));
    const silent = ["rules.ts", "README.md", ".gitkeep", "filters/.DS_Store"];
    await Promise.all(["a.yml", "a.yml.bak", "b.json", "filters/c.txt", ...silent].map((name) => write(name, valid)));
    await symlink(join(folder, "nowhere"), join(folder, "d.yml"));
    expect((await load()).warnings).toEqual([
      `${folder}/a.yml.bak: it is not read: the name of a rule or filter ends with .yml`,
      `${folder}/b.json: it is not read: the name of a rule or filter ends with .yml`,
      `${folder}/d.yml: it cannot be opened`,
      `${folder}/filters/c.txt: it is not read: the name of a rule or filter ends with .yml`,
    ]);
  });

  // The superuser may open whatever there is.
  const isSuperuser = process.getuid?.() === 0;
  const orSkipped = isSuperuser ? " (skipped: the superuser may open everything)" : "";
  test.skipIf(isSuperuser)(`that may not be opened is a fault${orSkipped}`, async () => {
    await write("a.yml", valid);
    await chmod(join(folder, "a.yml"), 0o000);
    await expect(load()).rejects.toThrow(`${folder}/a.yml: it cannot be opened: EACCES`);
  });

  test("may have no filters, and a file of that name is no folder", async () => {
    await rm(join(folder, "filters"), { recursive: true });
    await write("a.yml", valid);
    expect((await load()).warnings).toEqual([]);
    await write("filters", "");
    expect((await load()).warnings).toEqual([expect.stringContaining("filters: it is not read")]);
  });
});

describe("subfolders", () => {
  const place = async (name: string, text: string) => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await write(name, text);
  };
  const windows = (title: string) =>
    valid.replace("title: Test", `title: ${title}`).replace("  product: okta\n  service: okta", "  product: windows");

  test("hold rules and their cases; those of other log sources are left out, and counted", async () => {
    await place("rules/identity/okta/a.yml", valid);
    await place("rules/identity/okta/a.cases.yml", "cases: []\n");
    await place("rules/windows/b.yml", windows("B"));
    await place("rules/windows/c.yml", `${windows("C")}---\n${windows("mentions Okta")}`);
    await place(
      "rules/web/d.yml",
      "title: D\nlogsource: { category: proxy }\ndetection: { a: { b: 1 }, condition: a }\n",
    );
    await place("rules/broken.yml", windows("E").replace("condition: selection", "condition: selection | count() > 5"));
    await place("tests/info.yml", "id: x\ndescription: no rule\n");
    await place("tests/okta.csv", "");
    const { rules, cases, warnings } = await load();
    expect(rules.map(({ file }) => file)).toEqual([join(folder, "rules/identity/okta/a.yml")]);
    expect(cases).toEqual([join(folder, "rules/identity/okta/a.cases.yml")]);
    expect(warnings).toEqual([
      `${folder}: 1 other file in subfolders not read, as ${folder}/tests/okta.csv`,
      `${folder}: 5 rules of other log sources not run: windows (4), proxy (1)`,
      `${folder}: 1 YAML file in subfolders without a Sigma rule, as ${folder}/tests/info.yml`,
    ]);
  });

  test.each([
    [
      "whose log source may be ours, misspelt",
      valid.replace("product: okta", "product: okat"),
      /:5: .*"okat" is another/,
    ],
    ["that cannot be run", valid.replace("condition: selection", "condition: other"), /:10: .*"other"/],
    ["that is no YAML", valid.replace("title: Test", "title: 'Test"), /:\d+: /],
    ["that is too large", `${valid}# ${"x".repeat(1_048_576)}`, /:1: the file is larger than 1 MiB/],
  ])("with a rule %s are refused, with file, line and reason", async (_, text, message) => {
    await write("a.yml", valid);
    await place("theirs/b.yml", text);
    await expect(load()).rejects.toThrow(new RegExp(`theirs/b\\.yml${message.source}`));
  });

  test("with rules of other log sources alone are refused", async () => {
    await place("theirs/b.yml", windows("B"));
    await expect(load()).rejects.toThrow("no Sigma rule (*.yml) for okta in this folder");
  });

  test("with a rule that waits for a placeholder are read without it", async () => {
    await write("a.yml", valid);
    const waiting = valid.replace("2b11", "2b12").replace("eventType: x", "actor.id|expand: '%admins%'");
    await place("theirs/b.yml", waiting);
    const { rules, warnings } = await load();
    expect([rules.length, warnings]).toEqual([
      1,
      [expect.stringMatching(/theirs\/b\.yml:9: .* the rule is not run: the placeholder %admins% is not defined/)],
    ]);
    await write("placeholders.yml", "admins: ada\n");
    expect((await load()).rules).toHaveLength(2);
  });

  test("may hold correlations: those over rules that are left out are left out as well", async () => {
    const correlation = (name: string, rule: string, id: string) =>
      `title: ${name}\nname: ${name}\nid: ${id}\ncorrelation:\n  type: event_count\n  rules: [${rule}]\n  group-by: [actor.id]\n  timespan: 1h\n  condition: { gte: 5 }\nlevel: low\n`;
    await place("theirs/a.yml", valid.replace("title: Test", "title: Test\nname: ours"));
    await place("theirs/b.yml", windows("B").replace("title: B", "title: B\nname: theirs"));
    await place("theirs/c.yml", correlation("of_theirs", "theirs", "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b21"));
    await place("theirs/d.yml", correlation("of_both", "of_theirs", "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b22"));
    await place("theirs/e.yml", correlation("of_ours", "ours", "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b23"));
    const { correlations } = await load();
    expect(correlations.map(({ content }) => content.name)).toEqual(["of_ours"]);
    await place("theirs/f.yml", correlation("of_none", "nowhere", "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b24"));
    await expect(load()).rejects.toThrow(/f\.yml:6: .*nowhere/);
  });

  test("are read once, whatever links lead to them, and in a circle", async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), "linked-"));
    try {
      await writeFile(join(elsewhere, "a.yml"), valid);
      await symlink(elsewhere, join(folder, "first"));
      await symlink(elsewhere, join(folder, "second"));
      await symlink(folder, join(elsewhere, "back"));
      await symlink(elsewhere, join(elsewhere, "itself"));
      const { rules, warnings } = await load();
      expect([rules.map(({ file }) => file), warnings]).toEqual([[join(folder, "first", "a.yml")], []]);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  test("that hold far more than rules are refused", async () => {
    for (const name of ["a", "b", "c"]) await place(`theirs/${name}/x.yml`, valid);
    expect((await listDetections(folder, 6)).faults).toEqual([]);
    // Its own fault is not lost among those of the files that lie there.
    await place("theirs/a/y.yaml", valid);
    expect((await listDetections(folder, 5)).faults).toEqual([
      `${folder}: more than 5 files and folders lie below: name a folder of rules`,
    ]);
  });

  test("with what is no file are read without it, and files in the ways of other systems as any", async () => {
    await promisify(execFile)("mkfifo", [join(folder, "pipe.yml")]);
    await place("theirs/a.yml", `\uFEFF${valid.replaceAll("\n", "\r\n")}`);
    const { rules, warnings } = await load();
    expect([rules[0]?.content.title, warnings]).toEqual([
      "Test",
      [`${folder}/pipe.yml: it is not read: it is no file`],
    ]);
  });
});

describe("placeholders.yml", () => {
  const expanding = valid.replace("eventType: x", "actor.alternateId|expand: '%admins%'");

  test("says what placeholders stand for", async () => {
    await write("rule.yml", expanding);
    await write("placeholders.yml", "# Who may\nadmins:\n  - ada@example.com\n  - grace@example.com\n");
    expect(JSON.stringify((await load()).rules[0]?.content.selections)).toContain("grace@example.com");
  });

  test.each([
    ["a placeholder that is not defined", null, /rule\.yml:9: .*%admins% is not defined/],
    ["a file that is no map", "- x\n", /placeholders\.yml:1: expected a map/],
    ["a value that is no text", "admins:\n  - {a: 1}\n", /placeholders\.yml:1: admins: expected text/],
    ["no value", "admins: []\n", /placeholders\.yml:1: admins: expected at least one/],
  ])("%s is refused", async (_, text, message) => {
    await write("rule.yml", expanding);
    if (text !== null) await write("placeholders.yml", text);
    await expect(load()).rejects.toThrow(message);
  });
});

describe("a filter", () => {
  const id = "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b11";
  const filter = (rules: string, condition: string) => `title: No relay
logsource:
  product: okta
  service: okta
filter:
  rules: ${rules}
  selection:
    outcome.reason: RELAY
  other:
    client.zone: PT
  condition: ${condition}
`;
  const named = (condition: string) => filter(`["${id}"]`, condition);

  async function matches({ eventType, operator, country }: Json): Promise<boolean | "unknown" | undefined> {
    const [loaded] = (await load()).rules;
    const event = { eventType, outcome: { reason: operator }, client: { zone: country } };
    return loaded && compileRule(loaded.content).evaluate(event);
  }

  test.each([
    ["not (selection or other)", { operator: "RELAY" }, false],
    ["not (selection or other)", { country: "PT" }, false],
    ["not (selection or other)", {}, true],
    ["not selection and not other", { country: "PT" }, false],
    ["not selection or not other", { country: "PT" }, true],
    ["not selection or not other", { country: "PT", operator: "RELAY" }, false],
    ["selection or other", { operator: "RELAY" }, false],
    ["1 of them", { country: "PT" }, false],
    ["all of them", { country: "PT" }, true],
    ["not 1 of them", { country: "PT" }, false],
    ["not (selection and not other)", { operator: "RELAY" }, false],
    ["not (selection and not other)", { operator: "RELAY", country: "PT" }, true],
  ])("with the condition %s excludes what the selections match: %j", async (condition, fields, expected) => {
    await write("rule.yml", valid);
    await write("filters/relay.yml", named(condition));
    expect(await matches({ eventType: "x", ...fields })).toBe(expected);
  });

  test("for any applies to every rule, by name to one, and never widens a rule's own patterns", async () => {
    const second = valid.replace("2b11", "2b12").replace("title: Test", "title: Other\nname: other");
    await write("rule.yml", valid.replace("condition: selection", "condition: all of them"));
    await write("second.yml", second);
    await write("filters/any.yml", filter("any", "not 1 of them"));
    await write("filters/other.yml", filter("other", "not 1 of them").replace("No relay", "Other only"));
    const { rules } = await load();
    expect(rules.map(({ content }) => content.filters)).toEqual([["No relay"], ["No relay", "Other only"]]);
    expect(await matches({ eventType: "x" })).toBe(true);
    expect(await matches({ eventType: "x", operator: "RELAY" })).toBe(false);
  });

  test("that says what is excluded, where pySigma would read what is kept, is reported", async () => {
    await write("rule.yml", valid);
    await write("filters/relay.yml", named("selection or other"));
    expect((await load()).warnings).toEqual([
      expect.stringMatching(/relay\.yml:11: filter\.condition: .*pySigma would keep/),
    ]);
    await write("filters/relay.yml", named("not 1 of them"));
    expect((await load()).warnings).toEqual([]);
  });

  test("with a selection that is never used is reported", async () => {
    await write("rule.yml", valid);
    await write("filters/relay.yml", named("not selection"));
    expect((await load()).warnings).toEqual([expect.stringMatching(/relay\.yml:9: .*"other" is never used/)]);
  });

  test.each([
    [
      "for a rule that is not there",
      filter("[nobody]", "not 1 of them"),
      /relay\.yml:1: .*no rule has the id or name nobody/,
    ],
    ["for no rule", filter("[]", "not 1 of them"), /:6: filter\.rules: names no rule/],
    ["without rules", filter("", "not 1 of them"), /:6: filter\.rules: expected a list/],
    ["that could mean either", named("selection and not other"), /:11: filter\.condition: it is ambiguous/],
    ["with a level", `${named("not 1 of them")}level: high\n`, /:12: level: a filter has no level/],
    [
      "for another log source",
      named("not 1 of them").replace("product: okta", "product: aws"),
      /:3: logsource\.product/,
    ],
    ["that is a rule", valid, /:7: detection: a filter has no detection/],
  ])("%s is refused", async (_, text, message) => {
    await write("rule.yml", valid);
    await write("filters/relay.yml", text);
    await expect(load()).rejects.toThrow(message);
  });
});

test("every rule, correlation and filter that docs/detections.md shows can be run as it stands", async () => {
  const text = await readFile(new URL("../../../docs/detections.md", import.meta.url), "utf8");
  const documents = [...text.matchAll(/^```yaml\n(title: [\s\S]*?)^```/gm)].map(([, document = ""]) => document);
  const isFilter = (document: string) => document.includes("\nfilter:\n");
  expect(documents.map(isFilter)).toEqual(expect.arrayContaining([true, false]));
  for (const [index, document] of documents.entries()) {
    await write(isFilter(document) ? `filters/${index}.yml` : `${index}.yml`, document);
  }
  const { correlations, warnings } = await loadDetections(folder);
  expect(correlations).not.toEqual([]);
  expect(warnings).toEqual([expect.stringContaining("it has no id")]);
});
