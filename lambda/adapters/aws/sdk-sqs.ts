import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { ClientSettings } from "./client.ts";
import type { SendMessageBatch } from "./operations.ts";

/** SQS by a client of the SDK. */
export function sdkSqs(settings: ClientSettings, client = new SQSClient(settings)): SendMessageBatch {
  return (input, abortSignal) => client.send(new SendMessageBatchCommand(input), { abortSignal });
}
