import {
  type GroupStore,
  missingGroup,
  partsAfter,
  type StoredGroup,
} from "../../lambda/core/correlation/group-store.ts";
import { type UserState, unknownUser } from "../../lambda/core/history/history.ts";
import { applyChange, type StateChange } from "../../lambda/core/history/remember.ts";
import { isOver, type SuppressionWindow } from "../../lambda/core/history/suppression-window.ts";
import type { UserKey } from "../../lambda/core/history/user-key.ts";
import type { UserStates } from "../../lambda/core/history/user-states.ts";
import { type Incident, incidentDays, maximumShown } from "../../lambda/core/incidents/incident.ts";
import type { Incidents } from "../../lambda/core/incidents/incidents.ts";
import type { ClaimResult, Claims } from "../../lambda/core/pipeline/claims.ts";
import { firstOf, type SessionStart, sessionDays } from "../../lambda/core/session-start/session-start.ts";
import type { SessionStartStore } from "../../lambda/core/session-start/session-start-store.ts";
import {
  type GatheredPerson,
  type GatheringKey,
  hourMilliseconds,
  maximumGathered,
} from "../../lambda/core/storms/gathering.ts";
import type { SourceKey } from "../../lambda/core/storms/source.ts";
import type { Sources } from "../../lambda/core/storms/sources.ts";
import { isOver as isStormOver, isUnwatched, maximumUsers, type Storm } from "../../lambda/core/storms/storm.ts";
import { emptyTrail, trailDays } from "../../lambda/core/travel/trail.ts";
import type { StoredTrail, TrailStore } from "../../lambda/core/travel/trail-store.ts";

/*
 * The pipeline's stores of the state table, in memory. The interfaces document each method; here every call completes
 * at once, for one pipeline that handles one event after the other.
 */

/** The time for which results are kept, as in the state table. */
const rememberMilliseconds = 7 * 86_400_000;

/** Claims in memory. Results expire after seven days by this clock. */
export function memoryClaims(now: () => Date): Claims {
  const ends = new Map<string, { readonly end: ClaimResult; readonly until: number }>();
  const forget = () => {
    for (const [key, { until }] of ends) {
      if (until > now().getTime()) return;
      ends.delete(key);
    }
  };
  const find = async (key: string) => {
    const found = ends.get(key);
    return found === undefined ? null : ({ kind: "done", end: found.end } as const);
  };
  return {
    async claim(key) {
      forget();
      return (await find(key)) ?? { kind: "claimed", unconfirmed: 0 };
    },
    async complete(key, end) {
      ends.set(key, { end, until: now().getTime() + rememberMilliseconds });
    },
    async release() {},
    find,
  };
}

interface MemoryGathering {
  readonly persons: Map<string, GatheredPerson & { readonly event: string }>;
  more: number;
  parked: boolean;
  closed: boolean;
}

