import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { within } from "../../core/time/budget.ts";
import type { Dynamodb } from "../aws/operations.ts";

/*
 * The time since which the deployment has watched: one item of the state table, without a time to live. The first
 * look-up that does not find it writes it.
 */

/** The id of the item. */
export const watchingId = "watching";

/** Since when the deployment has watched (ISO 8601, UTC); null without a readable item. */
export function readWatching(item: Readonly<Record<string, AttributeValue>> | undefined): string | null {
  const since = item?.since?.S;
  return since === undefined || Number.isNaN(Date.parse(since)) ? null : since;
}

/** The longest wait of a look-up for this write, in milliseconds: once in the life of a deployment. */
export const patienceMilliseconds = 200;

/**
 * Writes the item where there is none.
 *
 * @param milliseconds the longest that it is waited for
 * @returns since when the deployment has watched, by the first write; null when that is not known in time
 */
export async function startWatching(
  dynamodb: Pick<Dynamodb, "updateItem">,
  stateTable: string,
  now: Date,
  milliseconds = patienceMilliseconds,
): Promise<string | null> {
  const patience = AbortSignal.timeout(milliseconds);
  const input = {
    TableName: stateTable,
    Key: { id: { S: watchingId } },
    UpdateExpression: "SET #since = if_not_exists(#since, :now)",
    ExpressionAttributeNames: { "#since": "since" },
    ExpressionAttributeValues: { ":now": { S: now.toISOString() } },
    ReturnValues: "ALL_NEW",
  } as const;
  try {
    const { Attributes } = await within(patience, dynamodb.updateItem(input, patience));
    return readWatching(Attributes);
  } catch {
    // The next look-up tries again.
    return null;
  }
}
