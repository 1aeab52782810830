import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { defaultQualifier, openAccount } from "../../../cli/deploy/account.ts";
import { type DeployedStack, readDeployedStack } from "../../../cli/deploy/deployed-stack.ts";
import { type FakeAccountServer, startAccount } from "../../fixtures/aws-account.ts";

let server: FakeAccountServer;
beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIALOCAL");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "local");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

const template = { Resources: { Alerts: { Type: "AWS::SNS::Topic" } } };

async function readStack(status: string): Promise<DeployedStack | null> {
  const stack = { name: "OktaProxyWatch", status, outputs: {}, template };
  server = await startAccount({ bootstrapVersion: 30, stack });
  vi.stubEnv("AWS_ENDPOINT_URL", server.url);
  const account = { id: "123456789012", region: "eu-west-1", partition: "aws", caller: "ada" };
  const { read, close } = openAccount(account, defaultQualifier);
  return readDeployedStack("OktaProxyWatch", read).finally(close);
}

test.each(["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_COMPLETE"])(
  "a stack in %s was never made or is gone: the next deployment is its first",
  async (status) => {
    expect(await readStack(status)).toBeNull();
  },
);

test.each(["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])(
  "a stack in %s is compared with",
  async (status) => {
    expect((await readStack(status))?.template).toEqual(template);
  },
);
