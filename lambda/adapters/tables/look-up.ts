import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { StoredGroup } from "../../core/correlation/group-store.ts";
import type { UserState } from "../../core/history/history.ts";
import { mergeStates } from "../../core/history/remember.ts";
import type { UserKey } from "../../core/history/user-key.ts";
import type { Incident } from "../../core/incidents/incident.ts";
import type { Findings, LookUp } from "../../core/pipeline/ports.ts";
import type { SessionStart } from "../../core/session-start/session-start.ts";
import type { StoredTrail } from "../../core/travel/trail-store.ts";
import { batchGet, type TableKeys } from "../aws/dynamodb/batch-get.ts";
import { createDynamodb } from "../aws/dynamodb/client.ts";
import { exceptionsOfAnyoneId, exceptionsOfUserId, readExceptions } from "./exceptions.ts";
import { groupItemId, readGroup } from "./group-states.ts";
import { incidentItemId, readIncident } from "./incidents.ts";
import { profileKeysOf, readProfiles } from "./profile-look-up.ts";
import { readSessionStart, sessionItemId } from "./session-starts.ts";
import type { GetStateKey } from "./state-key.ts";
import { readTrail, trailItemId } from "./trails.ts";
import { type StateKey, userItemIds } from "./user-item-ids.ts";
import { readUserState } from "./user-states.ts";
import { patienceMilliseconds, readWatching, startWatching, watchingId } from "./watching.ts";

type Item = Readonly<Record<string, AttributeValue>>;

/**
 * Looks users up, in one request to DynamoDB for both tables. While the key for hashing logins is still being fetched,
 * the states have a request of their own, so that locations and exceptions do not wait for it.
 *
 * @param watchingPatience milliseconds: see `startWatching`
 */
