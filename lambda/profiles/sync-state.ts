import { type DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { SyncPorts, SyncState } from "./sync.ts";

/** The key of the state table's one item about the sync. */
const id = "profile-sync";

/** Keeps how far the sync is, on the state table. It has no time to live: it is one item, for ever. */
export function createSyncState(
  dynamodb: DynamoDBClient,
  stateTable: string,
): Pick<SyncPorts, "loadState" | "saveState"> {
  return {
    async loadState() {
      const { Item } = await dynamodb.send(
        new GetItemCommand({ TableName: stateTable, Key: { id: { S: id } }, ConsistentRead: true }),
      );
      return Item?.data?.S === undefined ? null : (JSON.parse(Item.data.S) as SyncState);
    },
    async saveState(state) {
      await dynamodb.send(
        new PutItemCommand({ TableName: stateTable, Item: { id: { S: id }, data: { S: JSON.stringify(state) } } }),
      );
    },
  };
}
