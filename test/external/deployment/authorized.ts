import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CreateStackCommand,
  UpdateStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackUpdateComplete,
} from "@aws-sdk/client-cloudformation";
import type { Account } from "./account.ts";
import { describe, type Operator } from "./steps.ts";

/** A template as CDK writes it. */
export interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Properties: {
          readonly PolicyDocument?: {
            Statement: { readonly Action: string | readonly string[] }[];
          };
        };
      }
    >
  >;
}

/** The files that CDK publishes for a stack, by its manifest of assets. */
interface Assets {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path: string; readonly packaging: "zip" | "file" };
        readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
      }
    >
  >;
}

const bucket = "cdk-hnb659fds-assets-000000000000-us-east-1";
/** Seconds until a stack is there at the latest. */
const longest = 120;

/** Uploads an object; ministack takes the root user at their word. */
async function putObject({ url }: Account, key: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const location = `${url}/${bucket}/${key}`;
  const response = await fetch(location, {
    method: "PUT",
    headers: {
      authorization:
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
      "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    },
    body,
  });
  assert.ok(response.ok, `${location}: ${response.status} ${await response.text()}`);
  return location;
}

/**
 * Publishes what `npm run synth` wrote, and creates the stack of it: where policies are enforced, ministack refuses CDK's own
 * roles what AWS allows them.
 *
 * @param folder what CDK synthesized
 * @returns the template
 */
export async function createStack(
  account: Account,
  operator: Operator,
  name: string,
  folder: string,
  python: string,
): Promise<Template> {
  const assets = JSON.parse(await readFile(join(folder, `${name}.assets.json`), "utf8")) as Assets;
  for (const { source, destinations } of Object.values(assets.files)) {
    if (source.packaging !== "zip") continue;
    const archive = join(account.folder, source.path);
    await account.run(
      `'${python}' -c 'import shutil, sys; shutil.make_archive(sys.argv[1], "zip", sys.argv[2])' '${archive}' '${join(folder, source.path)}'`,
    );
    for (const { objectKey } of Object.values(destinations)) {
      await putObject(account, objectKey, new Uint8Array(await readFile(`${archive}.zip`)));
    }
  }
  const template = JSON.parse(await readFile(join(folder, `${name}.template.json`), "utf8")) as Template;
  await operator.cloudFormation.send(new CreateStackCommand(await stackOf(account, name, template)));
  await waitUntilStackCreateComplete(patience(operator), { StackName: name });
  return template;
}

/** Updates the stack to another template. */
export async function updateStack(
  account: Account,
  operator: Operator,
  name: string,
  template: Template,
): Promise<void> {
  await operator.cloudFormation.send(new UpdateStackCommand(await stackOf(account, name, template)));
  await waitUntilStackUpdateComplete(patience(operator), { StackName: name });
  assert.equal((await describe(operator, name)).status, "UPDATE_COMPLETE");
}

/** A stack of this template, which is uploaded: it is larger than what a request may hold. */
async function stackOf(account: Account, StackName: string, template: Template) {
  const body = new TextEncoder().encode(JSON.stringify(template));
  const TemplateURL = await putObject(account, `${crypto.randomUUID()}.template.json`, body);
  return { StackName, TemplateURL, Capabilities: ["CAPABILITY_IAM" as const] };
}

const patience = ({ cloudFormation }: Operator) =>
  ({ client: cloudFormation, maxWaitTime: longest, minDelay: 1, maxDelay: 1 }) as const;

/** The template without one action in the policies whose logical id starts so. */
export function without(template: Template, start: string, action: string): Template {
  const changed = structuredClone(template) as Template;
  let taken = 0;
  for (const [id, { Type, Properties }] of Object.entries(changed.Resources)) {
    const { PolicyDocument } = Properties;
    if (Type !== "AWS::IAM::Policy" || !id.startsWith(start) || PolicyDocument === undefined) continue;
    PolicyDocument.Statement = PolicyDocument.Statement.filter(({ Action }) => {
      const isIt = [Action].flat().includes(action);
      if (isIt) taken += 1;
      return !isIt;
    });
  }
  assert.equal(taken, 1, `${action} stands in one statement of ${start}`);
  return changed;
}