export function createLookUp(
  profileTable: string,
  stateTable: string,
  getStateKey: GetStateKey,
  getDynamodb = createDynamodb(),
  watchingPatience = patienceMilliseconds,
): LookUp {
  /** One write at a time: concurrent look-ups all find that the item is missing. */
  let starting: Promise<string | null> | null = null;
  return async (asked, signal) => {
    const dynamodb = await getDynamodb();
    const keys = [...asked.keys];
    const users = [...asked.users];
    const incidents = [...asked.incidents];
    const groups = [...(asked.groups ?? [])];
    const trails = [...(asked.trails ?? [])];
    const sessions = [...(asked.sessions ?? [])];
    // No alert is due about an event of which only groups, a trail or a session are asked for.
    const exceptionIds =
      incidents.length === 0 && keys.length === 0 ? [] : [exceptionsOfAnyoneId, ...keys.map(exceptionsOfUserId)];
    const ofProfiles = profileKeysOf(profileTable, keys);
    // A group that another function has just written is to be found: an event is not written where its chain has not started. So is the
    // start of a session that has just taken the place of a later event.
    const consistent = groups.length + sessions.length > 0;
    const ofState = (values: readonly string[]): TableKeys => ({ table: stateTable, key: "id", values, consistent });
    const get = async (wanted: readonly TableKeys[]) => {
      const { items, unprocessed } = await batchGet(dynamodb, wanted, signal);
      if (unprocessed.has(profileTable)) throw new Error(`the profile table ${profileTable} is throttled`);
      return {
        profiles: items.get(profileTable) ?? [],
        states: new Map((items.get(stateTable) ?? []).map((item) => [item.id?.S ?? "", item])),
        isThrottled: unprocessed.has(stateTable),
      };
    };
    const remembered = async (stateKey: StateKey, found: Awaited<ReturnType<typeof get>>): Promise<Remembered> => {
      if (found.isThrottled) throw new Error(`the state table ${stateTable} is throttled`);
      const itemsOf = <Value>(keys: readonly string[], idOf: typeof groupItemId, read: (item: Item) => Value) =>
        new Map(
          keys.flatMap((key) => {
            const item = found.states.get(idOf(key, stateKey));
            return item === undefined ? [] : [[key, read(item)] as const];
          }),
        );
      const kept = {
        groups: itemsOf(groups, groupItemId, readGroup),
        trails: itemsOf(trails, trailItemId, readTrail),
        sessionStarts: withoutNull(itemsOf(sessions, sessionItemId, readSessionStart)),
      };
      if (users.length === 0) return { states: new Map<UserKey, UserState>(), ...kept };
      const since = readWatching(found.states.get(watchingId));
      if (since === null) {
        starting ??= startWatching(dynamodb, stateTable, new Date(), watchingPatience).finally(() => {
          starting = null;
        });
      }
      const watchedSince = since ?? (await starting);
      const states = new Map(users.map((user) => [user, readStates(user, stateKey, found.states, watchedSince)]));
      return { states, ...kept };
    };
    const rememberedIds = (stateKey: StateKey) => [
      ...(users.length === 0 ? [] : [watchingId]),
      ...users.flatMap((user) => userItemIds(user, stateKey)),
      ...groups.map((key) => groupItemId(key, stateKey)),
      ...trails.map((key) => trailItemId(key, stateKey)),
      ...sessions.map((key) => sessionItemId(key, stateKey)),
    ];

    const stateKey = users.length + groups.length + trails.length + sessions.length === 0 ? null : getStateKey(signal);
    const isLate = stateKey instanceof Promise;
    const idsAtOnce = stateKey === null || isLate ? [] : rememberedIds(stateKey);
    const first = get([ofProfiles, ofState([...exceptionIds, ...incidents.map(incidentItemId), ...idsAtOnce])]);
    const readRemembered = async (): Promise<Remembered> => {
      if (stateKey === null)
        return { states: new Map(), groups: new Map(), trails: new Map(), sessionStarts: new Map() };
      if (!isLate) return remembered(stateKey, await first);
      const key = await stateKey;
      return remembered(key, await get([ofState(rememberedIds(key))]));
    };
    const [found, states] = await Promise.all([first, settle(readRemembered())]);
    return {
      locations: readProfiles(found.profiles),
      // In an incomplete answer an exception may be missing: an alert then goes out, and none is lost.
      exceptions: exceptionIds.flatMap((id) => readExceptions(found.states.get(id))),
      incidents: found.isThrottled ? null : readIncidents(incidents, found.states),
      ...states,
    };
  };
}

function readIncidents(ids: readonly string[], items: ReadonlyMap<string, Item>): ReadonlyMap<string, Incident> {
  return new Map(
    ids.flatMap((id) => {
      const incident = readIncident(items.get(incidentItemId(id)));
      return incident === null ? [] : [[id, incident] as const];
    }),
  );
}

/** The state under one key: of the current item, and of the items of earlier releases. */
function readStates(
  user: UserKey,
  stateKey: StateKey,
  items: ReadonlyMap<string, Item>,
  watchedSince: string | null,
): UserState {
  const [own, ...earlier] = userItemIds(user, stateKey);
  const states = earlier.flatMap((id) => (items.has(id) ? [readUserState(items.get(id))] : []));
  return { ...mergeStates(readUserState(items.get(own)), states), watchedSince };
}

/** What is found under hashed ids. */
interface Remembered {
  readonly states: ReadonlyMap<UserKey, UserState>;
  readonly groups: ReadonlyMap<string, StoredGroup>;
  readonly trails: ReadonlyMap<string, StoredTrail>;
  readonly sessionStarts: ReadonlyMap<string, SessionStart>;
}

async function settle(
  reading: Promise<Remembered>,
): Promise<Pick<Findings, "states" | "groups" | "trails" | "sessionStarts" | "statesError">> {
  try {
    return { ...(await reading), statesError: null };
  } catch (error) {
    return { states: null, groups: null, trails: null, sessionStarts: null, statesError: error };
  }
}

function withoutNull<Value>(found: ReadonlyMap<string, Value | null>): ReadonlyMap<string, Value> {
  return new Map([...found].flatMap(([key, value]) => (value === null ? [] : [[key, value] as const])));
}
