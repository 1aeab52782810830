import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { ClientSettings } from "../client.ts";
import type { Dynamodb } from "../operations.ts";

/** DynamoDB by a client of the SDK. */
export function sdkDynamodb(client: DynamoDBClient): Dynamodb {
  return {
    batchGetItem: (input, signal) => client.send(new BatchGetItemCommand(input), signal && { abortSignal: signal }),
    getItem: (input, signal) => client.send(new GetItemCommand(input), signal && { abortSignal: signal }),
    updateItem: (input, signal) => client.send(new UpdateItemCommand(input), signal && { abortSignal: signal }),
    deleteItem: (input, signal) => client.send(new DeleteItemCommand(input), signal && { abortSignal: signal }),
  };
}

/** The same by a client of its own. */
export function openDynamodb(settings: ClientSettings): Dynamodb {
  return sdkDynamodb(new DynamoDBClient(settings));
}
