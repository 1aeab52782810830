import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { handOverFunctionsKey } from "../../../cli/event-hook/functions-key.ts";
import { writeCredentialFile } from "../../../cli/okta-credential-file.ts";
import { type FakeCloudFormation, startCloudFormation } from "../../fixtures/cloudformation.ts";
import { startFakeSecrets } from "../../fixtures/secret-versions.ts";

/* What `npx okta-proxy-watch deploy` does with the functions' key once the stack is there. */

const secretArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:okta";
const oktaOrgUrl = "https://example.okta.com";
let folder: string;
let file: string;
let secrets: Awaited<ReturnType<typeof startFakeSecrets>>;
let cloudFormation: FakeCloudFormation;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-key-"));
  file = join(folder, "credential.functions.json");
  secrets = await startFakeSecrets({ [secretArn]: "generated" });
  cloudFormation = await startCloudFormation({ name: "Europe", outputs: { OktaCredentialSecretArn: secretArn } });
  for (const [name, value] of Object.entries({
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint.url,
    OKTA_CREDENTIAL_FILE: join(folder, "credential.json"),
  }))
    vi.stubEnv(name, value);
});
afterEach(async () => {
  await Promise.all([secrets.endpoint.stop(), cloudFormation.stop(), rm(folder, { recursive: true })]);
});
afterAll(() => {
  vi.unstubAllEnvs();
});

const handOver = (isSecretNew = false) => handOverFunctionsKey({ stack: "Europe", oktaOrgUrl, isSecretNew });
const keep = (label: string, clientId: string | null = "0oa1") =>
  writeCredentialFile(file, { orgUrl: oktaOrgUrl, clientId, label, privateKey: { kty: "RSA", kid: "key-1" } });
const value = () => secrets.secrets[secretArn]?.value("AWSCURRENT") ?? "";

test("a key that waits is moved into the secret that the deployment made, and its file goes", async () => {
  keep("okta-proxy-watch Europe functions");
  expect(await handOver(true)).toBe(
    `moved: the private key for the functions, from ${file} into the secret ${secretArn}`,
  );
  expect(JSON.parse(value())).toMatchObject({ clientId: "0oa1", privateKey: { kid: "key-1" } });
  await expect(stat(file)).rejects.toThrow("ENOENT");
  expect(await handOver()).toBeNull();
});

test("a secret that holds a credential keeps it", async () => {
  secrets.secrets[secretArn]?.versions.splice(0, 1, {
    id: "version-1",
    value: '{"apiToken": "00-by-hand"}',
    stages: new Set(["AWSCURRENT"]),
  });
  keep("okta-proxy-watch Europe functions");
  expect(await handOver()).toContain("holds a credential already, which stays");
  expect(value()).toBe('{"apiToken": "00-by-hand"}');
});

test("a secret that cannot be asked leaves the key where it waits, and says what moves it", async () => {
  keep("okta-proxy-watch Europe functions");
  await secrets.endpoint.stop();
  secrets = await startFakeSecrets({});
  vi.stubEnv("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.endpoint.url);
  const said = await handOver(true);
  expect(said).toContain(`The functions' key waits in ${file}.`);
  expect(said).toMatch(/To put it there: npx okta-proxy-watch hook setup --stack Europe$/);
  expect((await stat(file)).isFile()).toBe(true);
});

test.each([
  ["is another stack's", "okta-proxy-watch Africa functions", "0oa1"],
  ["has no app yet", "okta-proxy-watch Europe functions", null],
])("a key that %s is not moved", async (_, label, clientId) => {
  keep(label, clientId);
  expect(await handOver()).toBeNull();
  expect(value()).toBe("generated");
});

test("a first deployment without a key says how to make one", async () => {
  expect(await handOver(true)).toMatch(
    /^The functions ask https:\/\/example\.okta\.com as soon as .*okta-proxy-watch hook setup/,
  );
});
