import type { IdempotencyRecord } from "@aws-lambda-powertools/idempotency/persistence";
import * as z from "zod/mini";
import { once } from "../aws-client.ts";
import { within } from "../budget.ts";
import { createDynamodb } from "../dynamodb/client.ts";
import type { Claims, End } from "./claims.ts";

/** How long it is remembered that an event was alerted on. */
const rememberSeconds = 7 * 86_400;
/** How long a claim stands when whoever made it was stopped: longer than any function works on one event. */
const claimMilliseconds = 20_000;

/**
 * Claims on the state table, in records of Powertools' idempotency. Its persistence layer alone is used: its handler
 * takes work that is under way for an error, and a store that is down for a reason not to work.
 */
export function createClaims(tableName: string, getDynamodb = createDynamodb()): Claims {
  const getStore = once(async () => {
    const [{ DynamoDBPersistenceLayer }, { IdempotencyConfig }, awsSdkV3Client] = await Promise.all([
      import("@aws-lambda-powertools/idempotency/dynamodb"),
      import("@aws-lambda-powertools/idempotency"),
      getDynamodb(),
    ]);
    const store = new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client });
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
        return record === null ? { kind: "underWay" } : read(record);
      }
    },
    async complete(key, { outcome, undecided, exceptions }, signal) {
      const store = await getStore();
      await within(signal, store.saveSuccess(key, { outcome, undecided: [...undecided], exceptions: [...exceptions] }));
    },
    async find(key, signal) {
      const record = await within(signal, find(await getStore(), key));
      return record && read(record);
    },
    async release(key, signal) {
      const store = await getStore();
      await within(signal, store.deleteRecord(key));
    },
  };
}

const ids = z.catch(z.array(z.string()), []);
/** A record that cannot be read is one of an earlier release. */
const end = z.catch(
  z.object({ outcome: z.enum(["alerted", "excepted", "suppressed"]), undecided: ids, exceptions: ids }),
  { outcome: "alerted", undecided: [], exceptions: [] },
);

function read(record: IdempotencyRecord): { readonly kind: "underWay" } | { readonly kind: "done"; readonly end: End } {
  if (record.getStatus() !== "COMPLETED") return { kind: "underWay" };
  return { kind: "done", end: end.parse(record.getResponse()) };
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
