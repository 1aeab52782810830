import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadRules, readRule } from "../../build/load-rules.ts";

const detections = fileURLToPath(new URL("../../lambda/detections", import.meta.url));
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

describe("a rule file", () => {
  test.each([
    ["is no YAML", valid.replace("title: Test", "title: 'Test"), /^rule\.yml:\d+: /],
    ["has no condition", valid.replace("  condition: selection\n", ""), /^rule\.yml:\d+: detection\.condition/],
    [
      "has an unknown modifier",
      valid.replace("eventType: x", "eventType|regex: x"),
      /^rule\.yml:9: .*unknown modifier "regex"/,
    ],
    [
      "names a selection that is not there",
      valid.replace("condition: selection", "condition: nobody"),
      /^rule\.yml:10: .*"nobody"/,
    ],
    ["is for another product", valid.replace("product: okta", "product: windows"), /^rule\.yml:5: logsource\.product/],
    ["has no id", valid.replace(/^id: .*\n/m, ""), /^rule\.yml:\d+: id/],
    ["has a level of its own", valid.replace("level: low", "level: severe"), /^rule\.yml:11: level/],
  ])("that %s is refused with file, line and reason", (_, text, message) => {
    expect(() => readRule(text, "rule.yml")).toThrow(message);
  });
});

describe("a folder of rules", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rules-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("with an id twice is refused, naming both files", async () => {
    await Promise.all(["a.yml", "b.yml"].map((name) => writeFile(join(folder, name), valid)));
    await expect(loadRules(folder)).rejects.toThrow(/b\.yml.*taken by.*a\.yml/);
  });

  test("lists the faults of every file", async () => {
    await writeFile(join(folder, "a.yml"), valid.replace("low", "x"));
    await writeFile(join(folder, "b.yml"), valid.replace("low", "y"));
    await expect(loadRules(folder)).rejects.toThrow(/a\.yml:11.*\n.*b\.yml:11/);
  });

  test("without a rule is refused", async () => {
    await expect(loadRules(folder)).rejects.toThrow("no Sigma rule");
  });
});

describe("our own detections", () => {
  test("are the two of the README, complete", async () => {
    const rules = await loadRules(detections);
    expect(rules.map(({ level }) => level).sort()).toEqual(["high", "medium"]);
    for (const rule of rules) {
      expect(rule.falsePositives.length).toBeGreaterThan(0);
      expect(rule.references.length).toBeGreaterThan(0);
      expect(rule.tags).toContain("attack.t1090.003");
      expect(rule.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    }
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
