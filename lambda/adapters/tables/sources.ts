import type { AttributeValue, UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import { levels } from "../../core/sigma/rule.ts";
import {
  type GatheredSignIn,
  type Gathering,
  type GatheringKey,
  hourMilliseconds,
  maximumGathered,
} from "../../core/storms/gathering.ts";
import type { SourceEvent, SourceKey } from "../../core/storms/source.ts";
import { BusySourceError, type Counted, type SourceLimits, type Sources } from "../../core/storms/sources.ts";
import {
  isOver,
  maximumKeys,
  maximumReasonKinds,
  maximumUsers,
  type Storm,
  stormMilliseconds,
} from "../../core/storms/storm.ts";
import { finiteNumber, mapOf, readStored } from "../../core/values/stored.ts";
import { type Plain, toPlainItem } from "../aws/dynamodb/attribute-value.ts";
import { createDynamodb } from "../aws/dynamodb/client.ts";
import { type Reference, startReferences } from "../aws/dynamodb/references.ts";

/*
 * One item of the state table for each source. An attempt is one update: it numbers the attempt, and keeps the number
 * under the key of its event, so that a repeated event finds its number. What is kept by login, reason or event is a
 * map, whose size the update's condition bounds.
 */

/** Days after the last attempt until an item expires: longer than its reports may wait on the queues. */
const rememberSeconds = 7 * 86_400;

/** Rounds in which another update is tried, as others changed the item. */
const maximumRounds = 12;

/** Keys that one update removes, the oldest: DynamoDB takes an expression of 4,096 bytes. */
const forgottenKeys = 100;
/** Updates that remove keys at the same time each add one. */
const surplusKeys = 100;

/** Sources whose state the adapter has seen, so that its first update is mostly the right one. */
const maximumGuesses = 200;

const number = v.fallback(finiteNumber(), 0);
const counts = v.fallback(mapOf(finiteNumber()), () => new Map<string, number>());
const item = v.object({
  since: finiteNumber(),
  last: number,
  attempts: number,
  users: counts,
  succeeded: counts,
  reasons: counts,
  keys: counts,
  more: number,
  watcher: v.fallback(v.nullable(v.string()), null),
  watchBy: v.fallback(v.nullable(finiteNumber()), null),
  reported: number,
  ended: v.fallback(v.boolean(), false),
});

/** The storm of an item, with the keys of its events. */
interface Stored extends Storm {
  readonly keys: ReadonlyMap<string, number>;
}

/**
 * The errors by which DynamoDB takes no more writes of an item, a partition or a table
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html): an item takes 1,000 write units a second
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html).
 */
const throttling: ReadonlySet<string> = new Set([
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "ThrottlingException",
]);

type Item = Readonly<Record<string, AttributeValue>>;

/** Reads a source's item; null where no attempt is counted, or it cannot be read. */
function readItem(attributes: Item | undefined): Stored | null {
  const parsed = v.safeParse(item, toPlainItem(attributes ?? {}));
  if (!parsed.success) return null;
  const { users, succeeded, reasons, ...rest } = parsed.output;
  // What was taken back has no attempts left.
  const left = (all: ReadonlyMap<string, number>) => new Map([...all].filter(([, count]) => count > 0));
  return { ...rest, users: left(users), succeeded: left(succeeded), reasons: left(reasons) };
}

/** How an attempt is written beside others. */
interface Beside {
  /** Whether it counts under its login: logins are bounded. */
  readonly named: boolean;
  /** The reasons that may be counted; null for any: reasons are bounded. */
  readonly reasons: ReadonlySet<string> | null;
  /** The keys of events that are forgotten for it. */
  readonly forgotten: readonly string[];
}

/** How an attempt is written: as the first of its source, or beside others. */
type Plan = "first" | Beside;
const beside: Beside = { named: true, reasons: null, forgotten: [] };

/** Sources on the state table. */
export function createSources(tableName: string, getDynamodb = createDynamodb()): Sources {
  const getItem = async (id: string, signal: AbortSignal): Promise<Item | undefined> => {
    const dynamodb = await getDynamodb();
    const { Item } = await dynamodb.getItem(
      { TableName: tableName, Key: { id: { S: id } }, ConsistentRead: true },
      signal,
    );
    return Item;
  };
  const get = (source: SourceKey, signal: AbortSignal) => getItem(idOf(source), signal);
  const read = async (source: SourceKey, signal: AbortSignal) => readItem(await get(source, signal));

  /** The item as it is now; null when the condition is not met. */
  const updateItem = async (id: string, change: Change, signal: AbortSignal): Promise<Item | null> => {
    const dynamodb = await getDynamodb();
    const input = { ...toInput(tableName, id, change), ReturnValues: "ALL_NEW" } as const;
    try {
      return (await dynamodb.updateItem(input, signal)).Attributes ?? {};
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "ConditionalCheckFailedException") throw error;
      return null;
    }
  };

  const update = (source: SourceKey, change: Change, signal: AbortSignal) => updateItem(idOf(source), change, signal);

  const guesses = new Map<SourceKey, Plan>();
  const remember = <Guess>(guesses: Map<SourceKey, Guess>, source: SourceKey, guess: Guess) => {
    guesses.delete(source);
    guesses.set(source, guess);
    for (const oldest of guesses.keys()) {
      if (guesses.size <= maximumGuesses) return;
      guesses.delete(oldest);
    }
  };

  const countAttempt = async (
    source: SourceKey,
    event: SourceEvent,
    { stormAfter }: SourceLimits,
    now: Date,
    signal: AbortSignal,
  ): Promise<Counted> => {
    const time = now.getTime();
    let plan = guesses.get(source) ?? "first";
    for (let round = 0; round < maximumRounds; round += 1) {
      const change =
        plan === "first" ? firstAttempt(event, stormAfter, time) : attemptBeside(event, plan, stormAfter, time);
      const storm = readItem((await update(source, change, signal)) ?? undefined);
      if (storm !== null) {
        remember(guesses, source, plan === "first" ? beside : { ...plan, forgotten: [] });
        return { isNew: true, number: storm.keys.get(event.key) ?? storm.attempts, isSurplus: false, storm };
      }
      if (round === 0 && plan === "first") {
        plan = beside;
        continue;
      }
      const seen = await read(source, signal);
      const known = seen?.keys.get(event.key);
      if (seen === null || isOver(seen, stormAfter, time)) plan = "first";
      else if (known !== undefined) return { isNew: false, number: known, isSurplus: false, storm: seen };
      else plan = planFor(event, seen, stormAfter);
    }
    throw new Error(`others counted session starts of the source ${maximumRounds} times meanwhile`);
  };

  /** Sources whose hour has started, as far as the adapter has seen. */
  const hours = new Map<SourceKey, number>();

  const countSuccess = async (
    source: SourceKey,
    event: SourceEvent,
    { sourceAlertsPerHour }: SourceLimits,
    now: Date,
    signal: AbortSignal,
  ): Promise<Counted> => {
    const { key, person } = event;
    const since = now.getTime() - hourMilliseconds;
    const answer = (item: Item | undefined, isSurplus: boolean): Counted => {
      const isNew = item?.persons?.M?.[person]?.S === key;
      return { isNew, number: 0, isSurplus, storm: readItem(item) };
    };
    if (sourceAlertsPerHour === 0) return answer(await get(source, signal), false);
    let isFirst = (hours.get(source) ?? 0) <= since;
    for (let round = 0; round < maximumRounds; round += 1) {
      const change = isFirst
        ? firstPerson(event, now.getTime(), since)
        : furtherPerson(event, sourceAlertsPerHour, since);
      const written = await update(source, change, signal);
      if (written !== null) {
        remember(hours, source, Number(written.hour?.N));
        return answer(written, false);
      }
      if (round === 0 && isFirst) {
        isFirst = false;
        continue;
      }
      const seen = await get(source, signal);
      const hour = Number(seen?.hour?.N ?? 0);
      isFirst = hour <= since;
      if (!isFirst) {
        remember(hours, source, hour);
        const persons = Object.keys(seen?.persons?.M ?? {});
        if (persons.length >= sourceAlertsPerHour && !persons.includes(person)) return answer(seen, true);
      }
    }
    throw new Error(`others counted session starts of the source ${maximumRounds} times meanwhile`);
  };

  return {
    read,
    async count(source, event, limits, now, signal) {
      try {
        const count = event.succeeded ? countSuccess : countAttempt;
        return await count(source, event, limits, now, signal);
      } catch (error) {
        if (!(error instanceof Error) || !throttling.has(error.name)) throw error;
        throw new BusySourceError("DynamoDB takes no more writes of the source for now", { cause: error });
      }
    },
    async takeBack(source, { key, login, person, succeeded }, since, signal) {
      if (succeeded) {
        const change: Change = (path) => ({
          set: [],
          remove: [path(["persons", person])],
          where: `${path(["persons", person])} = ${path.value(key)}`,
        });
        await update(source, change, signal);
        return;
      }
      const where = (path: Reference) =>
        `${path(["since"])} = ${path.value(since)} AND attribute_exists(${path(["keys", key])})`;
      const isNamed = await update(
        source,
        (path) => ({
          set: [minusOne(path, ["attempts"]), minusOne(path, ["users", login])],
          remove: [path(["keys", key])],
          where: `${where(path)} AND attribute_exists(${path(["users", login])})`,
        }),
        signal,
      );
      if (isNamed !== null) return;
      await update(
        source,
        (path) => ({
          set: [minusOne(path, ["attempts"]), minusOne(path, ["more"])],
          remove: [path(["keys", key])],
          where: where(path),
        }),
        signal,
      );
    },
    async addSuccess(source, { key, login }, since, signal) {
      await update(
        source,
        (path) => ({
          set: [plusOne(path, ["succeeded", login]), `${path(["keys", key])} = ${path.value(0)}`],
          where: [
            `${path(["since"])} = ${path.value(since)}`,
            `attribute_not_exists(${path(["keys", key])})`,
            `size(${path(["keys"])}) < ${path.value(maximumKeys + surplusKeys)}`,
            mayHold(path, "succeeded", login, maximumUsers),
          ].join(" AND "),
        }),
        signal,
      );
    },
    async addReasons(source, { key, reasons }, since, signal) {
      await update(
        source,
        (path) => ({
          set: [
            ...reasons.map((reason) => plusOne(path, ["reasons", reason])),
            `${path(["keys", key])} = ${path.value(0)}`,
          ],
          where: [
            `${path(["since"])} = ${path.value(since)}`,
            `attribute_not_exists(${path(["ended"])})`,
            `attribute_not_exists(${path(["keys", key])})`,
            `size(${path(["keys"])}) < ${path.value(maximumKeys + surplusKeys)}`,
            ...reasons.map((reason) => mayHold(path, "reasons", reason, maximumReasonKinds)),
          ].join(" AND "),
        }),
        signal,
      );
    },
    async watch(source, since, { id, by, reported }, now, signal) {
      const written = await update(
        source,
        (path) => ({
          set: [
            `${path(["watcher"])} = ${path.value(id)}`,
            `${path(["watchBy"])} = ${path.value(by)}`,
            ...(reported === undefined ? [] : [`${path(["reported"])} = ${path.value(reported)}`]),
          ],
          where: [
            `${path(["since"])} = ${path.value(since)}`,
            `attribute_not_exists(${path(["ended"])})`,
            `(attribute_not_exists(${path(["watcher"])}) OR ${path(["watcher"])} = ${path.value(id)} OR ${path(["watchBy"])} < ${path.value(now.getTime())})`,
          ].join(" AND "),
        }),
        signal,
      );
      return written !== null;
    },
    async gather(gathering, signIn, signal) {
      const id = idOfGathering(gathering);
      let plan: GatheringPlan = "new";
      for (let round = 0; round < maximumRounds; round += 1) {
        const written = await updateItem(id, gatheringChange(signIn, plan), signal);
        if (written !== null) return { parked: written.parked?.BOOL === true };
        const seen = await getItem(id, signal);
        if (seen?.closed?.BOOL === true) return null;
        const persons = seen?.people?.M ?? null;
        const known = persons?.[signIn.person]?.M;
        if (known?.event?.S === signIn.key) return { parked: seen?.parked?.BOOL === true };
        if (persons === null) plan = "first";
        else if (known !== undefined) plan = "again";
        else plan = Object.keys(persons).length < maximumGathered ? "new" : "more";
      }
      throw new Error(`others gathered sign-ins of the source ${maximumRounds} times meanwhile`);
    },
    async setParked(gathering, signal) {
      const change: Change = (path) => ({
        set: [`${path(["parked"])} = ${path.value(true)}`],
        where: `attribute_exists(${path(["people"])})`,
      });
      await updateItem(idOfGathering(gathering), change, signal);
    },
    async close(gathering, signal) {
      const change: Change = (path) => ({
        set: [`${path(["closed"])} = ${path.value(true)}`],
        where: `attribute_exists(${path(["people"])})`,
      });
      const closed = await updateItem(idOfGathering(gathering), change, signal);
      return closed && readGathering(closed);
    },
    async end(source, { since, attempts }, signal) {
      const written = await update(
        source,
        (path) => ({
          set: [`${path(["ended"])} = ${path.value(true)}`],
          where: `${path(["since"])} = ${path.value(since)} AND ${path(["attempts"])} = ${path.value(attempts)}`,
        }),
        signal,
      );
      return written !== null;
    },
  };
}

