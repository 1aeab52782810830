import { readdir, readFile } from "node:fs/promises";
import { fullDiff, ResourceImpact } from "@aws-cdk/cloudformation-diff";
import { describe, expect, test } from "vitest";
import { everything } from "../../infra/synthesize.ts";
import { synthesize } from "../fixtures/synthesized.ts";

/** Templates of releases, with all that could be switched on, by version: `npm run release-template` writes one. */
const releases = new URL("releases/", import.meta.url);

/** Resources with data, secrets, or an address that is known outside. */
const keeping: ReadonlySet<string> = new Set([
  "AWS::ApiGateway::RestApi",
  "AWS::ApiGateway::Stage",
  "AWS::DynamoDB::Table",
  "AWS::KMS::Key",
  "AWS::Lambda::Url",
  "AWS::Logs::LogGroup",
  "AWS::SecretsManager::Secret",
  "AWS::SNS::Subscription",
  "AWS::SNS::Topic",
  "AWS::SQS::Queue",
]);

const lost: ReadonlySet<ResourceImpact> = new Set([
  ResourceImpact.MAY_REPLACE,
  ResourceImpact.WILL_REPLACE,
  ResourceImpact.WILL_DESTROY,
  ResourceImpact.WILL_ORPHAN,
]);

type Template = Record<string, unknown>;

/** Resources that an upgrade would replace or remove, of those that keep something. */
function losses(from: Template, to: Template): string[] {
  const found: string[] = [];
  fullDiff(from, to).resources.forEachDifference((id, { changeImpact, oldResourceType = "" }) => {
    if (keeping.has(oldResourceType) && lost.has(changeImpact)) found.push(`${id} ${changeImpact}`);
  });
  return found;
}

const now = synthesize({ ...everything, canary: false }).template.toJSON();

describe.each(await readdir(releases))("a stack of %s", (file) => {
  test("is upgraded with nothing replaced or removed that keeps something", async () => {
    const template = JSON.parse(await readFile(new URL(file, releases), "utf8")) as Template;
    // The key of the operations topic is no longer used, and encrypts nothing that is kept; 0.1.0 leaves it to the account.
    expect(losses(template, now)).toEqual([expect.stringMatching(/^OperationsKey\w+ WILL_(?:ORPHAN|DESTROY)$/)]);
  });

  test("keeps the names of its outputs, which commands and people rely on", async () => {
    const { Outputs } = JSON.parse(await readFile(new URL(file, releases), "utf8")) as { readonly Outputs: Template };
    expect(Object.keys(now.Outputs)).toEqual(expect.arrayContaining(Object.keys(Outputs)));
  });
});

describe("switching on", () => {
  test.each([
    ["canary", true],
    ["customerManagedKey", true],
    ["@aws-cdk/core:permissionsBoundary", { name: "Boundary" }],
    ["memorySizeMb", 2_048],
    ["logRetentionDays", 365],
  ])("%s replaces and removes nothing that keeps something", (name, value) => {
    const after = synthesize({ ...everything, canary: false, [name]: value }).template.toJSON();
    expect(losses(now, after)).toEqual([]);
  });

  test("a REST API as front takes away the Function URL, which Okta delivers to, and nothing else that keeps something", () => {
    const after = synthesize({ ...everything, canary: false, front: "restApi" }).template.toJSON();
    expect(losses(now, after)).toEqual([expect.stringMatching(/^ReceiverFunctionFunctionUrl\w+ WILL_DESTROY$/)]);
    expect(losses(after, now)).toEqual([
      expect.stringMatching(/^ReceiverRestApi\w+ WILL_DESTROY$/),
      expect.stringMatching(/^ReceiverRestApiDeploymentStagehook\w+ WILL_DESTROY$/),
    ]);
  });

  test.each([
    ["a firewall", { firewall: true }],
    ["networks", { allowedCidrs: "192.0.2.0/24" }],
    ["a key of the account's own", { customerManagedKey: true }],
  ])("%s leaves the REST API's URL as it is", (_, settings) => {
    const front = { ...everything, canary: false, front: "restApi" };
    const before = synthesize(front).template.toJSON();
    const after = synthesize({ ...front, ...settings }).template.toJSON();
    expect(losses(before, after).filter((loss) => loss.startsWith("Receiver"))).toEqual([]);
    expect(after.Outputs.HookUrl).toEqual(before.Outputs.HookUrl);
  });
});

test("a table with another key would be noticed", () => {
  const broken = structuredClone(now);
  for (const resource of Object.values(broken.Resources) as { Type: string; Properties: Template }[]) {
    if (resource.Type === "AWS::DynamoDB::Table")
      resource.Properties.KeySchema = [{ AttributeName: "x", KeyType: "HASH" }];
  }
  expect(losses(now, broken)).toHaveLength(2);
});
