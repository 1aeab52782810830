import type { PublishBatchCommandInput, PublishCommandInput } from "@aws-sdk/client-sns";
import type { SendMessageBatchCommandInput } from "@aws-sdk/client-sqs";

/** The operations of SNS on the way of an alert, with the names of the SDK's inputs and outputs. */
export interface Sns {
  publish(input: PublishCommandInput, signal: AbortSignal): Promise<{ readonly MessageId?: string | undefined }>;
  publishBatch(input: PublishBatchCommandInput, signal: AbortSignal): Promise<BatchResult>;
}

/** What became of a batch. */
export interface BatchResult {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?: readonly Refused[] | undefined;
}

/** An entry of a batch that is refused. */
export interface Refused {
  readonly Id?: string | undefined;
  readonly Code?: string | undefined;
  readonly Message?: string | undefined;
}

/** Sends a batch of messages to a queue of SQS, with the names of the SDK's input and output. */
export type SendMessageBatch = (input: SendMessageBatchCommandInput, signal: AbortSignal) => Promise<BatchResult>;