function idOf(source: SourceKey): string {
  return `source#${source}`;
}

function idOfGathering({ source, start }: GatheringKey): string {
  return `gathered#${start}#${source}`;
}

/** Counts the first person of an hour. */
function firstPerson({ key, person }: SourceEvent, now: number, since: number): Change {
  return (path) => ({
    set: [`${path(["hour"])} = ${path.value(now)}`, `${path(["persons"])} = ${path.value({ [person]: key })}`],
    where: `attribute_not_exists(${path(["hour"])}) OR ${path(["hour"])} <= ${path.value(since)}`,
  });
}

/** Counts a person within an hour, where that is known, or there is room. */
function furtherPerson({ key, person }: SourceEvent, most: number, since: number): Change {
  return (path) => {
    const entry = path(["persons", person]);
    return {
      set: [`${entry} = if_not_exists(${entry}, ${path.value(key)})`],
      where: `${path(["hour"])} > ${path.value(since)} AND ${mayHold(path, "persons", person, most)}`,
    };
  };
}

/** How a sign-in is gathered: as the first, of a new person, of a known one, or beyond those that are named. */
type GatheringPlan = "first" | "new" | "again" | "more";

function gatheringChange({ key, person, login, severity, signs }: GatheredSignIn, plan: GatheringPlan): Change {
  const entry = { login, severity, count: 1, event: key, ...signs };
  return (path) => {
    // DynamoDB refuses a name that no expression uses.
    const own = () => path(["people", person]);
    const isOpen = () => `attribute_exists(${path(["people"])}) AND attribute_not_exists(${path(["closed"])})`;
    switch (plan) {
      case "first":
        return {
          set: [`${path(["people"])} = ${path.value({ [person]: entry })}`, `${path(["more"])} = ${path.value(0)}`],
          where: `attribute_not_exists(${path(["people"])})`,
        };
      case "new":
        return {
          set: [`${own()} = ${path.value(entry)}`],
          where: `${isOpen()} AND attribute_not_exists(${own()}) AND size(${path(["people"])}) < ${path.value(maximumGathered)}`,
        };
      case "again":
        return {
          set: [
            `${path(["people", person, "count"])} = ${path(["people", person, "count"])} + ${path.value(1)}`,
            `${path(["people", person, "event"])} = ${path.value(key)}`,
          ],
          where: `${isOpen()} AND attribute_exists(${own()}) AND ${path(["people", person, "event"])} <> ${path.value(key)}`,
        };
      case "more":
        return { set: [plusOne(path, ["more"])], where: `${isOpen()} AND attribute_not_exists(${own()})` };
    }
  };
}

