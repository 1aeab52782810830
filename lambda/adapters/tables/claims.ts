import { createHash } from "node:crypto";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import type { Claim, Claims } from "../../core/pipeline/claims.ts";
import { within } from "../../core/time/budget.ts";
import { toAttribute, toPlainItem } from "../aws/dynamodb/attribute-value.ts";
import { createDynamodb } from "../aws/dynamodb/client.ts";

/** The time for which the result of an event is kept, in seconds. */
const rememberSeconds = 7 * 86_400;

/*
 * The items have the form of Powertools' idempotency, so that claims of earlier releases stay valid: `status`,
 * `expiration` in seconds, `in_progress_expiration` in milliseconds, `data`. Powertools' persistence layer replaces an
 * item when it claims it; this one counts in it. A claim counts a publish without an answer in advance, and removes the
 * count when it is completed, or released without a publish: a stopped function's possible publish stays counted.
 */
const attributes = {
  "#status": "status",
  "#expiration": "expiration",
  "#lease": "in_progress_expiration",
  "#unconfirmed": "unconfirmed",
} as const;
const free = [
  "attribute_not_exists(#status)",
  "#expiration < :seconds",
  "(#status = :inProgress AND #lease < :milliseconds)",
].join(" OR ");

const deadLettered = "(#status = :completed AND #data.#outcome = :deadLettered)";

/** Claims on the state table. */
export function createClaims(tableName: string, getDynamodb = createDynamodb()): Claims {
  const read = async (key: string, signal: AbortSignal) => {
    const dynamodb = await getDynamodb();
    const { Item } = await dynamodb.getItem({ TableName: tableName, Key: keyOf(key), ConsistentRead: true }, signal);
    return Item && readItem(Item);
  };
  return {
    async claim(key, { lease, again = false }, signal) {
      const dynamodb = await getDynamodb();
      const now = Date.now();
      try {
        const { Attributes } = await within(
          signal,
          dynamodb.updateItem(
            {
              TableName: tableName,
              Key: keyOf(key),
              UpdateExpression:
                "SET #status = :inProgress, #expiration = :until, #lease = :lease ADD #unconfirmed :one",
              ConditionExpression: again ? `${free} OR ${deadLettered}` : free,
              ExpressionAttributeNames: { ...attributes, ...(again && { "#data": "data", "#outcome": "outcome" }) },
              ExpressionAttributeValues: {
                ":inProgress": { S: "INPROGRESS" },
                ":until": { N: expiration(now) },
                ":lease": { N: String(now + lease) },
                ":one": { N: "1" },
                ":seconds": { N: String(Math.floor(now / 1_000)) },
                ":milliseconds": { N: String(now) },
                ...(again && { ":completed": { S: "COMPLETED" }, ":deadLettered": { S: "deadLettered" } }),
              },
              ReturnValues: "ALL_NEW",
            },
            signal,
          ),
        );
        return { kind: "claimed", unconfirmed: Number(Attributes?.unconfirmed?.N ?? 1) - 1 };
      } catch (error) {
        if (!(error instanceof Error) || error.name !== "ConditionalCheckFailedException") throw error;
        return (await within(signal, read(key, signal))) ?? { kind: "inProgress", until: null };
      }
    },
    async complete(key, { outcome, undecided, exceptions, correlations }, signal) {
      const dynamodb = await getDynamodb();
      const input = {
        TableName: tableName,
        Key: keyOf(key),
        UpdateExpression: "SET #status = :completed, #expiration = :until, #data = :end REMOVE #unconfirmed",
        ExpressionAttributeNames: {
          "#status": attributes["#status"],
          "#expiration": attributes["#expiration"],
          "#unconfirmed": attributes["#unconfirmed"],
          "#data": "data",
        },
        ExpressionAttributeValues: {
          ":completed": { S: "COMPLETED" },
          ":until": { N: expiration(Date.now()) },
          ":end": toAttribute({
            outcome,
            undecided: [...undecided],
            exceptions: [...exceptions],
            ...(correlations && { correlations: [...correlations] }),
          }),
        },
      };
      await within(signal, dynamodb.updateItem(input, signal));
    },
    async find(key, signal) {
      return (await within(signal, read(key, signal))) ?? null;
    },
    async release(key, unconfirmed, signal) {
      const dynamodb = await getDynamodb();
      const item = { TableName: tableName, Key: keyOf(key) };
      const sent: Promise<unknown> =
        unconfirmed === 0
          ? dynamodb.deleteItem(item, signal)
          : dynamodb.updateItem(
              {
                ...item,
                UpdateExpression: "SET #lease = :over, #unconfirmed = :unconfirmed",
                ExpressionAttributeNames: {
                  "#lease": attributes["#lease"],
                  "#unconfirmed": attributes["#unconfirmed"],
                },
                ExpressionAttributeValues: { ":over": { N: "0" }, ":unconfirmed": { N: String(unconfirmed) } },
              },
              signal,
            );
      await within(signal, sent);
    },
  };
}

/** The key of Powertools' idempotency: a hash of the key as JSON. The receiver and the redrive function share their claims. */
function keyOf(key: string): Record<"id", AttributeValue> {
  return { id: { S: `alert#${createHash("sha256").update(JSON.stringify(key)).digest("base64")}` } };
}

function expiration(now: number): string {
  return String(Math.round(now / 1_000) + rememberSeconds);
}

const ids = v.fallback(v.array(v.string()), []);
/** A result that cannot be read is of an earlier release. */
const end = v.fallback(
  v.object({
    outcome: v.picklist(["alerted", "excepted", "suppressed", "inStorm", "gathered", "deadLettered"]),
    undecided: ids,
    exceptions: ids,
    correlations: v.exactOptional(ids),
  }),
  { outcome: "alerted", undecided: [], exceptions: [] },
);

function readItem(item: Readonly<Record<string, AttributeValue>>): Exclude<Claim, { readonly kind: "claimed" }> {
  const { status, data, in_progress_expiration: lease } = toPlainItem(item);
  if (status === "COMPLETED") return { kind: "done", end: v.parse(end, data) };
  return { kind: "inProgress", until: typeof lease === "number" ? new Date(lease) : null };
}
