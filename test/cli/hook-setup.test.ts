import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readCredential } from "../../lambda/adapters/okta-api/credential.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { type AwsEndpoint, startAwsEndpoint } from "../fixtures/aws-endpoint.ts";
import { type FakeCloudFormation, outputsOf, startCloudFormation } from "../fixtures/cloudformation.ts";
import { type Output, runCli } from "../fixtures/command.ts";
import { type FakeOkta, startFakeOkta } from "../fixtures/okta.ts";
import { superAdministratorsToken } from "../fixtures/okta-administration.ts";
import { startFakeSecrets } from "../fixtures/secret-versions.ts";

/*
 * From nothing to a hook that delivers: by an administrator's token, then by the key that it made, against an org that demands
 * proofs of possession and permits an app no more than its custom role.
 */

const hookSecretArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hook";
const credentialArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:okta";
/** As Secrets Manager fills a secret that nothing was put into. */
const unfilled = "EXAMPLE{generated}password";
let run: EmbeddedRun;
let okta: FakeOkta;
let secrets: Awaited<ReturnType<typeof startFakeSecrets>>;
let cloudWatch: AwsEndpoint;
let cloudFormation: FakeCloudFormation;
let folder: string;
let environment: Record<string, string>;

beforeAll(async () => {
  run = await startEmbeddedRun({ port: 0, hookSecret: "first-secret", mismatchDistanceKm: 500, onError: () => {} });
  const received = [{ Timestamp: Math.floor(Date.now() / 1_000) - 7_200, Sum: 9, SampleCount: 3 }];
  cloudWatch = await startAwsEndpoint(() => ({ status: 200, body: { Datapoints: received } }));
});
beforeEach(async () => {
  okta = await startFakeOkta();
  // The app that is there without is of no use here.
  okta.scopes = new Set();
  secrets = await startFakeSecrets({ [hookSecretArn]: "first-secret", [credentialArn]: unfilled });
  folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-setup-"));
  await deploy({ OktaOrgUrl: okta.orgUrl, OktaCredentialSecretArn: credentialArn });
  environment = {
    ...run.environment,
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    AWS_ENDPOINT_URL_CLOUDWATCH: cloudWatch.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint.url,
    OKTA_ADMIN_TOKEN: superAdministratorsToken,
    OKTA_CREDENTIAL_FILE: join(folder, "credential.json"),
    OKTA_CLIENT_CLIENTID: "",
    OKTA_CLIENT_PRIVATEKEY: "",
    OKTA_CLIENT_TOKEN: "",
  };
});
afterEach(async () => {
  await Promise.all([okta.stop(), secrets.endpoint.stop(), cloudFormation.stop(), rm(folder, { recursive: true })]);
  expect(okta.invalid).toEqual([]);
});
afterAll(async () => {
  await Promise.all([run.stop(), cloudWatch.stop()]);
});

async function deploy(outputs: Readonly<Record<string, string>>): Promise<void> {
  await cloudFormation?.stop();
  cloudFormation = await startCloudFormation({
    name: "Europe",
    outputs: { ...outputsOf(run, hookSecretArn), ...outputs },
  });
}
const hook = (name: string, args: readonly string[] = [], more: Readonly<Record<string, string>> = {}, input = "") =>
  runCli("hook", [name, "--stack", "Europe", ...args], { environment: { ...environment, ...more }, input });
