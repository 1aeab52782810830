import type { AttributeValue, UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { within } from "../../../core/time/budget.ts";
import { toError } from "../../../core/values/error.ts";
import type { Dynamodb } from "../operations.ts";

/**
 * Whether a conditional write was made: false when its condition was not met.
 *
 * @throws every other error
 */
export async function isWritten(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (toError(error).name !== "ConditionalCheckFailedException") throw error;
    return false;
  }
}

/**
 * Updates an item where its condition holds, and returns null; else returns the item that is there, empty where there is none. It is read
 * only where the table does not return it with the failure, which costs no read
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html).
 *
 * @throws every other error
 */
export async function updateOrFind(
  dynamodb: Dynamodb,
  input: UpdateItemCommandInput,
  signal: AbortSignal,
): Promise<Readonly<Record<string, AttributeValue>> | null> {
  try {
    await within(signal, dynamodb.updateItem({ ...input, ReturnValuesOnConditionCheckFailure: "ALL_OLD" }, signal));
    return null;
  } catch (error) {
    if (toError(error).name !== "ConditionalCheckFailedException") throw error;
    const { Item } = error as { readonly Item?: Readonly<Record<string, AttributeValue>> };
    if (Item !== undefined) return Item;
    const { TableName, Key } = input;
    return (await within(signal, dynamodb.getItem({ TableName, Key, ConsistentRead: true }, signal))).Item ?? {};
  }
}
