import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { everything } from "../../infra/synthesize.ts";
import { type FakeAccount, type FakeAccountServer, startAccount } from "../fixtures/aws-account.ts";
import { type Output, runCli, spawnCli } from "../fixtures/command.ts";
import { synthesize } from "../fixtures/synthesized.ts";

/*
 * The command up to where CDK's own deployment begins: what is looked at, said and refused before. The account is stood in
 * for by the protocols of its services. Some of the tests synthesize for real, what the tests' setup has built.
 */

let folder: string;
let account: FakeAccountServer | null = null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-deploy-"));
});
afterEach(async () => {
  await account?.stop();
  account = null;
});
afterAll(() => rm(folder, { recursive: true }));

/** No credentials and no region but these, wherever the test runs. */
const bare = {
  AWS_REGION: "",
  AWS_DEFAULT_REGION: "",
  AWS_PROFILE: "",
  AWS_ACCESS_KEY_ID: "",
  AWS_SECRET_ACCESS_KEY: "",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
};
const credentials = { AWS_ACCESS_KEY_ID: "AKIALOCAL", AWS_SECRET_ACCESS_KEY: "local" };

async function deploy(
  fake: FakeAccount,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = { AWS_REGION: "eu-west-1" },
  run = runCli,
): Promise<Output> {
  account = await startAccount(fake);
  const AWS_ENDPOINT_URL = account.url;
  return run("deploy", args, { environment: { ...bare, ...credentials, AWS_ENDPOINT_URL, ...environment } });
}

/** The same where CDK runs at the command's terminal. */
const deployByCdk = (fake: FakeAccount, args: readonly string[], environment?: Readonly<Record<string, string>>) =>
  deploy(fake, args, { AWS_REGION: "eu-west-1", ...environment }, spawnCli);

/** Has CDK build nothing, as the tests' setup has: https://docs.aws.amazon.com/cdk/v2/guide/cli.html lists how options are given. */
const isBuilt = { CDK_BUILD: "" };

describe("before anything is built", () => {
  test("a region has to be set, and how is said; us-east-1 is not taken for it", async () => {
    const { code, stderr } = await deploy({}, [], {});
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        "error: no AWS region is set. For this shell: export AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1; for good: aws configure set region eu-west-1\n",
    });
  });

  test("AWS_DEFAULT_REGION and the profile's region count as well", async () => {
    const config = join(folder, "config");
    await writeFile(config, "[default]\nregion = eu-south-2\n");
    expect((await deploy({}, [], { AWS_DEFAULT_REGION: "eu-north-1" })).stderr).toContain("in eu-north-1,");
    await account?.stop();
    expect((await deploy({}, [], { AWS_CONFIG_FILE: config })).stderr).toContain("in eu-south-2,");
  });

  test("credentials have to be there, and to be taken", async () => {
    const none = await deploy({}, [], { AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" });
    expect(none).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: there are no AWS credentials .*aws sso login/),
    });
    await account?.stop();
    const expired = await deploy({ refusedAs: "ExpiredToken" }, []);
    expect(expired).toMatchObject({ code: 2, stderr: expect.stringContaining("have expired. Log in: aws sso login") });
  });

  test("the account has to be bootstrapped, by the very command that is named", async () => {
    const command = "Run: npx cdk bootstrap aws://123456789012/eu-west-1\n";
    expect(await deploy({}, [])).toMatchObject({ code: 2, stderr: expect.stringContaining(command) });
    await account?.stop();
    const old = await deploy({ bootstrapVersion: 5 }, ["-c", "@aws-cdk/core:bootstrapQualifier=ours"]);
    expect(old).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/has version 5, and 6 is needed\. Run: npx cdk bootstrap .* --qualifier ours/),
    });
  });

  test("settings that cannot be used are refused, and the account is not asked", async () => {
    const file = join(folder, "wrong.yml");
    await writeFile(file, "alertEmial: security@example.com\n");
    const { code, stderr } = await deploy({}, ["--settings", file, "-c", "heartbeatHours=often"]);
    expect(code).toBe(2);
    expect(stderr).toContain(`- ${file}:1: there is no setting alertEmial; the nearest is alertEmail\n`);
    expect(account?.calls).toEqual([]);
  });

  test("options that would change what was looked at are not handed to CDK", async () => {
    for (const [option, instead] of [
      ["--profile=other", "set AWS_PROFILE"],
      ["-c", "before the --"],
    ] as const) {
      const { code, stderr } = await deploy({}, ["--yes", "--", option]);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(instead) });
      await account?.stop();
    }
  });

  test("options that npm took for itself are refused, never left out", async () => {
    const npm = {
      npm_lifecycle_event: "deploy",
      npm_config_dry_run: "true",
      npm_config_yes: "",
      npm_config_cache: "x",
    };
    const { code, stderr } = await deploy({}, [], { AWS_REGION: "eu-west-1", ...npm });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: npm took --dry-run for itself, and nothing was done\. .*\n {2}npx okta-proxy-watch deploy --dry-run\n/,
    );
    await account?.stop();
    const short = await deploy({}, [], { npm_lifecycle_event: "deploy", npm_config_call: "canary=true" });
    expect(short).toMatchObject({ code: 2, stderr: expect.stringContaining("npm took -c for itself") });
  });

  test("what may not be read is no reason to deploy blindly: the refusal says where the rights are listed", async () => {
    const { code, stdout, stderr } = await deploy({ rolesOnly: true, withoutRoles: true }, []);
    expect(stdout).toContain("Whether the account is bootstrapped could not be seen (not you)");
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^error: what is deployed as OktaProxyWatch cannot be read .*Who may deploy\.\n$/),
    });
  });

  test("a stack that CloudFormation is at work on is left alone", async () => {
    const stack = { name: "OktaProxyWatch", status: "UPDATE_IN_PROGRESS", outputs: {}, template: {} };
    const { code, stderr } = await deploy({ bootstrapVersion: 30, stack }, []);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("(UPDATE_IN_PROGRESS)") });
  });
});

