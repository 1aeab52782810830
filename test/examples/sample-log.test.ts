import { expect, test } from "vitest";
import { makeSample, readSample } from "../../build/sample-log.ts";
import { runCli } from "../fixtures/command.ts";

const folder = "examples/sample-log";

test("the sample log is what build/sample-log.ts writes, and small", async () => {
  const sample = await readSample();
  expect(sample).toEqual(makeSample());
  expect(sample.log.split("\n").length).toBeLessThan(1_000);
});

test("a backtest of the sample log has alerts, a mismatch and a storm, and leaves no row out", async () => {
  const { code, stdout, stderr } = await runCli("backtest", [
    ...["--events", `${folder}/system-log.jsonl.gz`, "--profiles", `${folder}/profiles.csv`],
  ]);
  expect(code).toBe(0);
  const matched = new Set(stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line).title])));
  expect(matched).toContain("Okta User Session Start - Anonymizing Proxy with Geolocation Mismatch");
  expect(matched).toContain("Okta User Session Start Via Tor or Residential Proxy");
  expect(stderr).toMatch(/^Alerts by severity: 1 critical, /m);
  expect(stderr).not.toContain("left out");
});
