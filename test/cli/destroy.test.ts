import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type FakeCloudFormation, type FakeStack, startCloudFormation } from "../fixtures/cloudformation.ts";
import { type Output, runCli } from "../fixtures/command.ts";
import { synthesize } from "../fixtures/synthesized.ts";

let cloudFormation: FakeCloudFormation;
afterEach(() => cloudFormation.stop());

const template = synthesize({ customerManagedKey: true }).template.toJSON() as NonNullable<FakeStack["template"]>;

async function destroy(stack: FakeStack, ...args: readonly string[]): Promise<Output> {
  return destroyWith({}, stack, ...args);
}

async function destroyWith(
  more: Readonly<Record<string, string>>,
  stack: FakeStack,
  ...args: readonly string[]
): Promise<Output> {
  cloudFormation = await startCloudFormation(stack);
  const environment = {
    ...more,
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  };
  return runCli("destroy", args, { environment });
}

test("a dry run says what would stay, why, and how to remove it, and removes nothing", async () => {
  const { code, stdout, stderr } = await destroy({ name: "OktaProxyWatch", template }, "--dry-run");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const count = Object.keys(template.Resources).length;
  expect(stdout).toContain(`OktaProxyWatch has ${count} resources; ${count - 3} go, 3 stay.`);
  expect(stdout).toMatch(/stays: AWS::DynamoDB::Table OktaProxyWatch-Profiles\w+\n {2}why: .*loaded again\n/);
  expect(stdout).toMatch(/stays: AWS::DynamoDB::Table OktaProxyWatch-State\w+\n {2}why: the exceptions/);
  expect(stdout).toMatch(/to remove it: aws dynamodb delete-table --table-name OktaProxyWatch-State\w+\n/);
  expect(stdout).toMatch(/to remove it: aws kms schedule-key-deletion --key-id OktaProxyWatch-Encryption\w+ /);
  expect(stdout).toContain("A later deployment makes new tables, and does not use those that stay.");
  expect(stdout).toContain("\n  npx okta-proxy-watch profiles export > profiles.csv ");
  expect(stdout).toContain("\n  npx okta-proxy-watch exceptions list ");
  expect(cloudFormation.actions).not.toContain("DeleteStack");
});

test("with --yes the stack goes, and it is waited for", async () => {
  const { code, stdout, stderr } = await destroy({ name: "Europe", template }, "--stack", "Europe", "--yes");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("removed: Europe.");
  expect(stdout).toMatch(
    /stays in Okta, to be deactivated and deleted .*\n.*the event hook "okta-proxy-watch Europe"\n/,
  );
  expect(stdout).toContain('the service apps "okta-proxy-watch Europe"\n');
  expect(stdout).not.toContain("log stream");
  expect(cloudFormation.actions).toContain("DeleteStack");
  expect(cloudFormation.actions.at(-1)).toBe("DescribeStacks");
});

test("names what setup and an administrator made outside the stack, with a log stream its event bus as well", async () => {
  const outputs = { OktaCredentialSecretArn: "arn:x", EventBusName: "aws.partner/okta.com/example/okta" };
  const { stdout } = await destroy({ name: "Europe", template, outputs }, "--stack", "Europe", "--dry-run");
  const names = '"okta-proxy-watch Europe" and "okta-proxy-watch Europe functions"';
  expect(stdout).toContain(`the service apps ${names}\n`);
  expect(stdout).toContain(`the custom roles and resource sets ${names}\n`);
  expect(stdout).toContain("the event bus aws.partner/okta.com/example/okta and its partner event source\n");
  expect(stdout).toContain("okta-credential.*.json beside package.json");
});

test("without a terminal to ask at, nothing is removed", async () => {
  const { code, stderr } = await destroy({ name: "OktaProxyWatch", template });
  expect(code).toBe(2);
  expect(stderr).toContain("--yes");
  expect(cloudFormation.actions).not.toContain("DeleteStack");
});

test.each(["stackname: Europe\n", "stackName: [Europe]\n", "stackName: *europe\n"])(
  "a settings file that names no stack by mistake (%j) removes none, the default one neither",
  async (text) => {
    const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-destroy-"));
    try {
      const SETTINGS_FILE = join(folder, "europe.yml");
      await writeFile(SETTINGS_FILE, text);
      const { code, stderr } = await destroyWith({ SETTINGS_FILE }, { name: "OktaProxyWatch", template }, "--yes");
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("europe.yml:1: ") });
      expect(cloudFormation.actions).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

test("a removal that stops names what is stuck", async () => {
  const stuck = Object.keys(template.Resources).find((id) => id.startsWith("RetriesQueue")) ?? "";
  const { code, stderr } = await destroy({ name: "OktaProxyWatch", template, stuck }, "--yes");
  expect(code).toBe(1);
  expect(stderr).toContain("DELETE_FAILED");
  expect(stderr).toContain(`${stuck}: it is in use`);
});

test("a missing stack is reported", async () => {
  const { code, stderr } = await destroy({ name: "Other", template }, "--yes");
  expect(code).toBe(2);
  expect(stderr).toContain("the stack OktaProxyWatch cannot be found: Stack with id OktaProxyWatch does not exist");
});
