import { randomUUID } from "node:crypto";
import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  paginateScan,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import pMap from "p-map";
import type { Source, SourceLocations } from "../../core/profiles/profile.ts";
import type { Decide, ProfileDecision, ProfileItems } from "../../core/profiles/profile-store.ts";
import { toError } from "../../core/values/error.ts";
import { toBatches } from "../aws/batches.ts";
import type { Plain } from "../aws/dynamodb/attribute-value.ts";
import { batchGet, maximumKeyBytes } from "../aws/dynamodb/batch-get.ts";
import { isWritten } from "../aws/dynamodb/conditional-write.ts";
import { startReferences } from "../aws/dynamodb/references.ts";
import { sdkDynamodb } from "../aws/dynamodb/sdk.ts";
import { earlierNames, readProfile } from "./stored-profile.ts";

type Item = Readonly<Record<string, AttributeValue>>;

/** Concurrent writes: half of the connections that the SDK opens. */
const concurrency = 25;
/** Users that are read together, before they are written: five requests at the same time. */
const pieceSize = 500;
/** Decisions about a user before the update fails: each conflict with another writer needs a new one. */
const maximumTries = 20;
/** Requests for unprocessed keys: with pauses that double from 25 ms, for 13 seconds in all. */
const maximumRounds = 10;
/**
 * Entries of the earlier form that move in one write. An expression may take 4 KB: a condition on one of them takes up to
 * 22 bytes. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
const maximumMoved = 100;
/** Bytes of an item: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const maximumItemBytes = 409_600;

/**
 * Whether these locations alone exceed an item: DynamoDB counts the bytes of names and values in UTF-8.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function exceedsItem(user: string, { locations }: Pick<SourceLocations, "locations">): boolean {
  if (Buffer.byteLength(user) > maximumKeyBytes) return true;
  const sizeOf = (value: unknown) => (typeof value === "string" ? Buffer.byteLength(value) : 1);
  let bytes = 0;
  for (const location of locations) {
    for (const [name, value] of Object.entries(location)) if (value !== null) bytes += name.length + sizeOf(value);
    if (bytes > maximumItemBytes) return true;
  }
  return false;
}

/** Opens the profile table. */
export function openProfileItems(dynamodb: DynamoDBClient, profileTable: string): ProfileItems {
  const read = async (keys: readonly string[]): Promise<ReadonlyMap<string, Item>> => {
    // DynamoDB refuses a whole request for one key that is too long; such a key has no item.
    const values = keys.filter((key) => Buffer.byteLength(key) <= maximumKeyBytes);
    if (values.length === 0) return new Map();
    const wanted = { table: profileTable, key: "user", values, consistent: true };
    const { items, unprocessed } = await batchGet(sdkDynamodb(dynamodb), [wanted], undefined, maximumRounds);
    if (unprocessed.size > 0) throw new Error(`the profile table ${profileTable} is throttled; try again later`);
    return new Map((items.get(profileTable) ?? []).map((item) => [item.user?.S ?? "", item]));
  };
  const updatePiece = async (source: Source, users: readonly string[], decide: Decide): Promise<ProfileDecision[]> => {
    const decisions: ProfileDecision[] = [];
    let pending = users;
    for (let attempt = 0; attempt < maximumTries; attempt += 1) {
      const items = await read(pending);
      const again: string[] = [];
      await pMap(
        pending,
        async (user) => {
          const item = items.get(user);
          const before = item && readProfile(item);
          const after = decide(user, before);
          const result = after === null ? "done" : await write(dynamodb, profileTable, user, source, item, after);
          if (result === "changed") again.push(user);
          else decisions.push({ user, before, after, tooLarge: result === "tooLarge" });
        },
        { concurrency },
      );
      if (again.length === 0) return decisions;
      pending = again;
    }
    throw new Error(
      `${pending.length} items of ${profileTable} changed at each of ${maximumTries} tries to write them; try again`,
    );
  };
  return {
    async get(keys) {
      return new Map([...(await read(keys))].map(([key, item]) => [key, readProfile(item)]));
    },
    async update(source, users, decide) {
      const pieces = toBatches([...new Set(users)], () => 0, { entries: pieceSize, bytes: 0 });
      const decisions: ProfileDecision[] = [];
      for (const piece of pieces) decisions.push(...(await updatePiece(source, piece, decide)));
      return decisions;
    },
    async remove(keys) {
      const removed: string[] = [];
      await pMap(
        new Set(keys),
        async (user) => {
          const { Attributes } = await dynamodb.send(
            new DeleteItemCommand({ TableName: profileTable, Key: { user: { S: user } }, ReturnValues: "ALL_OLD" }),
          );
          if (Attributes !== undefined) removed.push(user);
        },
        { concurrency },
      );
      return removed;
    },
    async *scan() {
      const pages = paginateScan({ client: dynamodb }, { TableName: profileTable });
      for await (const { Items = [] } of pages) yield* Items.map(readProfile);
    },
  };
}