const unknownSign = v.fallback(v.nullable(v.boolean()), null);
const gathering = v.object({
  people: mapOf(
    v.object({
      login: v.string(),
      severity: v.picklist(levels),
      count: finiteNumber(),
      knownDevice: unknownSign,
      usualHour: unknownSign,
      usualPlace: unknownSign,
      asNumber: v.fallback(v.nullable(finiteNumber()), null),
    }),
  ),
  more: number,
  parked: v.fallback(v.boolean(), false),
});

function readGathering(attributes: Item): Gathering {
  const { people, more, parked } = readStored(gathering, toPlainItem(attributes));
  const persons = [...people.values()].map(({ login, severity, count, ...signs }) => ({
    login,
    severity,
    count,
    signs,
  }));
  return { persons, more, parked };
}

/** How an attempt is written beside those that an item has. */
function planFor({ login }: SourceEvent, { users, reasons, keys }: Stored, stormAfter: number): Beside {
  const named = users.has(login) || users.size < maximumUsers;
  const surplus = [...keys]
    // The numbers of single alerts stay: their retry has to find them.
    .filter(([, each]) => each === 0 || each > stormAfter)
    .sort(([, first], [, second]) => first - second)
    .map(([key]) => key);
  const isFull = keys.size >= maximumKeys;
  return {
    named,
    reasons: reasons.size < maximumReasonKinds ? null : new Set(reasons.keys()),
    forgotten: isFull ? surplus.slice(0, forgottenKeys) : [],
  };
}

