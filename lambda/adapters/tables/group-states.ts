import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { type GroupStore, missingGroup, partsAfter, type StoredGroup } from "../../core/correlation/group-store.ts";
import { batchGet } from "../aws/dynamodb/batch-get.ts";
import { createDynamodb } from "../aws/dynamodb/client.ts";
import { updateOrFind } from "../aws/dynamodb/conditional-write.ts";
import { decodeGroup, encodeGroup, UnreadableGroupError } from "./group-codec.ts";
import type { GetStateKey } from "./state-key.ts";
import { hashWith, type StateKey } from "./user-item-ids.ts";

type Item = Readonly<Record<string, AttributeValue>>;

/** Items of releases that kept a group of one correlation each have `correlation#`; DynamoDB removes them in their time. */
const prefix = "group#";
const attributes = { "#state": "state", "#version": "version", "#expiration": "expiration" } as const;

/** A day, in milliseconds: DynamoDB removes items within a few days of their time to live, and clocks differ. */
const grace = 86_400_000;

/**
 * The id of a group's item. Its key holds values of events, which a stranger may have typed: it is hashed with the deployment's
 * key, as logins are.
 */
export function groupItemId(key: string, stateKey: StateKey): string {
  return prefix + hashWith(stateKey, key, "base64url");
}

/** Reads a group's item. A group that cannot be read, of another release, counts as none, and is replaced. */
export function readGroup(item: Item): StoredGroup {
  return { parts: readParts(item.state?.B), version: Number(item.version?.N ?? 0) };
}

function readParts(bytes: Uint8Array | undefined): StoredGroup["parts"] {
  if (bytes === undefined) return missingGroup.parts;
  try {
    return decodeGroup(bytes);
  } catch (error) {
    if (!(error instanceof UnreadableGroupError)) throw error;
    return missingGroup.parts;
  }
}

/**
 * The groups of correlations, on the state table: one item a group, with the parts of all its correlations, changed by one conditional update. Every method
 * rejects where the key that groups are hashed with cannot be had.
 */
export function createGroupStore(
  tableName: string,
  getStateKey: GetStateKey,
  getDynamodb = createDynamodb(),
): GroupStore {
  const idOf = async (key: string, signal: AbortSignal) => groupItemId(key, await getStateKey(signal));
  return {
    async read(keys, signal) {
      const stateKey = await getStateKey(signal);
      const ids = new Map([...keys].map((key) => [groupItemId(key, stateKey), key]));
      const wanted = { table: tableName, key: "id", values: [...ids.keys()], consistent: true };
      const { items, unprocessed } = await batchGet(await getDynamodb(), [wanted], signal);
      if (unprocessed.size > 0) throw new Error(`the state table ${tableName} is throttled`);
      return new Map((items.get(tableName) ?? []).map((item) => [ids.get(item.id?.S ?? "") ?? "", readGroup(item)]));
    },
    async write(key, change, signal) {
      const [id, dynamodb] = await Promise.all([idOf(key, signal), getDynamodb()]);
      const { version } = change.seen;
      const parts = partsAfter(change, Date.now(), grace);
      const until = Math.max(...[...parts.values()].map((part) => part.until));
      const input = {
        TableName: tableName,
        Key: { id: { S: id } },
        UpdateExpression: "SET #state = :state, #version = :next, #expiration = :until",
        ConditionExpression: version === 0 ? "attribute_not_exists(#version)" : "#version = :seen",
        ExpressionAttributeNames: attributes,
        ExpressionAttributeValues: {
          ":state": { B: encodeGroup(parts) },
          ":next": { N: String(version + 1) },
          ":until": { N: String(Math.ceil(until / 1_000)) },
          ...(version === 0 ? {} : { ":seen": { N: String(version) } }),
        },
      };
      const found = await updateOrFind(dynamodb, input, signal);
      return found && readGroup(found);
    },
  };
}
