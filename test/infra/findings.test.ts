import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Validations } from "aws-cdk-lib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { acknowledgeFindings, explanations, packs } from "../../infra/findings.ts";
import { OktaProxyWatchStack } from "../../infra/stack.ts";
import { appInPlace, everything } from "../../infra/synthesize.ts";

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly { readonly ruleName: string }[];
    readonly suppressedViolations: readonly { readonly acknowledgedId: string; readonly reason: string }[];
  }[];
}

beforeAll(() => void vi.stubEnv("CDK_VALIDATION", "true"));
afterAll(() => void vi.unstubAllEnvs());

/** What CDK knows of CloudFormation fails the synthesis, as cdk.json says. */
const strict = { "@aws-cdk/core:validateAgainstDefaultRules": true };

/** Checks the stack by all packs, and by CDK's own rules of CloudFormation; throws as the synthesis does. */
async function check(context: Readonly<Record<string, unknown>>, explained = explanations): Promise<Report> {
  const outdir = await mkdtemp(join(tmpdir(), "okta-proxy-watch-findings-"));
  try {
    const app = appInPlace({ ...strict, ...context }, outdir);
    acknowledgeFindings(new OktaProxyWatchStack(app, "Test"), explained);
    Validations.of(app).addPlugins(...packs(app));
    app.synth();
    return JSON.parse(await readFile(join(outdir, "validation-report.json"), "utf8")) as Report;
  } finally {
    await rm(outdir, { recursive: true });
  }
}

describe("AwsSolutions, NIST 800-53 R5 and Serverless", () => {
  test.each([
    ["the defaults", {}],
    ["all that can be switched on", everything],
    ["a key of the account's own", { ...everything, customerManagedKey: true, reservedConcurrency: 5 }],
    ["a REST API in front", { ...everything, front: "restApi" }],
    ["a firewall", { ...everything, canary: false, front: "restApi", firewall: true, allowedCidrs: "192.0.2.0/24" }],
  ])("find nothing that is not explained, with %s", async (_, context) => {
    const { pluginReports } = await check(context);
    expect(pluginReports.map(({ pluginName, violations }) => [pluginName, violations.length])).toEqual([
      ["AwsSolutions", 0],
      ["NIST.800.53.R5", 0],
      ["Serverless", 0],
    ]);
  });

  test("every explanation explains something that they find", async () => {
    const reports = [
      await check(everything),
      await check({ front: "restApi" }),
      await check({ front: "restApi", firewall: true }),
    ];
    const found = reports.flatMap(({ pluginReports }) =>
      pluginReports.flatMap(({ suppressedViolations }) => suppressedViolations),
    );
    const used = new Set(found.map(({ acknowledgedId, reason }) => `${acknowledgedId}: ${reason}`));
    expect(explanations.flatMap(({ rules, reason }) => rules.map((rule) => `${rule}: ${reason}`)).sort()).toEqual(
      [...used].sort(),
    );
  });

  test("what is not explained fails the synthesis", async () => {
    const [, ...others] = explanations;
    await expect(check({}, others)).rejects.toThrow();
  });
});
