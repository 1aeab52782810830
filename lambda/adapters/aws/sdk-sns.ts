import { PublishBatchCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import type { CallerSettings } from "./direct/caller.ts";
import type { Sns } from "./operations.ts";

/** SNS by a client of the SDK. */
export function sdkSns(settings: CallerSettings, client = new SNSClient({ retryMode: "standard", ...settings })): Sns {
  return {
    publish: (input, abortSignal) => client.send(new PublishCommand(input), { abortSignal }),
    publishBatch: (input, abortSignal) => client.send(new PublishBatchCommand(input), { abortSignal }),
  };
}
