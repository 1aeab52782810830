import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import { stopSchema } from "../../core/travel/stop.ts";
import { emptyTrail, type Trail, trailDays } from "../../core/travel/trail.ts";
import type { StoredTrail, TrailStore } from "../../core/travel/trail-store.ts";
import { finiteNumber } from "../../core/values/stored.ts";
import { createDynamodb } from "../aws/dynamodb/client.ts";
import { updateOrFind } from "../aws/dynamodb/conditional-write.ts";
import type { GetStateKey } from "./state-key.ts";
import { hashWith, type StateKey } from "./user-item-ids.ts";

/** Loaded by Node.js with the first trail, for a millisecond of a processor: most functions have none. */
const zlib = () => process.getBuiltinModule("node:zlib");

type Item = Readonly<Record<string, AttributeValue>>;

const prefix = "travel#";
const attributes = { "#trail": "trail", "#version": "version", "#expiration": "expiration" } as const;
const dayMilliseconds = 86_400_000;
/** A trail is some 2 KB of JSON. A damaged one must not fill the memory. */
const maximumBytes = 65_536;

/** The form of a trail: JSON, compressed to a third by raw deflate, as an item is charged by its size. */
const trailSchema = v.object({
  stops: v.array(stopSchema),
  forgottenUntil: v.nullable(finiteNumber()),
});

/** The id of a person's trail: hashed with the deployment's key, as logins are. */
export function trailItemId(traveller: string, stateKey: StateKey): string {
  return prefix + hashWith(stateKey, traveller, "base64url");
}

/** Reads a trail's item. What cannot be read, of another release, counts as an empty trail, and is replaced. */
export function readTrail(item: Item): StoredTrail {
  return { trail: decode(item.trail?.B) ?? emptyTrail, version: Number(item.version?.N ?? 0) };
}

/** Writes a trail, in the form of the state table. */
export function encodeTrail(trail: Trail): Uint8Array {
  return zlib().deflateRawSync(JSON.stringify(trail));
}

function decode(bytes: Uint8Array | undefined): Trail | null {
  if (bytes === undefined) return null;
  try {
    const json = zlib().inflateRawSync(bytes, { maxOutputLength: maximumBytes }).toString("utf8");
    return v.parse(trailSchema, JSON.parse(json));
  } catch {
    return null;
  }
}

/**
 * The trails of persons, on the state table: one item a person, changed by one conditional update. DynamoDB removes it once its latest
 * stop is {@link trailDays} days old. It rejects where the key that persons are hashed with cannot be had.
 */
export function createTrailStore(
  tableName: string,
  getStateKey: GetStateKey,
  getDynamodb = createDynamodb(),
): TrailStore {
  return {
    async write(traveller, trail, seen, signal) {
      const [stateKey, dynamodb] = await Promise.all([getStateKey(signal), getDynamodb()]);
      const id = trailItemId(traveller, stateKey);
      const newest = Math.max(...trail.stops.map(({ at }) => at));
      const until = Math.max(newest, Date.now()) + trailDays * dayMilliseconds;
      const input = {
        TableName: tableName,
        Key: { id: { S: id } },
        UpdateExpression: "SET #trail = :trail, #version = :next, #expiration = :until",
        ConditionExpression: seen === 0 ? "attribute_not_exists(#version)" : "#version = :seen",
        ExpressionAttributeNames: attributes,
        ExpressionAttributeValues: {
          ":trail": { B: encodeTrail(trail) },
          ":next": { N: String(seen + 1) },
          ":until": { N: String(Math.ceil(until / 1_000)) },
          ...(seen === 0 ? {} : { ":seen": { N: String(seen) } }),
        },
      };
      const found = await updateOrFind(dynamodb, input, signal);
      return found && readTrail(found);
    },
  };
}
