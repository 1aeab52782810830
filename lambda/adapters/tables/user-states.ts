import type { AttributeValue, UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import { rememberDays, type UserState } from "../../core/history/history.ts";
import type { StateChange } from "../../core/history/remember.ts";
import { type KnownNetwork, knownNetwork } from "../../core/history/remembered-session.ts";
import { type SuppressionWindow, storedWindow } from "../../core/history/suppression-window.ts";
import type { UserKey } from "../../core/history/user-key.ts";
import type { UserStates } from "../../core/history/user-states.ts";
import { verdictSchema } from "../../core/history/verdict.ts";
import { finiteNumber, readStored } from "../../core/values/stored.ts";
import { type Plain, toPlainItem } from "../aws/dynamodb/attribute-value.ts";
import { createDynamodb } from "../aws/dynamodb/client.ts";
import { isWritten } from "../aws/dynamodb/conditional-write.ts";
import { startReferences } from "../aws/dynamodb/references.ts";
import type { GetStateKey } from "./state-key.ts";
import { userItemIds } from "./user-item-ids.ts";

/*
 * One item of the state table for each user. Everything is an attribute of its own at the top level, so that each change
 * is one update that no other can undo: a network by its key, a count for each day, a window for each fingerprint.
 */

const network = "network#";
const sessions = "day#";
const attempts = "failed#";
const window = "window#";
/** The prefix of the attributes of verdicts, by fingerprint. */
export const verdictPrefix = "verdict#";

/** A window, as far as an update of its count returns it. */
const counted = v.object({ suppressed: finiteNumber() });

/** Reads a user's item. What cannot be read counts as not remembered. */
export function readUserState(item: Readonly<Record<string, AttributeValue>> | undefined): UserState {
  const attributes = Object.entries(toPlainItem(item ?? {}));
  const read = <Value>(prefix: string, schema: v.GenericSchema<unknown, Value>) =>
    new Map(
      attributes.flatMap(([name, value]): [string, Value][] => {
        if (!name.startsWith(prefix)) return [];
        const parsed = v.safeParse(schema, value);
        return parsed.success ? [[name.slice(prefix.length), parsed.output]] : [];
      }),
    );
  return {
    networks: read(network, knownNetwork),
    sessions: read(sessions, finiteNumber()),
    attempts: read(attempts, finiteNumber()),
    windows: new Map(
      [...read(window, storedWindow)].map(([fingerprint, each]) => [fingerprint, { fingerprint, ...each }]),
    ),
    verdicts: read(verdictPrefix, verdictSchema),
    watchedSince: null,
  };
}

/**
 * What is remembered of users, on the state table. Every method rejects where the key that logins are hashed with cannot be had.
 */
export function createUserStates(
  tableName: string,
  getStateKey: GetStateKey,
  getDynamodb = createDynamodb(),
): UserStates {
  const idOf = async (user: UserKey, signal: AbortSignal) => userItemIds(user, await getStateKey(signal))[0];

  /** The attributes that were changed, as they are now; null when the condition is not met. */
  const update = async (user: UserKey, change: Change, signal: AbortSignal) => {
    const [id, dynamodb] = await Promise.all([idOf(user, signal), getDynamodb()]);
    const input = { ...toInput(tableName, id, change), ReturnValues: "UPDATED_NEW" } as const;
    const sent = dynamodb.updateItem(input, signal);
    return (await isWritten(sent)) ? toPlainItem((await sent).Attributes ?? {}) : null;
  };

  return {
    async read(user, signal) {
      const [id, dynamodb] = await Promise.all([idOf(user, signal), getDynamodb()]);
      const { Item } = await dynamodb.getItem(
        { TableName: tableName, Key: { id: { S: id } }, ConsistentRead: true },
        signal,
      );
      return readUserState(Item);
    },
    open: async (user, seen, { fingerprint, ...opened }, signal) =>
      (await update(
        user,
        {
          set: [[[window + fingerprint], { ...opened, reported: { ...opened.reported } }]],
          // Nothing may have been suppressed unseen: it would never be reported.
          where:
            seen === null
              ? { absent: window + fingerprint }
              : seen === "unknown"
                ? { over: window + fingerprint, at: opened.openedAt }
                : { equal: windowIs(fingerprint, pick(seen, ["id", "suppressed", "published"])) },
        },
        signal,
      )) !== null,
    async suppress(user, { fingerprint, id }, change, signal) {
      const updated = await update(
        user,
        {
          ...toChange(change),
          increment: [[window + fingerprint, "suppressed"]],
          where: { equal: windowIs(fingerprint, { id }) },
        },
        signal,
      );
      // Of what is nested, DynamoDB returns the parts that changed.
      return updated && readStored(counted, updated[window + fingerprint]).suppressed;
    },
    async record(user, ended, remembered, signal) {
      const change = toChange(remembered);
      if (ended !== null) {
        const { fingerprint, id } = ended;
        const set = [...change.set, ...windowIs(fingerprint, pick(ended, ["published", "until"]))];
        const where = { equal: windowIs(fingerprint, { id }) };
        // Where another function opened another window meanwhile, the session is to be remembered all the same.
        if ((await update(user, { ...change, set, where }, signal)) !== null) return;
      }
      if (remembered.counted !== null || remembered.network !== null) await update(user, change, signal);
    },
  };
}

function windowIs(key: string, fields: Readonly<Record<string, Plain>>): (readonly [Path, Plain])[] {
  return Object.entries(fields).map(([name, value]) => [[window + key, name], value]);
}

function pick(from: SuppressionWindow, names: readonly ("id" | "suppressed" | "published" | "until")[]) {
  return Object.fromEntries(names.map((name) => [name, from[name]]));
}

type Path = readonly string[];

/** A change of a user's item. */
interface Change {
  readonly set: readonly (readonly [Path, Plain])[];
  /** Numbers that are there. */
  readonly increment?: readonly Path[];
  /** Numbers at the top level that need not be there. */
  readonly count?: readonly string[];
  readonly remove?: readonly string[];
  readonly where?:
    | { readonly absent: string }
    | { readonly equal: readonly (readonly [Path, Plain])[] }
    /** Absent, or a window that ended by this time (milliseconds since 1970), and left nothing to report. */
    | { readonly over: string; readonly at: number };
}

/**
 * The most attributes that one update removes: DynamoDB takes an expression of 4,096 bytes and 300 operators
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html). The next session's update removes the
 * rest, since each adds one network at the most.
 */
const maximumRemovals = 100;

/** A change of what is remembered, as one of the item. */
function toChange({ network: put, counted, forgotten }: StateChange): Change {
  return {
    set: put === null ? [] : [[[network + put.key], toPlain(put.known)]],
    count: counted === null ? [] : [(counted.in === "sessions" ? sessions : attempts) + counted.day],
    remove: [
      ...forgotten.networks.map((each) => network + each),
      ...forgotten.sessions.map((each) => sessions + each),
      ...forgotten.attempts.map((each) => attempts + each),
      ...forgotten.windows.map((each) => window + each),
    ].slice(0, maximumRemovals),
  };
}

function toPlain({ before, ...last }: KnownNetwork): Plain {
  return { ...last, before: before && { ...before } };
}

/** Writes a change as DynamoDB takes it: all names and values by reference. */
function toInput(tableName: string, id: string, change: Change): UpdateItemCommandInput {
  const { path, references } = startReferences();
  const { value } = path;
  const { set, increment = [], count = [], remove = [], where } = change;
  const expiration = Math.ceil(Date.now() / 1_000) + rememberDays * 86_400;
  const sets = [
    ...set.map(([each, plain]) => `${path(each)} = ${value(plain)}`),
    ...increment.map((each) => `${path(each)} = ${path(each)} + ${value(1)}`),
    `${path(["expiration"])} = ${value(expiration)}`,
  ];
  const absent = (name: string) => `attribute_not_exists(${path([name])})`;
  const equal = (each: Path, plain: Plain) => `${path(each)} = ${value(plain)}`;
  const over = (name: string, at: number) => {
    const reported = `(${equal([name, "published"], true)} OR ${equal([name, "reported", "count"], 0)})`;
    return `${path([name, "until"])} <= ${value(at)} AND ${equal([name, "suppressed"], 0)} AND ${reported}`;
  };
  const condition =
    where === undefined
      ? null
      : "absent" in where
        ? absent(where.absent)
        : "over" in where
          ? `${absent(where.over)} OR (${over(where.over, where.at)})`
          : where.equal.map(([each, plain]) => equal(each, plain)).join(" AND ");
  const clauses = [
    `SET ${sets.join(", ")}`,
    count.length > 0 ? `ADD ${count.map((each) => `${path([each])} ${value(1)}`).join(", ")}` : "",
    remove.length > 0 ? `REMOVE ${remove.map((each) => path([each])).join(", ")}` : "",
  ];
  return {
    TableName: tableName,
    Key: { id: { S: id } },
    UpdateExpression: clauses.filter(Boolean).join(" "),
    ...references(),
    ...(condition === null ? {} : { ConditionExpression: condition }),
  };
}
