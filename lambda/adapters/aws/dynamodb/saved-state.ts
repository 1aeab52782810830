import { type DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";

/** Keeps the progress of a function as one item of the state table, without a time to live. */
export function createSavedState<State>(dynamodb: DynamoDBClient, stateTable: string, id: string) {
  return {
    async loadState(): Promise<State | null> {
      const { Item } = await dynamodb.send(
        new GetItemCommand({ TableName: stateTable, Key: { id: { S: id } }, ConsistentRead: true }),
      );
      return Item?.data?.S === undefined ? null : (JSON.parse(Item.data.S) as State);
    },
    async saveState(state: State): Promise<void> {
      await dynamodb.send(
        new PutItemCommand({ TableName: stateTable, Item: { id: { S: id }, data: { S: JSON.stringify(state) } } }),
      );
    },
  };
}
