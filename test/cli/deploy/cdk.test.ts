import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { synthesize } from "../../../cli/deploy/cdk.ts";

let assembly: string;
beforeAll(async () => {
  assembly = await mkdtemp(join(tmpdir(), "okta-proxy-watch-cdk-"));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rm(assembly, { recursive: true }));

interface Assets {
  readonly files: Readonly<Record<string, { readonly source: { readonly path: string; readonly packaging: string } }>>;
}

test("an assembly holds all that is deployed: the template, and a copy of each function's code", async () => {
  // No account is asked, and no settings of the company's are read.
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"]) vi.stubEnv(name, "");
  for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "SETTINGS_FILE"]) vi.stubEnv(name, "/dev/null");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("AWS_REGION", "eu-west-1");
  vi.stubEnv("CDK_VALIDATION", "true");
  // What is built already is not built anew.
  vi.stubEnv("CDK_BUILD", "");

  const template = await synthesize("OktaProxyWatch", { canary: "true" }, assembly);

  const { files } = JSON.parse(await readFile(join(assembly, "OktaProxyWatch.assets.json"), "utf8")) as Assets;
  const folders = Object.values(files).filter(({ source }) => source.packaging === "zip");
  const functions = Object.values(template?.Resources ?? {}).filter(({ Type }) => Type === "AWS::Lambda::Function");
  expect(functions.length).toBeGreaterThan(3);
  expect(folders.length).toBeGreaterThan(3);
  for (const { source } of Object.values(files))
    expect(isAbsolute(source.path) || source.path.includes("..")).toBe(false);
  for (const { source } of folders) expect(await readdir(join(assembly, source.path))).toContain("index.mjs");
});