/** A conditional write to DynamoDB. */
interface Write {
  readonly input: {
    readonly TableName: string;
    readonly Key: Record<string, AttributeValue>;
    readonly ConditionExpression: string;
    readonly ExpressionAttributeNames: Record<string, string>;
    readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
  };
  /** Null to remove the item. */
  readonly update: string | null;
  /** Whether the earlier form holds no further entry of the source. */
  readonly isLast: boolean;
}

/**
 * Writes the locations of a source for a user.
 *
 * @returns `changed` when another writer changed the item, or entries of the earlier form are left: it needs a new
 * decision; `tooLarge` when an item has no room for it
 */
async function write(
  dynamodb: DynamoDBClient,
  profileTable: string,
  user: string,
  source: Source,
  item: Item | undefined,
  after: SourceLocations,
): Promise<"done" | "changed" | "tooLarge"> {
  if (exceedsItem(user, after)) return "tooLarge";
  const { input, update, isLast } = toWrite(profileTable, user, source, item, after);
  const sent =
    update === null
      ? dynamodb.send(new DeleteItemCommand(input))
      : dynamodb.send(new UpdateItemCommand({ ...input, UpdateExpression: update }));
  try {
    return (await isWritten(sent)) && isLast ? "done" : "changed";
  } catch (error) {
    if (isItemTooLarge(error)) return "tooLarge";
    throw error;
  }
}

/** Whether DynamoDB refused an item for its size, which only the error's message says. */
function isItemTooLarge(error: unknown): boolean {
  const { name, message } = toError(error);
  return (
    name === "ValidationException" && /^Item size (to update )?has exceeded the maximum allowed size/.test(message)
  );
}

/**
 * The write of a source's locations for a user. Its conditions: the source's attribute has the revision that was read;
 * every entry of the earlier form that moves is still of that source; and, where the source has no locations left, the
 * other attributes are absent if the item is removed, and present if it stays. Writes of other sources do not conflict.
 */
function toWrite(
  profileTable: string,
  user: string,
  source: Source,
  item: Item | undefined,
  after: SourceLocations,
): Write {
  const { path, references } = startReferences();
  const { value } = path;
  const name = (attribute: string) => path([attribute]);

  const other: Source = source === "okta" ? "imported" : "okta";
  const entries = item?.locations?.L ?? [];
  const earlier = entries.flatMap((entry, index) => (entry.M?.source?.S === earlierNames[source] ? [index] : []));
  // From the last entry on, so that removals do not shift the positions of the others.
  const moved = earlier.toReversed().slice(0, maximumMoved);
  const isAllMoved = moved.length > 0 && moved.length === entries.length;
  const keepsLocations = item?.locations !== undefined && !isAllMoved;
  const isGone = after.locations.length === 0;
  const removesItem = isGone && !keepsLocations && item?.[other] === undefined;

  const revision = item?.[source]?.M?.revision?.S;
  const own = path([source, "revision"]);
  const entryAt = (index: number) => `${name("locations")}[${index}]`;
  const conditions = [
    revision === undefined ? `attribute_not_exists(${own})` : `${own} = ${value(revision)}`,
    ...moved.map((index) => `${entryAt(index)}.${name("source")} = ${value(earlierNames[source])}`),
  ];
  if (isAllMoved) conditions.push(`size(${name("locations")}) = ${value(entries.length)}`);
  if (removesItem) {
    conditions.push(`attribute_not_exists(${name(other)})`);
    if (!isAllMoved) conditions.push(`attribute_not_exists(${name("locations")})`);
  } else if (isGone) {
    const remains = [`attribute_exists(${name(other)})`];
    if (keepsLocations && moved.length === 0) remains.push(`attribute_exists(${name("locations")})`);
    if (keepsLocations && moved.length > 0) {
      remains.push(`size(${name("locations")}) > ${value(moved.length)}`);
    }
    conditions.push(`(${remains.join(" OR ")})`);
  }

  const toUpdate = () => {
    const removed = isAllMoved ? ["locations", "source", "updatedAt"].map(name) : moved.map(entryAt);
    if (source === "okta" && item?.syncedAt !== undefined) removed.push(name("syncedAt"));
    if (isGone) removed.push(name(source));
    return [
      ...(isGone ? [] : [`SET ${name(source)} = ${value(toStored(after))}`]),
      ...(removed.length === 0 ? [] : [`REMOVE ${removed.join(", ")}`]),
    ].join(" ");
  };
  const update = removesItem ? null : toUpdate();
  const { ExpressionAttributeNames, ExpressionAttributeValues } = references();
  return {
    input: {
      TableName: profileTable,
      Key: { user: { S: user } },
      ConditionExpression: conditions.join(" AND "),
      ExpressionAttributeNames,
      ...(Object.keys(ExpressionAttributeValues).length === 0 ? {} : { ExpressionAttributeValues }),
    },
    update,
    isLast: moved.length === earlier.length,
  };
}

/** A source's attribute, with a new revision. A missing value has no attribute. */
function toStored({ locations, ...times }: SourceLocations): Plain {
  const given = (values: Readonly<Record<string, Plain>>) =>
    Object.fromEntries(Object.entries(values).filter(([, each]) => each !== null));
  return { ...given(times), locations: locations.map(given), revision: randomUUID() };
}
