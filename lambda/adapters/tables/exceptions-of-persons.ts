import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Exception } from "../../core/exceptions/exception.ts";
import { batchGet } from "../aws/dynamodb/batch-get.ts";
import { sdkDynamodb } from "../aws/dynamodb/sdk.ts";
import { exceptionsOfAnyoneId, exceptionsOfUserId, readExceptions } from "./exceptions.ts";

/**
 * Reads the exceptions for anyone, and those for some persons, by their keys.
 *
 * @param users ids and canonical logins
 * @throws when DynamoDB does not answer, or throttles
 */
export async function readExceptionsOfPersons(
  client: DynamoDBClient,
  tableName: string,
  users: readonly string[],
): Promise<readonly Exception[]> {
  const values = [exceptionsOfAnyoneId, ...users.map(exceptionsOfUserId)];
  const { items, unprocessed } = await batchGet(sdkDynamodb(client), [
    { table: tableName, key: "id", values, consistent: true },
  ]);
  if (unprocessed.size > 0) throw new Error(`DynamoDB throttles the table ${tableName}: try again`);
  return (items.get(tableName) ?? []).flatMap(readExceptions);
}
