import type {
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  DeleteItemCommandInput,
  GetItemCommandInput,
  GetItemCommandOutput,
  UpdateItemCommandInput,
  UpdateItemCommandOutput,
} from "@aws-sdk/client-dynamodb";
import type { PublishBatchCommandInput, PublishCommandInput } from "@aws-sdk/client-sns";
import type { SendMessageBatchCommandInput } from "@aws-sdk/client-sqs";

/**
 * The operations of DynamoDB on the way of an alert, with the inputs and outputs of the SDK: an error has the name that the SDK gives
 * it. A signal ends all attempts.
 */
export interface Dynamodb {
  batchGetItem(input: BatchGetItemCommandInput, signal?: AbortSignal): Promise<Output<BatchGetItemCommandOutput>>;
  getItem(input: GetItemCommandInput, signal?: AbortSignal): Promise<Output<GetItemCommandOutput>>;
  updateItem(input: UpdateItemCommandInput, signal?: AbortSignal): Promise<Output<UpdateItemCommandOutput>>;
  deleteItem(input: DeleteItemCommandInput, signal?: AbortSignal): Promise<unknown>;
}

type Output<CommandOutput> = Omit<CommandOutput, "$metadata">;

/** Returns DynamoDB, opened on first use. */
export type GetDynamodb = () => Promise<Dynamodb>;

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