/** Sources, in memory. */
export function memorySources(): Sources {
  /** A storm with the numbers of its attempts, by the keys of their events. */
  const storms = new Map<SourceKey, Storm & { readonly keys: Map<string, number> }>();
  const find = (source: SourceKey, since: number) => {
    const storm = storms.get(source);
    return storm?.since === since ? storm : null;
  };
  /** The persons of an hour, with the key of the event that counted each. */
  const hours = new Map<SourceKey, { readonly since: number; readonly persons: Map<string, string> }>();
  const gatherings = new Map<string, MemoryGathering>();
  const nameOf = ({ source, start }: GatheringKey) => `${start} ${source}`;
  return {
    read: async (source) => storms.get(source) ?? null,
    async gather(gathering, { key, person, ...signIn }) {
      const name = nameOf(gathering);
      const all: MemoryGathering = gatherings.get(name) ?? {
        persons: new Map(),
        more: 0,
        parked: false,
        closed: false,
      };
      gatherings.set(name, all);
      if (all.closed) return null;
      const known = all.persons.get(person);
      if (known !== undefined && known.event !== key) {
        all.persons.set(person, { ...known, event: key, count: known.count + 1 });
      } else if (known === undefined && all.persons.size >= maximumGathered) all.more += 1;
      else if (known === undefined) all.persons.set(person, { ...signIn, event: key, count: 1 });
      return { parked: all.parked };
    },
    async setParked(gathering) {
      const all = gatherings.get(nameOf(gathering));
      if (all !== undefined) all.parked = true;
    },
    async close(gathering) {
      const all = gatherings.get(nameOf(gathering));
      if (all === undefined) return null;
      all.closed = true;
      return { persons: [...all.persons.values()], more: all.more, parked: all.parked };
    },
    async count(source, { key, succeeded, login, person, reasons }, { stormAfter, sourceAlertsPerHour }, now) {
      const time = now.getTime();
      const seen = storms.get(source) ?? null;
      if (succeeded) {
        if (sourceAlertsPerHour === 0) return { isNew: false, number: 0, isSurplus: false, storm: seen };
        const before = hours.get(source);
        const isCurrent = before !== undefined && before.since > time - hourMilliseconds;
        const { persons } = isCurrent ? before : { persons: new Map<string, string>() };
        if (!isCurrent) hours.set(source, { since: time, persons });
        const isSurplus = !persons.has(person) && persons.size >= sourceAlertsPerHour;
        if (!isSurplus && !persons.has(person)) persons.set(person, key);
        return { isNew: persons.get(person) === key, number: 0, isSurplus, storm: seen };
      }
      const before = seen === null || isStormOver(seen, stormAfter, time) ? null : seen;
      const known = before?.keys.get(key);
      if (known !== undefined) return { isNew: false, number: known, isSurplus: false, storm: before };
      const number = (before?.attempts ?? 0) + 1;
      const users = before?.users ?? new Map<string, number>();
      const isNamed = users.has(login) || users.size < maximumUsers;
      const storm = {
        ...(before ?? { since: time, succeeded: new Map(), watcher: null, watchBy: null, reported: 0, ended: false }),
        last: time,
        attempts: number,
        users: isNamed ? plus(users, login) : users,
        more: (before?.more ?? 0) + (isNamed ? 0 : 1),
        reasons: reasons.reduce(plus, before?.reasons ?? new Map<string, number>()),
        keys: (before?.keys ?? new Map<string, number>()).set(key, number),
      };
      storms.set(source, storm);
      return { isNew: true, number, isSurplus: false, storm };
    },
    async takeBack(source, { key, login, person, succeeded }, since) {
      const persons = hours.get(source)?.persons;
      if (succeeded && persons?.get(person) === key) persons.delete(person);
      if (succeeded) return;
      const storm = find(source, since);
      if (storm?.keys.delete(key) !== true) return;
      const users = new Map(storm.users);
      const count = users.get(login) ?? 0;
      if (count > 1) users.set(login, count - 1);
      else users.delete(login);
      storms.set(source, { ...storm, attempts: storm.attempts - 1, users, more: storm.more - (count > 0 ? 0 : 1) });
    },
    async addSuccess(source, { key, login }, since) {
      const storm = find(source, since);
      if (storm === null || storm.keys.has(key)) return;
      storm.keys.set(key, 0);
      storms.set(source, { ...storm, succeeded: plus(storm.succeeded, login) });
    },
    async addReasons(source, { key, reasons }, since) {
      const storm = find(source, since);
      if (storm === null || storm.ended || storm.keys.has(key)) return;
      storm.keys.set(key, 0);
      storms.set(source, { ...storm, reasons: reasons.reduce(plus, storm.reasons) });
    },
    async watch(source, since, { id, by, reported }, now) {
      const storm = find(source, since);
      if (storm === null || storm.ended) return false;
      if (storm.watcher !== null && storm.watcher !== id && !isUnwatched(storm, now)) return false;
      storms.set(source, { ...storm, watcher: id, watchBy: by, reported: reported ?? storm.reported });
      return true;
    },
    async end(source, { since, attempts }) {
      const storm = find(source, since);
      if (storm === null || storm.attempts !== attempts) return false;
      storms.set(source, { ...storm, ended: true });
      return true;
    },
  };
}

function plus(counts: ReadonlyMap<string, number>, name: string): Map<string, number> {
  return new Map(counts).set(name, (counts.get(name) ?? 0) + 1);
}

/** Users' states, in memory; `get` returns the current state under a key. */
export function memoryStates(): UserStates & { readonly get: (user: UserKey) => UserState } {
  const users = new Map<UserKey, UserState>();
  const get = (user: UserKey) => users.get(user) ?? unknownUser;
  const setWindow = (user: UserKey, window: SuppressionWindow) => {
    const state = get(user);
    users.set(user, { ...state, windows: new Map(state.windows).set(window.fingerprint, window) });
  };
  /** DynamoDB refuses an update that writes a window and removes it. */
  const change = (user: UserKey, made: StateChange, written: string | null) => {
    if (written !== null && made.forgotten.windows.includes(written)) throw new Error("two document paths overlap");
    users.set(user, applyChange(get(user), made));
  };
  return {
    get,
    read: async (user) => get(user),
    async open(user, seen, window) {
      const before = get(user).windows.get(window.fingerprint) ?? null;
      const isFree =
        seen === "unknown" ? before === null || isOver(before, window.openedAt) : isSameWindow(before, seen);
      if (isFree) setWindow(user, window);
      return isFree;
    },
    async suppress(user, { fingerprint, id }, made) {
      const before = get(user).windows.get(fingerprint);
      if (before?.id !== id) return null;
      const suppressed = before.suppressed + 1;
      setWindow(user, { ...before, suppressed });
      change(user, made, fingerprint);
      return suppressed;
    },
    async record(user, ended, made) {
      const before = ended === null ? undefined : get(user).windows.get(ended.fingerprint);
      if (ended !== null && before?.id === ended.id) {
        const { published, until } = ended;
        setWindow(user, { ...before, published, until });
      }
      change(user, made, ended?.fingerprint ?? null);
    },
  };
}

