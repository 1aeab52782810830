import type { AttributeValue, DynamoDBClient, UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import { surplusVerdicts, type Verdict, verdictSchema } from "../../core/history/verdict.ts";
import {
  type Incident,
  incidentAlertSchema,
  incidentDays,
  incidentUserSchema,
  maximumIncidentAlerts,
} from "../../core/incidents/incident.ts";
import type { Incidents, PublishedAlert } from "../../core/incidents/incidents.ts";
import { within } from "../../core/time/budget.ts";
import { finiteNumber } from "../../core/values/stored.ts";
import { toAttribute, toPlainItem } from "../aws/dynamodb/attribute-value.ts";
import { batchGet } from "../aws/dynamodb/batch-get.ts";
import { createDynamodb } from "../aws/dynamodb/client.ts";
import { isWritten } from "../aws/dynamodb/conditional-write.ts";
import { incidentIndex } from "./incident-index.ts";
import type { GetStateKey } from "./state-key.ts";
import { userItemIds } from "./user-item-ids.ts";
import { readUserState, verdictPrefix } from "./user-states.ts";

/*
 * One item of the state table for each incident. Each alert is an attribute of its own, as concurrent changes do not
 * overwrite one another so. An index lists the incidents, without a scan of the table.
 */

const prefix = "incident#";
const alertPrefix = "alert#";

/** The id of an incident's item. */
export function incidentItemId(id: string): string {
  return prefix + id;
}

const item = v.object({
  id: v.string(),
  [incidentIndex.sortKey]: v.string(),
  count: finiteNumber(),
  user: v.fallback(v.nullable(incidentUserSchema), null),
  latest: v.fallback(v.optional(incidentAlertSchema), undefined),
  verdict: v.fallback(v.nullable(verdictSchema), null),
});

/** Reads an incident's item; null for none. An alert that cannot be read is counted alone. */
export function readIncident(attributes: Readonly<Record<string, AttributeValue>> | undefined): Incident | null {
  if (attributes === undefined) return null;
  const plain = toPlainItem(attributes);
  const parsed = v.safeParse(item, { user: null, verdict: null, ...plain });
  if (!parsed.success || !parsed.output.id.startsWith(prefix)) return null;
  const { output } = parsed;
  const kept = Object.entries(plain).flatMap(([name, value]) => {
    const alert = name.startsWith(alertPrefix) ? v.safeParse(incidentAlertSchema, value) : null;
    return alert?.success ? [alert.output] : [];
  });
  const alerts = [...kept, ...(output.latest === undefined ? [] : [output.latest])];
  return {
    id: output.id.slice(prefix.length),
    changed: output[incidentIndex.sortKey],
    user: output.user,
    alerts: alerts.sort((a, b) => (a.detectedAt < b.detectedAt ? -1 : 1)),
    count: output.count,
    verdict: output.verdict,
  };
}

/** The incidents on the state table, as the pipeline writes them. */
export function createIncidents(
  tableName: string,
  getStateKey: GetStateKey,
  getDynamodb = createDynamodb(),
): Incidents {
  /** Without the key, the incident is kept all the same, and its verdict is not remembered of the user. */
  const userItemOf = async ({ userKey }: PublishedAlert, signal: AbortSignal) => {
    if (userKey === null) return null;
    try {
      return userItemIds(userKey, await getStateKey(signal))[0];
    } catch {
      return null;
    }
  };
  return {
    async record(published, signal) {
      const [dynamodb, userItem] = await Promise.all([getDynamodb(), userItemOf(published, signal)]);
      const write = (input: Omit<UpdateItemCommandInput, "TableName">) =>
        within(signal, isWritten(dynamodb.updateItem({ TableName: tableName, ...input }, signal)));
      // It is there already, or the incident has no room: then it is counted, and kept as the latest.
      if (!(await write(addition(published, userItem)))) await write(countedAddition(published, userItem));
    },
    async read(id, signal) {
      const dynamodb = await getDynamodb();
      const input = { TableName: tableName, Key: keyOf(id), ConsistentRead: true };
      const { Item } = await within(signal, dynamodb.getItem(input, signal));
      return readIncident(Item);
    },
  };
}

type Update = Omit<UpdateItemCommandInput, "TableName">;

function addition(published: PublishedAlert, userItem: string | null): Update {
  const { names, values, sets } = changes(published, userItem);
  return {
    Key: keyOf(published.incident),
    UpdateExpression: `SET #alert = :alert, ${sets} ADD #count :one`,
    ConditionExpression: "attribute_not_exists(#alert) AND (attribute_not_exists(#count) OR #count < :most)",
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: { ...values, ":most": { N: String(maximumIncidentAlerts) } },
  };
}

function countedAddition(published: PublishedAlert, userItem: string | null): Update {
  const { names, values, sets } = changes(published, userItem);
  return {
    Key: keyOf(published.incident),
    UpdateExpression: `SET #latest = :alert, ${sets} ADD #count :one`,
    ConditionExpression: "attribute_not_exists(#alert) AND (attribute_not_exists(#latest) OR #latest.#alertId <> :id)",
    ExpressionAttributeNames: { ...names, "#latest": "latest", "#alertId": "alertId" },
    ExpressionAttributeValues: { ...values, ":id": { S: published.alert.alertId } },
  };
}

/** What every alert changes in its incident. */
function changes({ alert, user, now }: PublishedAlert, userItem: string | null) {
  const touch = touched(now);
  const known = userItem === null ? null : { S: userItem };
  return {
    names: {
      "#alert": alertPrefix + alert.alertId,
      "#count": "count",
      "#user": "user",
      ...(known && { "#userItem": "userItem" }),
      ...touch.names,
    },
    values: {
      ":alert": toAttribute(alert),
      ":one": { N: "1" },
      ":user": toAttribute(user),
      ...(known && { ":userItem": known }),
      ...touch.values,
    },
    sets: `#user = :user, ${known === null ? "" : "#userItem = :userItem, "}${touch.sets}`,
  };
}

/** The time of a change, which keeps the item, and puts it in the index. */
function touched(now: Date) {
  const changed = now.toISOString();
  return {
    names: { "#month": incidentIndex.partitionKey, "#changed": incidentIndex.sortKey, "#expiration": "expiration" },
    values: {
      ":month": { S: changed.slice(0, 7) },
      ":changed": { S: changed },
      ":expiration": { N: String(Math.ceil(now.getTime() / 1_000) + incidentDays * 86_400) },
    },
    sets: "#month = :month, #changed = :changed, #expiration = :expiration",
  };
}

function keyOf(id: string): Record<"id", AttributeValue> {
  return { id: { S: incidentItemId(id) } };
}

/** The incidents, for commands and digests. */
export type IncidentItems = Awaited<ReturnType<typeof openIncidents>>;

/** Opens the incidents on the state table. */
export async function openIncidents(client: DynamoDBClient, tableName: string) {
  const [{ DeleteItemCommand, GetItemCommand, paginateQuery, UpdateItemCommand }, { sdkDynamodb }] = await Promise.all([
    import("@aws-sdk/client-dynamodb"),
    import("../aws/dynamodb/sdk.ts"),
  ]);
  const itemOf = async (key: string) => {
    const command = new GetItemCommand({ TableName: tableName, Key: { id: { S: key } }, ConsistentRead: true });
    return (await client.send(command)).Item;
  };
  const itemIds = async (since: Date, now: Date): Promise<string[]> => {
    const found: string[] = [];
    for (const month of monthsBetween(since, now)) {
      const pages = paginateQuery(
        { client },
        {
          TableName: tableName,
          IndexName: incidentIndex.name,
          KeyConditionExpression: "#month = :month AND #changed >= :since",
          ExpressionAttributeNames: { "#month": incidentIndex.partitionKey, "#changed": incidentIndex.sortKey },
          ExpressionAttributeValues: { ":month": { S: month }, ":since": { S: since.toISOString() } },
        },
      );
      for await (const { Items = [] } of pages) found.push(...Items.flatMap(({ id }) => id?.S ?? []));
    }
    return found;
  };
  /** Those that changed since a time, the last changed first. */
  const list = async (since: Date, now: Date): Promise<readonly Incident[]> => {
    const values = await itemIds(since, now);
    const { items, unprocessed } = await batchGet(sdkDynamodb(client), [
      { table: tableName, key: "id", values, consistent: true },
    ]);
    if (unprocessed.size > 0) throw new Error(`the state table ${tableName} is throttled`);
    return (items.get(tableName) ?? [])
      .flatMap((each) => readIncident(each) ?? [])
      .sort((a, b) => (a.changed > b.changed ? -1 : 1));
  };
  const oldest = (now: Date) => new Date(now.getTime() - incidentDays * 86_400_000);
  return {
    list,
    /** The ids that begin with a text, of incidents that are kept. */
    async idsOf(start: string, now: Date) {
      const ids = (await itemIds(oldest(now), now)).map((id) => id.slice(prefix.length));
      return [...new Set(ids)].filter((id) => id.startsWith(start));
    },
    /** Null for none. */
    get: async (id: string) => readIncident(await itemOf(incidentItemId(id))),
    /**
     * Closes an incident with a verdict, which is remembered of its person by the fingerprints of its alerts.
     *
     * @returns false when there is no such incident
     */
    async close(id: string, verdict: Verdict) {
      const found = await itemOf(incidentItemId(id));
      const incident = readIncident(found);
      if (incident === null) return false;
      const { names, values, sets } = touched(new Date(verdict.at));
      const isClosed = await isWritten(
        client.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: keyOf(id),
            UpdateExpression: `SET #verdict = :verdict, ${sets}`,
            ConditionExpression: "attribute_exists(id)",
            ExpressionAttributeNames: { "#verdict": "verdict", ...names },
            ExpressionAttributeValues: {
              ":verdict": toAttribute(withoutUndefined(verdict)),
              ...values,
            },
          }),
        ),
      );
      const userItem = found?.userItem?.S;
      if (isClosed && userItem !== undefined) await remember(userItem, incident, verdict);
      return isClosed;
    },
    /** Removes the incidents about a person; returns their number. */
    async removeOf(isPerson: (incident: Incident) => boolean, now: Date) {
      const own = (await list(oldest(now), now)).filter(isPerson);
      for (const { id } of own) await client.send(new DeleteItemCommand({ TableName: tableName, Key: keyOf(id) }));
      return own.length;
    },
  };

  /** Keeps the verdict in the user's item, in the place of the oldest ones. */
  async function remember(userItem: string, { alerts }: Incident, verdict: Verdict): Promise<void> {
    const fingerprints = [...new Set(alerts.toReversed().flatMap(({ fingerprint }) => fingerprint ?? []))];
    const added = fingerprints.slice(0, maximumFingerprints);
    if (added.length === 0) return;
    const removed = surplusVerdicts(readUserState(await itemOf(userItem)).verdicts, added);
    const all = [...added, ...removed].map((fingerprint, index) => [`#${index}`, verdictPrefix + fingerprint] as const);
    const references = all.map(([reference]) => reference);
    const sets = references.slice(0, added.length).map((reference) => `${reference} = :verdict`);
    const remove = removed.length === 0 ? "" : ` REMOVE ${references.slice(added.length).join(", ")}`;
    const { values } = touched(new Date(verdict.at));
    await client.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: { id: { S: userItem } },
        UpdateExpression: `SET ${sets.join(", ")}, #expiration = :expiration${remove}`,
        ExpressionAttributeNames: { ...Object.fromEntries(all), "#expiration": "expiration" },
        ExpressionAttributeValues: {
          ":verdict": toAttribute(withoutUndefined(verdict)),
          ":expiration": values[":expiration"],
        },
      }),
    );
  }
}

function withoutUndefined({ seen, ...verdict }: Verdict) {
  return seen === undefined ? verdict : { ...verdict, seen };
}

/** The fingerprints of an incident that its verdict is remembered by: the latest. */
const maximumFingerprints = 10;

/** The months (`2026-11`, UTC) from one time to another, both included. */
function monthsBetween(since: Date, until: Date): readonly string[] {
  const months: string[] = [];
  const month = new Date(Date.UTC(since.getUTCFullYear(), since.getUTCMonth()));
  for (; month <= until; month.setUTCMonth(month.getUTCMonth() + 1)) months.push(month.toISOString().slice(0, 7));
  return months;
}
