import { type DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";

/**
 * Keeps the progress of a function as one item of the state table, without a time to live. What it loads may be of
 * another release: its reader parses it.
 */
export function createSavedState(dynamodb: DynamoDBClient, stateTable: string, id: string) {
  return {
    async loadState(): Promise<unknown> {
      const { Item } = await dynamodb.send(
        new GetItemCommand({ TableName: stateTable, Key: { id: { S: id } }, ConsistentRead: true }),
      );
      return Item?.data?.S === undefined ? null : JSON.parse(Item.data.S);
    },
    async saveState(state: unknown): Promise<void> {
      await dynamodb.send(
        new PutItemCommand({ TableName: stateTable, Item: { id: { S: id }, data: { S: JSON.stringify(state) } } }),
      );
    },
  };
}