/** A store in memory, of which `find` returns what there is under some keys. */
type Findable<Store, Value> = Store & { readonly find: (keys: Iterable<string>) => ReadonlyMap<string, Value> };
/** The same; `forget` forgets what is over by a time (milliseconds since 1970), as the state table does. */
type Forgetting<Store, Value> = Findable<Store, Value> & { readonly forget: (now: number) => void };

/** The entries of these keys that there are. */
export function pick<Value>(all: ReadonlyMap<string, Value>, keys: Iterable<string>): ReadonlyMap<string, Value> {
  const found = new Map<string, Value>();
  for (const key of keys) {
    const value = all.get(key);
    if (value !== undefined) found.set(key, value);
  }
  return found;
}

/** No incidents: an alert is the first of its own. */
export const noIncidents: ReturnType<typeof memoryIncidents> = {
  find: () => new Map(),
  record: async () => {},
  read: async () => null,
};

/** Incidents in memory, of which those with alerts are found. They are forgotten as in the state table, by the times of their alerts. */
export function memoryIncidents(): Findable<Incidents, Incident> {
  // In order of their last change.
  const incidents = new Map<string, Incident>();
  const forget = (now: Date) => {
    const oldest = new Date(now.getTime() - incidentDays * 86_400_000).toISOString();
    for (const [id, { changed }] of incidents) {
      if (changed >= oldest) return;
      incidents.delete(id);
    }
  };
  return {
    find: (ids) => pick(incidents, ids),
    async record({ incident: id, alert, user, now }) {
      const before = incidents.get(id);
      if (before?.alerts.some(({ alertId }) => alertId === alert.alertId)) return;
      incidents.delete(id);
      forget(now);
      const alerts = [...(before?.alerts ?? []), alert].slice(-maximumShown);
      const verdict = before?.verdict ?? null;
      incidents.set(id, { id, changed: now.toISOString(), user, alerts, count: (before?.count ?? 0) + 1, verdict });
    },
    read: async (id) => incidents.get(id) ?? null,
  };
}

/** Groups of correlations, in memory. */
export type MemoryGroups = Forgetting<GroupStore, StoredGroup>;

/** Creates them. What no window of an event from a time on reaches is forgotten by it. */
export function memoryGroups(): MemoryGroups {
  const groups = new Map<string, StoredGroup>();
  return {
    find: (keys) => pick(groups, keys),
    read: async (keys) => pick(groups, keys),
    async write(key, change) {
      const before = groups.get(key) ?? missingGroup;
      const { version } = change.seen;
      if (before.version !== version) return before;
      groups.set(key, { parts: partsAfter(change, 0, 0), version: version + 1 });
      return null;
    },
    forget(now) {
      for (const [key, { parts, version }] of groups) {
        const left = new Map([...parts].filter(([, { until }]) => until >= now));
        if (left.size === 0) groups.delete(key);
        else if (left.size < parts.size) groups.set(key, { parts: left, version });
      }
    },
  };
}

/** Trails in memory, by their person. */
export function memoryTrails(): Forgetting<TrailStore, StoredTrail> {
  const trails = new Map<string, StoredTrail>();
  return {
    find: (travellers) => pick(trails, travellers),
    async write(traveller, trail, seen) {
      const before = trails.get(traveller) ?? { trail: emptyTrail, version: 0 };
      if (before.version !== seen) return before;
      trails.set(traveller, { trail, version: seen + 1 });
      return null;
    },
    forget(now) {
      for (const [key, { trail }] of trails) {
        const newest = Math.max(...trail.stops.map(({ at }) => at));
        if (newest < now - trailDays * 86_400_000) trails.delete(key);
      }
    },
  };
}

/** Starts of sessions in memory, by their session. */
export function memorySessionStarts(): Forgetting<SessionStartStore, SessionStart> {
  const starts = new Map<string, SessionStart>();
  return {
    find: (sessions) => pick(starts, sessions),
    async keep(session, start) {
      const first = firstOf([starts.get(session) ?? null, start]) ?? start;
      starts.set(session, first);
      return first;
    },
    forget(now) {
      for (const [key, { at }] of starts) if (at < now - sessionDays * 86_400_000) starts.delete(key);
    },
  };
}

function isSameWindow(window: SuppressionWindow | null, seen: SuppressionWindow | null): boolean {
  return window?.id === seen?.id && window?.suppressed === seen?.suppressed && window?.published === seen?.published;
}