describe("after synthesis", () => {
  test("a deployment that would take a subscription away says so, and without a terminal it is refused", async () => {
    const { canary, ...deployed } = everything;
    const template = synthesize({ ...deployed, "aws:cdk:enable-path-metadata": true }).template.toJSON();
    const alerts = "arn:aws:sns:eu-west-1:123456789012:alerts";
    const operations = "arn:aws:sns:eu-west-1:123456789012:operations";
    const file = join(folder, "less.yml");
    await writeFile(file, "oktaOrgUrl: https://example.okta.com\noutputs: [chat, ocsf, pagerduty]\n");
    const noteOfBuild = join(folder, "builds");
    const noteBuild = `require("node:fs").appendFileSync(process.env.NOTE_OF_BUILD, process.env.RULES_FOLDER + ";")`;
    const { code, stdout, stderr } = await deployByCdk(
      {
        bootstrapVersion: 30,
        rolesOnly: true,
        stack: {
          name: "OktaProxyWatch",
          outputs: { AlertTopicArn: alerts, OperationsTopicArn: operations },
          template,
        },
        subscriptions: {
          [alerts]: [
            { protocol: "email", endpoint: "security@example.com" },
            { protocol: "lambda", endpoint: "arn:aws:lambda:eu-west-1:123456789012:function:OktaProxyWatch-Chat" },
          ],
          [operations]: [
            { protocol: "email", endpoint: "operations@example.com" },
            { protocol: "https", endpoint: "https://pager.example.com" },
          ],
        },
      },
      ["--settings", file],
      { CDK_BUILD: `"${process.execPath}" -e '${noteBuild}'`, NOTE_OF_BUILD: noteOfBuild },
    );
    expect({ code, refusal: stderr.includes("no terminal to ask at: say --yes") }).toEqual({
      code: 2,
      refusal: true,
    });
    expect(stdout).toContain(
      `- removes the subscription of security@example.com (email) to the alerts: nothing is sent there any more (alertEmail is not set in ${file})\n`,
    );
    expect(stdout).toContain("- removes the subscription of operations@example.com (email) to the alarms: ");
    expect(stdout).toContain("No subscription to the alerts exists after this: they reach no address.");
    expect(stdout).not.toContain("No subscription to the alarms");
    // What the person may not read is read by the bootstrap stack's role.
    expect(account?.calls).toContain("GetTemplate by role");
    expect(account?.calls).not.toContain("CreateChangeSet");
    // CDK runs the build once, before it synthesizes.
    expect(await readFile(noteOfBuild, "utf8")).toBe(";");
    const { build } = JSON.parse(await readFile(new URL("../../cdk.json", import.meta.url), "utf8"));
    expect(build).toBe("npm run build");
  });

  test("settings that drop out of the file are named and asked for, also where no resource goes", async () => {
    const { template } = synthesize({
      allowedCidrs: "192.0.2.0/24",
      logRetentionDays: 3_653,
      "aws:cdk:enable-path-metadata": true,
    });
    const stack = { name: "OktaProxyWatch", outputs: {}, template: template.toJSON() };
    const file = join(folder, "dropped.yml");
    await writeFile(file, "mismatchDistanceKm: 800\nfirewallLimit: 5000\n");
    const { code, stdout, stderr } = await deployByCdk({ bootstrapVersion: 30, stack }, ["--settings", file], isBuilt);
    expect(stdout).toContain("it removes and replaces nothing of weight.");
    expect(stdout).toContain(
      [
        "Settings that differ from those deployed:",
        "- mismatchDistanceKm: 500 (the default) -> 800",
        `- logRetentionDays: 3653 -> 90 (the default); ${file} does not set it; AWS deletes the logs that are older`,
        `- allowedCidrs: 192.0.2.0/24 -> every network (the default); ${file} does not set it; the hook's URL then takes requests from everywhere`,
        "- firewallLimit: 10000 (the default) -> 5000",
        "",
      ].join("\n"),
    );
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining("no terminal to ask at: say --yes"),
    });
    expect(stdout + stderr).toContain("firewallLimit has no effect without firewall\n");
    expect(account?.calls).not.toContain("CreateChangeSet");
  });

  test("a first deployment says what it makes; a setting of the command line is said to be for this once", async () => {
    const { code, stdout, stderr } = await deployByCdk(
      { bootstrapVersion: 30 },
      ["--dry-run", "-c", "operationsEmail=operations@example.com"],
      isBuilt,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/This is the first deployment: .*\nIt makes 1 subscription, 2 secrets, 2 tables, /);
    expect(stdout).toContain("No subscription to the alerts exists after this");
    expect(stdout).toContain("The alarms reach no address yet: operations@example.com gets a mail");
    expect(stdout + stderr).toContain('operationsEmail is "operations@example.com" for this once: /dev/null does not');
  });
});