/** Counts the first attempt, where none is counted, or those that are have nothing to do with it. */
function firstAttempt({ key, login, reasons }: SourceEvent, stormAfter: number, time: number): Change {
  return (path) => ({
    set: Object.entries({
      since: time,
      last: time,
      attempts: 1,
      more: 0,
      reported: 0,
      keys: { [key]: 1 },
      users: { [login]: 1 },
      succeeded: {},
      reasons: Object.fromEntries(reasons.map((reason) => [reason, 1])),
    } satisfies Record<string, Plain>).map(([name, value]) => `${path([name])} = ${path.value(value)}`),
    remove: ["watcher", "watchBy", "ended"].map((name) => path([name])),
    where: [
      `attribute_not_exists(${path(["since"])})`,
      `attribute_exists(${path(["ended"])})`,
      `(${isOld(path, stormAfter, time)})`,
    ].join(" OR "),
  });
}

/** Counts an attempt beside others. */
function attemptBeside(
  { key, login, reasons }: SourceEvent,
  { named, reasons: countable, forgotten }: Beside,
  stormAfter: number,
  time: number,
): Change {
  return (path) => {
    const counted = reasons.filter((reason) => countable === null || countable.has(reason));
    const [oldest] = forgotten;
    // An update that removes a key that is there grows nothing, whatever else was added meanwhile.
    const hasRoom =
      oldest === undefined
        ? `size(${path(["keys"])}) < ${path.value(maximumKeys)}`
        : `(size(${path(["keys"])}) < ${path.value(maximumKeys + surplusKeys)} OR attribute_exists(${path(["keys", oldest])}))`;
    return {
      set: [
        `${path(["attempts"])} = ${path(["attempts"])} + ${path.value(1)}`,
        `${path(["keys", key])} = ${path(["attempts"])} + ${path.value(1)}`,
        `${path(["last"])} = ${path.value(time)}`,
        plusOne(path, named ? ["users", login] : ["more"]),
        ...counted.map((reason) => plusOne(path, ["reasons", reason])),
      ],
      remove: forgotten.map((each) => path(["keys", each])),
      where: [
        `attribute_exists(${path(["since"])})`,
        `attribute_not_exists(${path(["ended"])})`,
        `NOT (${isOld(path, stormAfter, time)})`,
        `attribute_not_exists(${path(["keys", key])})`,
        hasRoom,
        named ? mayHold(path, "users", login, maximumUsers) : `attribute_not_exists(${path(["users", login])})`,
        ...counted.map((reason) => mayHold(path, "reasons", reason, maximumReasonKinds)),
      ].join(" AND "),
    };
  };
}

