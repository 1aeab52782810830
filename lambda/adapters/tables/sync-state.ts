import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { SyncPorts } from "../../core/profiles/sync.ts";
import { createSavedState } from "../aws/dynamodb/saved-state.ts";

/** Keeps the state of the sync on the state table. */
export function createSyncState(
  dynamodb: DynamoDBClient,
  stateTable: string,
): Pick<SyncPorts, "loadState" | "saveState"> {
  return createSavedState(dynamodb, stateTable, "profile-sync");
}