const changes = () => okta.asked.filter((each) => !each.startsWith("GET"));
const secretOf = () => secrets.secrets[credentialArn]?.value("AWSCURRENT") ?? "";
/** What no output may hold. */
async function secretParts(): Promise<string[]> {
  const text = `${secretOf()}${await readFile(join(folder, "credential.json"), "utf8").catch(() => "")}`;
  return [superAdministratorsToken, ...[...text.matchAll(/"(?:d|p|q)": ?"([^"]+)"/g)].map(([, part = ""]) => part)];
}
async function expectNoSecretIn(...outputs: readonly Output[]): Promise<void> {
  const parts = await secretParts();
  expect(parts.length).toBeGreaterThan(1);
  for (const { stdout, stderr } of outputs) for (const part of parts) expect(stdout + stderr).not.toContain(part);
}

describe("setup", () => {
  test("then register, then status, work with the custom role and proofs of possession alone", async () => {
    const setup = await hook("setup");
    expect({ code: setup.code, stderr: setup.stderr }).toEqual({ code: 0, stderr: "" });
    expect(setup.stdout).toContain('created: the API service app "okta-proxy-watch Europe" for the commands');
    expect(setup.stdout).toContain("revoke it (Security > API > Tokens)");
    expect(setup.stdout).toContain("next: npx okta-proxy-watch hook register --stack Europe");
    expect(setup.stdout).not.toMatch(/^WRONG/m);

    const register = await hook("register");
    expect({ code: register.code, stderr: register.stderr }).toEqual({ code: 0, stderr: "" });
    expect(register.stdout).toContain('created: the event hook "okta-proxy-watch Europe" (who1)');
    const status = await hook("status");
    expect({ code: status.code, stderr: status.stderr }).toEqual({ code: 0, stderr: "" });
    expect(status.stdout).not.toMatch(/^(WRONG|\?)/m);
    await expectNoSecretIn(setup, register, status);
    // Everything that the app asked was bound to its key.
    expect(okta.proofs.taken.length).toBeGreaterThan(10);
    const roles = okta.administration.assignments.map(({ type }) => type);
    expect(new Set(roles)).toEqual(new Set(["CUSTOM", "REPORT_ADMIN"]));

    okta.asked.length = 0;
    const again = await hook("setup");
    expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: "" });
    expect(again.stdout).toContain("nothing to change: the apps, keys, scopes and roles are as they shall be");
    expect(changes()).toEqual([]);
    expect(secrets.secrets[credentialArn]?.versions).toHaveLength(3);
  });

  test("keeps the commands' key in a file of its owner, the functions' in the secret of the stack alone", async () => {
    await hook("setup");
    const file = join(folder, "credential.json");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const [commands, functions] = okta.administration.apps;
    expect(readCredential(await readFile(file, "utf8"), "the file")).toMatchObject({ clientId: commands?.id });
    expect(readCredential(secretOf(), "the secret")).toMatchObject({ clientId: functions?.id });
    await expect(stat(join(folder, "credential.functions.json"))).rejects.toThrow("ENOENT");
  });

  test("before the stack is there keeps the functions' key in a file, and a later run moves it into the secret", async () => {
    const settings = join(folder, "settings.yml");
    await writeFile(settings, `stackName: Africa\noktaOrgUrl: ${okta.orgUrl}\n`);
    const early = await runCli("hook", ["setup"], { environment: { ...environment, SETTINGS_FILE: settings } });
    expect({ code: early.code, stderr: early.stderr }).toEqual({ code: 0, stderr: "" });
    expect(early.stdout).toContain("note: no stack is deployed yet");
    const file = join(folder, "credential.functions.json");
    const which = `the stack Africa, not deployed; settings: ${settings}; the org ${okta.orgUrl}`;
    expect(early.stdout).toContain(`note: ${which}\n`);
    expect(early.stdout).toContain(`note: the functions' key waits in ${file}: until it is in the stack's secret, no`);
    expect(early.stdout).toMatch(
      /^next: npx okta-proxy-watch deploy, which moves .* npx okta-proxy-watch hook setup once more does, without an administrator's token\. /m,
    );
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { privateKey } = JSON.parse(await readFile(file, "utf8")) as {
      readonly privateKey: { readonly kid: string };
    };
    await cloudFormation.stop();
    cloudFormation = await startCloudFormation({
      name: "Africa",
      outputs: {
        ...outputsOf(run, hookSecretArn),
        OktaOrgUrl: okta.orgUrl,
        OktaCredentialSecretArn: credentialArn,
      },
    });
    okta.asked.length = 0;
    const later = {
      ...environment,
      SETTINGS_FILE: settings,
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
      OKTA_ADMIN_TOKEN: "",
    };
    const unmoved = await runCli("hook", ["status"], { environment: later });
    expect(unmoved.code).toBe(1);
    expect(unmoved.stdout).toMatch(
      /WRONG functions' credential +the secret \S+ holds none: no function can ask Okta\n +to do: npx okta-proxy-watch hook setup\n/,
    );
    const looked = await runCli("hook", ["setup", "--dry-run"], { environment: later });
    expect(looked.stdout).toContain(`would be moved: the private key for the functions, into the secret`);
    expect(secretOf()).toBe(unfilled);
    // An administrator's token is neither there nor asked for.
    const late = await runCli("hook", ["setup"], { environment: later });
    expect({ code: late.code, stderr: late.stderr }).toEqual({ code: 0, stderr: "" });
    expect(late.stdout).toContain(`moved: the private key for the functions, into the secret ${credentialArn}`);
    expect(JSON.parse(secretOf())).toMatchObject({ privateKey: { kid: privateKey.kid } });
    expect(late.stdout).not.toContain("revoke it");
    expect(late.stdout).toContain("next: npx okta-proxy-watch hook register");
    await expect(stat(file)).rejects.toThrow("ENOENT");
    expect(changes()).toEqual([]);
    expect(okta.asked.filter((each) => /\/apps|\/iam\/|\/clients/.test(each))).toEqual([]);
    const moved = await runCli("hook", ["status"], { environment: later });
    expect(moved.stdout).toMatch(/ok +functions' credential +the stack's secret holds one\n/);
  });

  test("does not move the functions' key of another stack of the org", async () => {
    const settings = join(folder, "settings.yml");
    await writeFile(settings, `stackName: Africa\noktaOrgUrl: ${okta.orgUrl}\n`);
    await runCli("hook", ["setup"], { environment: { ...environment, SETTINGS_FILE: settings } });
    const { code, stderr } = await hook("setup", [], { OKTA_ADMIN_TOKEN: "" });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("no token of an administrator") });
    expect(secretOf()).toBe(unfilled);
    const other = await hook("setup");
    expect(other.stderr).toContain("for a second stack of the org set OKTA_CREDENTIAL_FILE to another file");
  });

  test("without oktaOrgUrl says that no app is made for the functions, and that the deployment comes next", async () => {
    const args = ["setup", "--stack", "Asia", "--org", okta.orgUrl];
    const { code, stdout } = await runCli("hook", args, { environment });
    expect(code).toBe(0);
    expect(stdout).toContain("note: oktaOrgUrl is not set, so that no app is made for the functions\n");
    expect(stdout).toContain(
      `next: npx okta-proxy-watch deploy, and then npx okta-proxy-watch hook register --stack Asia`,
    );
    expect(okta.administration.apps).toHaveLength(1);
  });

  test("with a log stream says that its state needs a role that setup does not give, and counts it as no fault", async () => {
    await deploy({
      OktaOrgUrl: okta.orgUrl,
      OktaCredentialSecretArn: credentialArn,
      EventBusName: "aws.partner/okta.com/example/okta",
    });
    const streaming = { AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url };
    const { code, stdout } = await hook("setup", [], streaming);
    expect(code).toBe(0);
    expect(stdout).toContain('granted: the scope okta.logStreams.read to the app "okta-proxy-watch Europe"');
    expect(stdout).toMatch(
      /^checked: .*, with okta\.eventHooks\.read, okta\.eventHooks\.manage, okta\.logs\.read, okta\.users\.read$/m,
    );
    const optional = /Optional: .*assign Super Administrator, .*setup does not assign it$/m;
    expect(stdout).toMatch(/^note: not answered: may use okta\.logStreams\.read, which setup gives no role for\. /m);
    expect(stdout).toMatch(optional);
    await hook("register", [], streaming);
    const { stdout: told } = await hook("status", [], streaming);
    expect(told).toMatch(/^\? +log stream +not known: .*\n +to do: optional: .*setup does not assign it$/m);
    const examined = await hook("doctor", [], streaming);
    expect(examined.code).toBe(0);
    expect(examined.stdout).toMatch(/^\? +may use okta\.logStreams\.read +.*Reports > Log Streaming/m);
    const [commands] = okta.administration.apps;
    const superAdministrator = { id: "ra9", clientId: commands?.id ?? "", type: "SUPER_ADMIN", role: null, set: null };
    okta.administration.assignments.push(superAdministrator);
    expect((await hook("doctor", [], streaming)).stdout).toMatch(/^ok +may use okta\.logStreams\.read/m);
  });

  test("for the embedded run makes the commands' app alone", async () => {
    const args = ["setup", "--local", "--url", run.url, "--org", okta.orgUrl];
    const { code, stdout } = await runCli("hook", args, { environment });
    expect(code).toBe(0);
    expect(stdout).toContain(`next: npx okta-proxy-watch hook register --local --url ${run.url} --org ${okta.orgUrl}`);
    expect(okta.administration.apps.map(({ label }) => label)).toEqual(["okta-proxy-watch local"]);
    expect(secretOf()).toBe(unfilled);
  });

  test("leaves a credential alone that was put into the secret by hand, and says how to have its own", async () => {
    secrets.secrets[credentialArn]?.versions.push({
      id: "version-2",
      value: '{"apiToken": "00-by-hand"}',
      stages: new Set(["AWSCURRENT"]),
    });
    secrets.secrets[credentialArn]?.versions[0]?.stages.clear();
    const { code, stdout } = await hook("setup");
    expect(code).toBe(0);
    expect(stdout).toContain(`note: the secret ${credentialArn} holds a credential of yours, which stays`);
    expect(secretOf()).toBe('{"apiToken": "00-by-hand"}');
    expect(okta.administration.apps.map(({ label }) => label)).toEqual(["okta-proxy-watch Europe"]);
  });

  test("leaves a credential of another org in the secret alone, and makes nothing", async () => {
    const held = { orgUrl: "https://before.okta.com", clientId: "0oa1", privateKey: { kty: "RSA", kid: "before" } };
    secrets.secrets[credentialArn]?.versions[0]?.stages.clear();
    secrets.secrets[credentialArn]?.versions.push({
      id: "version-2",
      value: JSON.stringify(held),
      stages: new Set(["AWSCURRENT"]),
    });
    const { code, stderr } = await hook("setup");
    expect(code).toBe(2);
    expect(stderr).toContain("holds a credential of https://before.okta.com, not of");
    expect(changes()).toEqual([]);
    expect(JSON.parse(secretOf())).toEqual(held);
  });

  test("with --dry-run says what it would do, and stores and changes nothing", async () => {
    const { code, stdout, stderr } = await hook("setup", ["--dry-run"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(
      'would be created: the custom admin role "okta-proxy-watch Europe" with okta.eventhooks.manage',
    );
    expect(stdout).not.toContain("checked:");
    expect(changes()).toEqual([]);
    expect(secretOf()).toBe(unfilled);
    await expect(stat(join(folder, "credential.json"))).rejects.toThrow("ENOENT");
  });

  test("asks for the token where the environment has none, and takes it from no argument", async () => {
    const asked = await hook("setup", [], { OKTA_ADMIN_TOKEN: "" }, `${superAdministratorsToken}\n`);
    expect(asked.code).toBe(0);
    expect(asked.stderr).toBe(`Token of an administrator of ${okta.orgUrl}: \n`);
    const none = await hook("setup", [], { OKTA_ADMIN_TOKEN: "" });
    expect(none).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no token of an administrator: set OKTA_ADMIN_TOKEN"),
    });
    const bound = Buffer.from('{"cnf":{"jkt":"x"}}').toString("base64url");
    const refused = await hook("setup", [], { OKTA_ADMIN_TOKEN: `eyJ.${bound}.signature` });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("is bound to a key (DPoP)") });
    expect((await hook("setup", ["--token", superAdministratorsToken])).code).toBe(2);
  });

  test.each([
    ["has ended", "none of this org, was revoked, or has ended", { isEnded: true }],
    ["is of no super administrator", "needs the role Super Administrator", { may: new Set(["roles"]) }],
  ])("whose token %s changes nothing, and says what to do", async (_, remedy, difference) => {
    Object.assign(okta.administration.administrators.get(superAdministratorsToken) ?? {}, difference);
    const { code, stdout, stderr } = await hook("setup");
    expect(code).toBe(2);
    expect(stdout).not.toMatch(/^(?!note: )./m);
    expect(stderr).toContain(remedy);
    expect(stderr).toContain("Nothing was changed");
    expect(changes()).toEqual([]);
    await expect(stat(join(folder, "credential.json"))).rejects.toThrow("ENOENT");
  });

  test("that is stopped says what is done, and that it goes on when run again", async () => {
    okta.interfere = (request) => (request < 8 ? "none" : "reset");
    const stopped = await hook("setup");
    expect(stopped.code).toBe(1);
    expect(stopped.stdout).toMatch(/^stored: a new private key for the commands/m);
    expect(stopped.stderr).toContain("What is said above is done, and stays. Run it again: it goes on from there");
    okta.interfere = () => "none";
    expect((await hook("setup")).code).toBe(0);
    expect(okta.administration.apps).toHaveLength(2);
  });

  test("says what is left to be clicked, and ends with exit code 1", async () => {
    okta.administration.hasHookPermissions = false;
    const { code, stdout } = await hook("setup");
    expect(code).toBe(1);
    expect(stdout).toMatch(/WRONG may use okta\.eventHooks\.manage/);
    expect(stdout).toMatch(
      /left to be clicked in the admin console:\n {2}1\. Settings > Features: .*\nthen run this again/,
    );
    expect(stdout).not.toContain("next: npx okta-proxy-watch hook register");
  });

  test("--rotate-key gives both apps another key, with which all goes on", async () => {
    await hook("setup");
    await hook("register");
    const before = okta.administration.apps.map(({ keys }) => keys.map(({ jwk }) => jwk.kid));
    const rotated = await hook("setup", ["--rotate-key"]);
    expect({ code: rotated.code, stderr: rotated.stderr }).toEqual({ code: 0, stderr: "" });
    const after = okta.administration.apps.map(({ keys }) => keys.map(({ jwk }) => jwk.kid));
    expect(after.map((kids) => kids.length)).toEqual([1, 1]);
    expect(after.flat().some((kid) => before.flat().includes(kid))).toBe(false);
    expect((await hook("status")).code).toBe(0);
    await expectNoSecretIn(rotated);
  });
});

describe("the file of the credential", () => {
  test("is refused when others may open it, or it is another org's, without a word of what it holds", async () => {
    await hook("setup");
    const file = join(folder, "credential.json");
    await chmod(file, 0o644);
    const open = await hook("status");
    expect(open).toMatchObject({ code: 2, stderr: expect.stringContaining(`chmod 600 ${file}`) });
    await chmod(file, 0o600);
    const other = await hook("status", ["--org", "https://example.okta.com"]);
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining(`not of https://example.okta.com`) });
    const text = await readFile(file, "utf8");
    await writeFile(file, text.slice(0, 900));
    const cut = await hook("status");
    expect(cut).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is no credential that npx okta-proxy-watch hook setup"),
    });
    await writeFile(file, text);
    await expectNoSecretIn(open, other, cut);
  });

  test("comes after the environment, of which setup says so", async () => {
    const { stdout } = await hook("setup", [], { OKTA_CLIENT_TOKEN: "00-another" });
    expect(stdout).toContain("note: OKTA_CLIENT_TOKEN is set, and comes before the file: unset it");
    const { stderr } = await hook("status", [], { OKTA_CLIENT_TOKEN: "00-another" });
    expect(stderr).toContain("Invalid token provided");
  });
});
