import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import { type SessionStart, sessionDays, sessionStartSchema } from "../../core/session-start/session-start.ts";
import type { SessionStartStore } from "../../core/session-start/session-start-store.ts";
import { createDynamodb } from "../aws/dynamodb/client.ts";
import { updateOrFind } from "../aws/dynamodb/conditional-write.ts";
import type { GetStateKey } from "./state-key.ts";
import { hashWith, type StateKey } from "./user-item-ids.ts";

type Item = Readonly<Record<string, AttributeValue>>;

const prefix = "session-start#";
const attributes = { "#start": "start", "#order": "order", "#expiration": "expiration" } as const;
const dayMilliseconds = 86_400_000;

/** The id of a session's start: hashed with the deployment's key, as what the id of a session opens is not known. */
export function sessionItemId(session: string, stateKey: StateKey): string {
  return prefix + hashWith(stateKey, session, "base64url");
}

/** Reads a start's item. Null for what cannot be read, of another release. */
export function readSessionStart(item: Item): SessionStart | null {
  try {
    return v.parse(sessionStartSchema, JSON.parse(item.start?.S ?? ""));
  } catch {
    return null;
  }
}

/** Writes a start, in the form of the state table: less than a kilobyte. */
export function encodeSessionStart(start: SessionStart): string {
  return JSON.stringify(start);
}

/**
 * The starts of sessions, on the state table: one item a session, written by one conditional update, so that of several functions the one
 * with the earliest event wins. DynamoDB removes it after {@link sessionDays} days. It rejects where the key that sessions are hashed with
 * cannot be had.
 */
export function createSessionStartStore(
  tableName: string,
  getStateKey: GetStateKey,
  getDynamodb = createDynamodb(),
): SessionStartStore {
  return {
    async keep(session, start, signal) {
      const [stateKey, dynamodb] = await Promise.all([getStateKey(signal), getDynamodb()]);
      const id = sessionItemId(session, stateKey);
      const until = Math.max(start.at, Date.now()) + sessionDays * dayMilliseconds;
      const input = {
        TableName: tableName,
        Key: { id: { S: id } },
        UpdateExpression: "SET #start = :start, #order = :order, #expiration = :until",
        ConditionExpression: "attribute_not_exists(#order) OR #order > :order",
        ExpressionAttributeNames: attributes,
        ExpressionAttributeValues: {
          ":start": { S: encodeSessionStart(start) },
          ":order": { S: start.order },
          ":until": { N: String(Math.ceil(until / 1_000)) },
        },
      };
      const found = await updateOrFind(dynamodb, input, signal);
      return (found && readSessionStart(found)) ?? start;
    },
  };
}
