import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createUsersApi } from "../../adapters/okta-api/users-api.ts";
import { openProfileItems } from "../../adapters/tables/profile-items.ts";
import { createSyncState } from "../../adapters/tables/sync-state.ts";
import { logger } from "../../adapters/telemetry/log-observations.ts";
import type { SyncPorts } from "../../core/profiles/sync.ts";
import type { SyncConfig } from "../config/okta.ts";
import { oktaClientOf } from "./okta-client.ts";

/** The ports of functions that read users from Okta. */
export function createSyncPorts(config: SyncConfig): () => Promise<SyncPorts> {
  const { orgUrl, credentialSecretArn, attributes, profileTable, stateTable } = config;
  // The SDK waits for a throttled table: it pauses between its attempts, up to 20 seconds.
  const dynamodb = new DynamoDBClient({ maxAttempts: 8 });
  const getClient = oktaClientOf({ orgUrl, credentialSecretArn, scopes: ["okta.users.read"] });
  const ports = {
    items: openProfileItems(dynamodb, profileTable),
    ...createSyncState(dynamodb, stateTable),
    attributes,
    now: () => new Date(),
    onTooLarge: (userId: string) =>
      logger.warn("A user's profile locations were not written: an item has no room for them", { userId }),
  };
  return async () => ({ ...ports, api: createUsersApi(await getClient()) });
}
