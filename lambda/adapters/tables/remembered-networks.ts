import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type RememberedSession, sessionsOf } from "../../core/history/remembered-session.ts";
import type { UserKey } from "../../core/history/user-key.ts";
import type { StateKey } from "./user-item-ids.ts";
import { userItemIds, userItemPrefix } from "./user-item-ids.ts";
import { readUserState } from "./user-states.ts";

/** A session that is remembered of a user: the last, or the one before it, from one network. */
export interface SessionOfUser {
  /** The user's item, which tells no login. */
  readonly user: string;
  readonly session: RememberedSession;
}

/** Reads what is remembered of every user. */
export async function* listRememberedSessions(
  client: DynamoDBClient,
  tableName: string,
): AsyncGenerator<SessionOfUser> {
  const { paginateScan } = await import("@aws-sdk/client-dynamodb");
  const pages = paginateScan(
    { client },
    {
      TableName: tableName,
      FilterExpression: "begins_with(id, :prefix)",
      ExpressionAttributeValues: { ":prefix": { S: userItemPrefix } },
    },
  );
  for await (const { Items = [] } of pages) for (const item of Items) yield* sessionsOfItem(item);
}

/** Reads what is remembered of one user. */
export async function* listSessionsOfUser(
  client: DynamoDBClient,
  tableName: string,
  user: UserKey,
  stateKey: StateKey,
): AsyncGenerator<SessionOfUser> {
  const { GetItemCommand } = await import("@aws-sdk/client-dynamodb");
  for (const id of userItemIds(user, stateKey)) {
    const { Item } = await client.send(new GetItemCommand({ TableName: tableName, Key: { id: { S: id } } }));
    if (Item !== undefined) yield* sessionsOfItem(Item);
  }
}

function* sessionsOfItem(item: Readonly<Record<string, AttributeValue>>): Generator<SessionOfUser> {
  const user = item.id?.S ?? "";
  for (const known of readUserState(item).networks.values()) {
    for (const session of sessionsOf(known)) yield { user, session };
  }
}
