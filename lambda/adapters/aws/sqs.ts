import type { SQSClient } from "@aws-sdk/client-sqs";
import type { ClientSettings } from "./client.ts";
import { readAccess } from "./direct/access.ts";
import type { SendMessageBatch } from "./operations.ts";

/** Opens SQS, directly where the environment allows that, else by the SDK; or by a client of the SDK that is given. */
export async function openSqs(
  queueUrl: string,
  settings: ClientSettings,
  given?: SQSClient,
): Promise<SendMessageBatch> {
  const access = given === undefined ? readAccess("sqs", process.env) : null;
  if (access !== null) return (await import("./direct/calls.ts")).directSqs(queueUrl, access, settings);
  return (await import("./sdk-sqs.ts")).sdkSqs(settings, given);
}
