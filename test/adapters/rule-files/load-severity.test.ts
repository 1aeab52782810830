import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadSeverity } from "../../../lambda/adapters/rule-files/load-severity.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "severity-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function load(detection: string) {
  const file = join(folder, "severity.yml");
  const first = "- {title: First, detection: {a: {uuid: b}, condition: a}, severity: low}\n";
  await writeFile(file, `${first}- title: Second\n  detection:\n${detection}  severity: low\n`);
  const warnings: string[] = [];
  const adjustments = await loadSeverity(file, (warning) => warnings.push(warning));
  return { titles: adjustments.map(({ rule }) => rule.title), warnings };
}

describe("an adjustment of severity", () => {
  test.each([
    [
      "asks for a field that Okta's documents do not have",
      "    a:\n      outcome.reslt: FAILURE\n    condition: a\n",
      /severity\.yml:5: 1\.detection\.a\.outcome\.reslt: .*did you mean "outcome\.result"\?/,
    ],
    [
      "asks for a value that its field never has",
      "    a:\n      enrichment.network.kinds: Tor Browser\n    condition: a\n",
      /severity\.yml:5: 1\.detection\.a\.enrichment\.network\.kinds: .*is never "Tor Browser": it can be relay, vpn, /,
    ],
    [
      "has a selection that its condition does not use",
      "    a:\n      uuid: b\n    other:\n      uuid: c\n    condition: a\n",
      /severity\.yml:6: 1\.detection\.other: .*never used/,
    ],
  ])("that %s is read, with a warning that names the line", async (_, detection, warning) => {
    const { titles, warnings } = await load(detection);
    expect(titles).toEqual(["First", "Second"]);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  test("that is as it should be has none: it needs neither id nor level", async () => {
    expect(await load("    a:\n      uuid: b\n    condition: a\n")).toEqual({
      titles: ["First", "Second"],
      warnings: [],
    });
  });

  test("that asks for what the pipeline does not add is refused with its line", async () => {
    const detection = "    a:\n      enrichment.geo.verdikt: unknown\n    condition: a\n";
    await expect(load(detection)).rejects.toThrow(
      /severity\.yml:5: 1\.detection\.a\.enrichment\.geo\.verdikt: .*did you mean "enrichment\.geo\.verdict"/,
    );
  });
});