/** That a storm is over without an end of its own: see `isOver`. */
function isOld(path: Reference, stormAfter: number, time: number): string {
  const old = path.value(time - stormMilliseconds);
  const ofFew = `${path(["attempts"])} <= ${path.value(stormAfter)} OR ${path(["last"])} <= ${old}`;
  return `attribute_not_exists(${path(["watcher"])}) AND ${path(["since"])} <= ${old} AND (${ofFew})`;
}

/** That a map has an entry, or room for it. */
function mayHold(path: Reference, map: string, entry: string, most: number): string {
  return `(attribute_exists(${path([map, entry])}) OR size(${path([map])}) < ${path.value(most)})`;
}

function plusOne(path: Reference, parts: readonly string[]): string {
  return `${path(parts)} = if_not_exists(${path(parts)}, ${path.value(0)}) + ${path.value(1)}`;
}

function minusOne(path: Reference, parts: readonly string[]): string {
  return `${path(parts)} = ${path(parts)} - ${path.value(1)}`;
}

/** The clauses of an update. */
interface Clauses {
  readonly set: readonly string[];
  readonly remove?: readonly string[];
  readonly where: string;
}

/** A change of a source's item. */
type Change = (path: Reference) => Clauses;

function toInput(tableName: string, id: string, change: Change): UpdateItemCommandInput {
  const { path, references } = startReferences();
  const { set, remove = [], where } = change(path);
  const expiration = Math.ceil(Date.now() / 1_000) + rememberSeconds;
  const sets = [...set, `${path(["expiration"])} = ${path.value(expiration)}`];
  return {
    TableName: tableName,
    Key: { id: { S: id } },
    UpdateExpression: `SET ${sets.join(", ")}${remove.length === 0 ? "" : ` REMOVE ${remove.join(", ")}`}`,
    ConditionExpression: where,
    ...references(),
  };
}
