import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { trailItemId } from "../../lambda/adapters/tables/trails.ts";
import { userItemIds } from "../../lambda/adapters/tables/user-item-ids.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { type AwsEndpoint, startAwsEndpoint } from "../fixtures/aws-endpoint.ts";
import { type FakeCloudFormation, outputsOf, startCloudFormation } from "../fixtures/cloudformation.ts";
import { type Output, runCli } from "../fixtures/command.ts";

/*
 * Commands on a deployed stack: CloudFormation returns its outputs, Secrets Manager the hook's secret. Both are stood
 * in for here by their protocols; all that they lead to is the embedded run.
 */

const secretArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hook";
const keyArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:key";
let run: EmbeddedRun;
let secrets: AwsEndpoint;
let cloudFormation: FakeCloudFormation;
let environment: Record<string, string>;
let secret = "the-hook-secret";
/** Null while the caller may not read it. */
let stateKey: string | null = "the-key-of-logins";

beforeAll(async () => {
  run = await startEmbeddedRun({ port: 0, hookSecret: secret, mismatchDistanceKm: 500, onError: () => {} });
  const { environment: functions } = run;
  cloudFormation = await startCloudFormation({
    name: "Europe",
    outputs: { ...outputsOf(run, secretArn), StateKeyArn: keyArn },
  });
  secrets = await startAwsEndpoint((_, { SecretId }) => {
    if (SecretId === secretArn) return { status: 200, body: { SecretString: secret } };
    if (SecretId !== keyArn) return { status: 400, body: { __type: "ResourceNotFoundException" } };
    return stateKey === null
      ? { status: 400, body: { __type: "AccessDeniedException", message: "not authorized" } }
      : { status: 200, body: { SecretString: stateKey } };
  });
  environment = {
    ...functions,
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
  };
});
afterAll(async () => {
  await cloudFormation.stop();
  await secrets.stop();
  await run.stop();
});

const onStack = (name: string, ...args: readonly string[]): Promise<Output> => runCli(name, args, { environment });

test("send-test-alert delivers to the stack's URL with the stack's secret, and finds the alert", async () => {
  const { code, stdout, stderr } = await onStack("send-test-alert", "--stack", "Europe");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`delivered: ${run.url} answered 204`);
  expect(stdout).toContain("published: SNS took the alert");
});

test("send-test-alert says so when Okta and the stack would not agree on the secret", async () => {
  secret = "rotated";
  const { code, stderr } = await onStack("send-test-alert", "--stack", "Europe");
  secret = "the-hook-secret";
  expect(code).toBe(1);
  expect(stderr).toContain("answered 401: the secret is not the one that the function knows");
});

test("exceptions are added to the stack's table, and found there", async () => {
  const added = await onStack(
    "exceptions",
    "add",
    "--cidr",
    "192.0.2.0/24",
    "--reason",
    "gateway",
    "--by",
    "grace",
    "--yes",
    "--stack",
    "Europe",
  );
  expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining("anyone, network 192.0.2.0/24") });
  expect((await onStack("exceptions", "list", "--stack", "Europe")).stdout).toContain("1 exception.");
});

test("profiles delete finds what is remembered under a login by the stack's key, and without it deletes nothing", async () => {
  const table = run.environment.STATE_TABLE ?? "";
  const [id] = userItemIds("login#ada@example.com", Buffer.from("the-key-of-logins"));
  const client = new DynamoDBClient({ endpoint: run.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "" });
  const trail = trailItemId("login#ada@example.com", Buffer.from("the-key-of-logins"));
  const isThere = async (of: string) =>
    (await client.send(new GetItemCommand({ TableName: table, Key: { id: { S: of } } }))).Item !== undefined;
  const remembered = async () => (await isThere(id)) || (await isThere(trail));
  for (const each of [id, trail])
    await client.send(new PutItemCommand({ TableName: table, Item: { id: { S: each } } }));
  const remove = () => onStack("profiles", "delete", "--yes", "Ada@Example.com", "--stack", "Europe");
  stateKey = null;
  expect(await remove()).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/the key of what is remembered \(arn:.*:key\) cannot be read: not authorized/),
  });
  expect(await remembered()).toBe(true);
  stateKey = "the-key-of-logins";
  expect(await remove()).toMatchObject({
    code: 0,
    stdout: "Deleted: what is remembered of the user's sessions\n",
  });
  expect(await remembered()).toBe(false);
  client.destroy();
});

test("without --stack a command works on the stack that the settings file names, and on none where that cannot be used", async () => {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-deployed-"));
  try {
    const SETTINGS_FILE = join(folder, "europe.yml");
    const list = () => runCli("exceptions", ["list"], { environment: { ...environment, SETTINGS_FILE } });
    await writeFile(SETTINGS_FILE, "stackName: Europe\n");
    expect(await list()).toMatchObject({ code: 0, stdout: expect.stringMatching(/\d exceptions?\./) });
    await writeFile(SETTINGS_FILE, "stackName: [\n");
    expect(await list()).toMatchObject({ code: 2, stderr: expect.stringContaining("europe.yml:") });
    await writeFile(SETTINGS_FILE, "stakName: Europe\n");
    expect(await list()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("europe.yml:1: there is no setting"),
    });
    await writeFile(SETTINGS_FILE, "canary: true\nstackName: 7\n");
    expect(await list()).toMatchObject({ code: 2, stderr: expect.stringContaining("europe.yml:2: stackName is 7: ") });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a missing stack is reported, with what to look at", async () => {
  const { code, stderr } = await onStack("exceptions", "list");
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /the stack OktaProxyWatch cannot be found: .*does not exist\. Are these the credentials of its account, and is us-east-1 its region\?/,
  );
});
