import type { IdempotencyRecord } from "@aws-lambda-powertools/idempotency/persistence";
import { clientDefaults, once } from "../aws-client.ts";
import { within } from "../budget.ts";
import type { Claims } from "./claims.ts";

/** How long it is remembered that an event was alerted on. */
const rememberSeconds = 7 * 86_400;
/** How long a claim stands when whoever made it was stopped: longer than any function works on one event. */
const claimMilliseconds = 20_000;

/**
 * Claims on the state table, in records of Powertools' idempotency. Its persistence layer alone is used: its handler
 * takes work that is under way for an error, and a store that is down for a reason not to work.
 */
export function createClaims(tableName: string): Claims {
  const getStore = once(async () => {
    const [{ DynamoDBPersistenceLayer }, { IdempotencyConfig }, { DynamoDBClient }] = await Promise.all([
      import("@aws-lambda-powertools/idempotency/dynamodb"),
      import("@aws-lambda-powertools/idempotency"),
      import("@aws-sdk/client-dynamodb"),
    ]);
    const store = new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: new DynamoDBClient(clientDefaults) });
    const config = new IdempotencyConfig({ expiresAfterSeconds: rememberSeconds, hashFunction: "sha256" });
    // A prefix of our own: the receiver and the redrive function share their claims.
    store.configure({ config, keyPrefix: "alert" });
    return store;
  });
  return {
    async claim(key, signal) {
      const store = await getStore();
      try {
        await within(signal, store.saveInProgress(key, claimMilliseconds));
        return { kind: "claimed" };
      } catch (error) {
        if (!(error instanceof Error) || error.name !== "IdempotencyItemAlreadyExistsError") throw error;
        const { existingRecord } = error as Error & { readonly existingRecord?: IdempotencyRecord };
        const record = existingRecord ?? (await within(signal, find(store, key)));
        if (record?.getStatus() !== "COMPLETED") return { kind: "underWay" };
        const response = record.getResponse();
        return { kind: "done", undecided: Array.isArray(response) ? response.map(String) : [] };
      }
    },
    async complete(key, undecided, signal) {
      const store = await getStore();
      await within(signal, store.saveSuccess(key, [...undecided]));
    },
    async release(key, signal) {
      const store = await getStore();
      await within(signal, store.deleteRecord(key));
    },
  };
}

/** Null when the record is gone in the meantime. */
async function find(
  store: { readonly getRecord: (key: string) => Promise<IdempotencyRecord> },
  key: string,
): Promise<IdempotencyRecord | null> {
  try {
    return await store.getRecord(key);
  } catch (error) {
    if (error instanceof Error && error.name === "IdempotencyItemNotFoundError") return null;
    throw error;
  }
}
