import type {
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  DeleteItemCommandInput,
  GetItemCommandInput,
  GetItemCommandOutput,
  UpdateItemCommandInput,
  UpdateItemCommandOutput,
} from "@aws-sdk/client-dynamodb";

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
