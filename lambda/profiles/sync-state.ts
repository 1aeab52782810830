import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createSavedState } from "../dynamodb/saved-state.ts";
import type { SyncPorts, SyncState } from "./sync.ts";

/** Keeps how far the sync is, on the state table. */
export function createSyncState(
  dynamodb: DynamoDBClient,
  stateTable: string,
): Pick<SyncPorts, "loadState" | "saveState"> {
  return createSavedState<SyncState>(dynamodb, stateTable, "profile-sync");
}
