import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadDetections } from "../../build/load-detections.ts";
import { compileRule } from "../../lambda/sigma/compile.ts";

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
    [
      "defines a selection that is never used",
      valid.replace("  condition", "  other:\n    a: 1\n  condition"),
      /:10: .*never/,
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
    ["is a correlation", "title: x\ncorrelation:\n  type: event_count\n", /:2: correlation: .*cannot be run yet/],
    ["is a filter", "title: x\nfilter:\n  rules: any\n", /:2: filter: .*folder filters/],
    ["collects by action", `action: global\n${valid}`, /:1: action: /],
    ["has another taxonomy", `${valid}taxonomy: ecs\n`, /taxonomy: only/],
    [
      "has a regular expression that can blow up",
      valid.replace("eventType: x", "eventType|re: (?=a)b"),
      /:9: .*linear/,
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

  test("needs no more than the specification asks for; what is made up for it is told", async () => {
    await write("rule.yml", "title: Bare\nlogsource:\n  product: okta\ndetection:\n  a:\n    b: 1\n  condition: a\n");
    const { rules, warnings } = await load();
    expect(rules[0]?.content).toMatchObject({ title: "Bare", level: "medium", description: "", status: null });
    expect(rules[0]?.content.id).toMatch(/^[0-9a-f-]{14}5/);
    expect(warnings).toEqual([
      expect.stringMatching(/rule\.yml:1: it has no id/),
      expect.stringMatching(/rule\.yml:1: it has no level/),
    ]);
  });

  test("may hold custom keys, which are told of", async () => {
    await write("rule.yml", `${valid}regression_tests_path: x\n`);
    expect((await load()).warnings).toEqual([expect.stringMatching(/left alone: regression_tests_path/)]);
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
    operator: RELAY
  other:
    country: PT
  condition: ${condition}
`;
  const named = (condition: string) => filter(`["${id}"]`, condition);

  async function matches(event: unknown): Promise<boolean | "unknown" | undefined> {
    const [loaded] = (await load()).rules;
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

  test("that says what is excluded, where pySigma would read what is kept, is told of", async () => {
    await write("rule.yml", valid);
    await write("filters/relay.yml", named("selection or other"));
    expect((await load()).warnings).toEqual([expect.stringMatching(/relay\.yml:1: .*pySigma would keep/)]);
    await write("filters/relay.yml", named("not 1 of them"));
    expect((await load()).warnings).toEqual([]);
  });

  test.each([
    [
      "for a rule that is not there",
      filter("[nobody]", "not 1 of them"),
      /relay\.yml:1: .*no rule has the id or name nobody/,
    ],
    ["for no rule", filter("[]", "not 1 of them"), /:6: filter\.rules: names no rule/],
    ["without rules", filter("", "not 1 of them"), /:6: filter\.rules: expected a list/],
    ["that could mean either", named("selection and not other"), /:11: filter\.condition: it cannot be told/],
    ["with a level", `${named("not 1 of them")}level: high\n`, /:12: level: a filter has no level/],
    [
      "for another log source",
      named("not 1 of them").replace("product: okta", "product: aws"),
      /:3: logsource\.product/,
    ],
    ["with a selection that is never used", named("not selection"), /:9: .*"other" is never used/],
    ["that is a rule", valid, /:7: detection: a filter has no detection/],
  ])("%s is refused", async (_, text, message) => {
    await write("rule.yml", valid);
    await write("filters/relay.yml", text);
    await expect(load()).rejects.toThrow(message);
  });
});

test("a malformed rule fails the build, naming file and fault", async () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const copy = await mkdtemp(join(root, "dist", "broken-"));
  try {
    for (const part of ["build", "lambda", "package.json"])
      await cp(join(root, part), join(copy, part), { recursive: true });
    await writeFile(join(copy, "lambda", "detections", "broken.yml"), valid.replace("low", "loud"));
    const build = promisify(execFile)(process.execPath, [join(copy, "build", "bundle.ts")]);
    await expect(build).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/broken\.yml:11: level/) });
  } finally {
    await rm(copy, { recursive: true });
  }
});
