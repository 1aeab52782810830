import { setTimeout as delay } from "node:timers/promises";
import { SecretsProvider } from "@aws-lambda-powertools/parameters/secrets";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { authorizeBy, readCredential } from "./okta-users/okta-credential.ts";
import { createUsersApi, type UsersApi } from "./okta-users/users-api.ts";
import { openProfileItems } from "./profiles/profile-items.ts";
import type { SyncPorts } from "./profiles/sync.ts";
import { createSyncState } from "./profiles/sync-state.ts";
import type { SyncConfig } from "./sync-config.ts";

/** The ports of what reads users from Okta. The credential is fetched anew for each use: it may have been changed. */
export function createSyncPorts(config: SyncConfig): () => Promise<SyncPorts> {
  const { orgUrl, credentialSecretArn, attributes, profileTable, stateTable } = config;
  const dynamodb = new DynamoDBClient({});
  const secrets = new SecretsProvider();
  const ports = {
    items: openProfileItems(dynamodb, profileTable),
    ...createSyncState(dynamodb, stateTable),
    attributes,
    now: () => new Date(),
  };
  // Kept as long as the credential is the same, since it holds the access token.
  let held: { readonly secret: string; readonly api: UsersApi } | undefined;
  return async () => {
    const value = await secrets.get(credentialSecretArn, { forceFetch: true });
    const secret = typeof value === "string" ? value : "";
    if (held?.secret !== secret) {
      const credential = readCredential(secret, `The secret ${credentialSecretArn}`);
      const api = createUsersApi({
        orgUrl,
        authorize: authorizeBy(credential, orgUrl, Date.now),
        now: Date.now,
        wait: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
      });
      held = { secret, api };
    }
    return { ...ports, api: held.api };
  };
}
