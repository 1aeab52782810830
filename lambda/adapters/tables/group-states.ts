import { createHmac } from "node:crypto";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { emptyGroup, type GroupState } from "../../core/correlation/group-state.ts";
import type { GroupStore, StoredGroup } from "../../core/correlation/group-store.ts";
import { within } from "../../core/time/budget.ts";
import { toError } from "../../core/values/error.ts";
import { batchGet } from "../aws/dynamodb/batch-get.ts";
import { createDynamodb } from "../aws/dynamodb/client.ts";
import { decodeGroup, encodeGroup, UnreadableGroupError } from "./group-codec.ts";
import type { GetStateKey } from "./state-key.ts";
import type { StateKey } from "./user-item-ids.ts";

type Item = Readonly<Record<string, AttributeValue>>;

const prefix = "correlation#";
const attributes = { "#state": "state", "#version": "version", "#expiration": "expiration" } as const;

/** A day, in milliseconds: DynamoDB removes items within a few days of their time to live, and clocks differ. */
const grace = 86_400_000;

/**
 * The id of a group's item. Its key holds values of events, which a stranger may have typed: it is hashed with the deployment's
 * key, as logins are.
 */
export function groupItemId(key: string, stateKey: StateKey): string {
  return prefix + createHmac("sha256", stateKey).update(key.toWellFormed()).digest("base64url");
}

/** Reads a group's item. A state that cannot be read, of another release, counts as none, and is replaced. */
export function readGroup(item: Item): StoredGroup {
  return { state: readState(item.state?.B), version: Number(item.version?.N ?? 0) };
}

function readState(bytes: Uint8Array | undefined): GroupState {
  if (bytes === undefined) return emptyGroup;
  try {
    return decodeGroup(bytes);
  } catch (error) {
    if (!(error instanceof UnreadableGroupError)) throw error;
    return emptyGroup;
  }
}

/**
 * The states of correlations' groups, on the state table: one item a group, changed by one conditional update. Every method
 * rejects where the key that groups are hashed with cannot be had.
 */
export function createGroupStore(
  tableName: string,
  getStateKey: GetStateKey,
  getDynamodb = createDynamodb(),
): GroupStore {
  const idOf = async (key: string, signal: AbortSignal) => groupItemId(key, await getStateKey(signal));
  const find = async (id: string, signal: AbortSignal): Promise<StoredGroup> => {
    const dynamodb = await getDynamodb();
    const input = { TableName: tableName, Key: { id: { S: id } }, ConsistentRead: true };
    const { Item } = await within(signal, dynamodb.getItem(input, signal));
    return readGroup(Item ?? {});
  };
  return {
    async read(keys, signal) {
      const stateKey = await getStateKey(signal);
      const ids = new Map([...keys].map((key) => [groupItemId(key, stateKey), key]));
      const wanted = { table: tableName, key: "id", values: [...ids.keys()], consistent: true };
      const { items, unprocessed } = await batchGet(await getDynamodb(), [wanted], signal);
      if (unprocessed.size > 0) throw new Error(`the state table ${tableName} is throttled`);
      return new Map((items.get(tableName) ?? []).map((item) => [ids.get(item.id?.S ?? "") ?? "", readGroup(item)]));
    },
    async write(key, { state, seen, milliseconds }, signal) {
      const [id, dynamodb] = await Promise.all([idOf(key, signal), getDynamodb()]);
      const newest = state.slots.at(-1)?.entries.at(-1)?.at ?? 0;
      const until = Math.max(newest + 2 * milliseconds, Date.now()) + grace;
      const input = {
        TableName: tableName,
        Key: { id: { S: id } },
        UpdateExpression: "SET #state = :state, #version = :next, #expiration = :until",
        ConditionExpression: seen === 0 ? "attribute_not_exists(#version)" : "#version = :seen",
        ExpressionAttributeNames: attributes,
        ExpressionAttributeValues: {
          ":state": { B: encodeGroup(state) },
          ":next": { N: String(seen + 1) },
          ":until": { N: String(Math.ceil(until / 1_000)) },
          ...(seen === 0 ? {} : { ":seen": { N: String(seen) } }),
        },
        // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html: it costs no read.
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      } as const;
      try {
        await within(signal, dynamodb.updateItem(input, signal));
        return null;
      } catch (error) {
        if (toError(error).name !== "ConditionalCheckFailedException") throw error;
        const { Item } = error as { readonly Item?: Item };
        // An item that is gone by now, and a table that does not return it, has to be read.
        return Item === undefined ? await find(id, signal) : readGroup(Item);
      }
    },
  };
}
