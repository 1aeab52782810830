import { createHash } from "node:crypto";
import type { SendMessageBatchCommandOutput } from "@aws-sdk/client-sqs";
import type { ClientSettings } from "../client.ts";
import type { SendMessageBatch } from "../operations.ts";
import type { Access } from "./access.ts";
import { createJsonCaller } from "./json-protocol.ts";

/**
 * Calls SQS directly, at the host of the queue, and checks that it has every message as it was sent, both as the SDK does
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html).
 */
export function directSqs(queueUrl: string, access: Access, settings: ClientSettings): SendMessageBatch {
  const isConfigured = process.env.AWS_ENDPOINT_URL_SQS || process.env.AWS_ENDPOINT_URL;
  const endpoint = isConfigured ? access.endpoint : new URL(new URL(queueUrl).origin);
  const call = createJsonCaller({ ...access, endpoint }, { version: "1.0", target: "AmazonSQS" }, settings);
  return async (input, signal) => {
    const output = (await call("SendMessageBatch", input, signal)) as Partial<SendMessageBatchCommandOutput>;
    const bodies = new Map(input.Entries?.map(({ Id, MessageBody = "" }) => [Id, MessageBody]));
    const changed = (output.Successful ?? []).filter(
      ({ Id, MD5OfMessageBody }) =>
        MD5OfMessageBody !==
        createHash("md5")
          .update(bodies.get(Id) ?? "")
          .digest("hex"),
    );
    if (changed.length > 0) {
      throw new Error(`the queue ${queueUrl} changed ${changed.length} messages: their checksums differ`);
    }
    return output;
  };
}
