import {
  countedDays,
  dayBefore,
  dayOf,
  isSameSession,
  type NetworkKey,
  rememberDays,
  type UserState,
} from "./history.ts";
import { type KnownNetwork, type RememberedSession, sessionsOf } from "./remembered-session.ts";
import { isOver, type SuppressionWindow, unreported } from "./suppression-window.ts";

/*
 * The rules of what is remembered of a user: what a session adds, and what is forgotten for it. The store writes a change,
 * and decides nothing.
 */

/** What changes in what is remembered of a user. */
export interface StateChange {
  /** A network, as it is remembered from now on; null where none changes. */
  readonly network: { readonly key: NetworkKey; readonly known: KnownNetwork } | null;
  /** The day that counts one more; null where nothing is counted. */
  readonly counted: { readonly in: "sessions" | "attempts"; readonly day: string } | null;
  readonly forgotten: Forgotten;
}

/** What is to be forgotten when something new is remembered, so that a user's item stays small. */
export interface Forgotten {
  readonly networks: readonly NetworkKey[];
  readonly sessions: readonly string[];
  readonly attempts: readonly string[];
  readonly windows: readonly NetworkKey[];
}

const nothing: Forgotten = { networks: [], sessions: [], attempts: [], windows: [] };

/** Networks and windows that are remembered of a user: an item of DynamoDB holds far more. */
const maximumNetworks = 50;
const maximumWindows = 50;
/** Windows that left something to report, which no others push out: many attempts must not hide what was suppressed before. */
const maximumUnreported = 100;

const day = 86_400_000;

/**
 * What remembering a session changes. Only a session that succeeded makes its network a known one; an attempt that failed is
 * counted. A session without a network is counted alone, and one that is remembered already changes nothing.
 *
 * @param state what is remembered of the user; may be old
 * @param network the network of the session, which is not forgotten; null where the event tells none
 * @param session null when there is nothing to remember: then only what is too old, or too much, changes
 */
export function remember(
  state: UserState,
  network: NetworkKey | null,
  session: RememberedSession | null,
  now: Date,
): StateChange {
  const forgotten = forget(state, network, now);
  if (session === null) return { network: null, counted: null, forgotten };
  const before = network === null ? undefined : state.networks.get(network);
  if (before?.eventUuid === session.eventUuid || before?.before?.eventUuid === session.eventUuid) {
    return { network: null, counted: null, forgotten: nothing };
  }
  // Okta may write several starts of one session: they are one session.
  const isSame = ({ rootSessionId }: RememberedSession) => isSameSession(rootSessionId, session.rootSessionId);
  const isCounted = session.gotIn && [...state.networks.values()].flatMap(sessionsOf).some(isSame);
  const counted = isCounted ? null : ({ in: session.gotIn ? "sessions" : "attempts", day: dayOf(session) } as const);
  const known = network === null || !session.gotIn ? before : place(before, session);
  const put = network === null || known === undefined || known === before ? null : { key: network, known };
  if (put === null && counted === null) return { network: null, counted: null, forgotten: nothing };
  return {
    network: put,
    counted,
    // What is counted from now on is not forgotten by the same change.
    forgotten:
      counted === null
        ? forgotten
        : { ...forgotten, [counted.in]: forgotten[counted.in].filter((each) => each !== counted.day) },
  };
}

/** A change that leaves a window in place: the same update writes the window, and DynamoDB refuses one that does both. */
export function keepWindow(change: StateChange, fingerprint: string | null): StateChange {
  const { forgotten } = change;
  return { ...change, forgotten: { ...forgotten, windows: forgotten.windows.filter((each) => each !== fingerprint) } };
}

/** What is remembered after a change. */
export function applyChange(state: UserState, { network, counted, forgotten }: StateChange): UserState {
  const networks = without(state.networks, forgotten.networks);
  const days = {
    sessions: without(state.sessions, forgotten.sessions),
    attempts: without(state.attempts, forgotten.attempts),
  };
  const counts = counted === null ? {} : { [counted.in]: plusOne(days[counted.in], counted.day) };
  return {
    ...state,
    networks: network === null ? networks : new Map(networks).set(network.key, network.known),
    ...days,
    ...counts,
    windows: without(state.windows, forgotten.windows),
  };
}

/** The same map where nothing of it is forgotten. */
function without<Value>(all: ReadonlyMap<string, Value>, keys: readonly string[]): ReadonlyMap<string, Value> {
  if (keys.length === 0) return all;
  return new Map([...all].filter(([key]) => !keys.includes(key)));
}

function plusOne(counts: ReadonlyMap<string, number>, day: string): ReadonlyMap<string, number> {
  return new Map(counts).set(day, (counts.get(day) ?? 0) + 1);
}

/**
 * What is remembered of one person under several keys, as one state.
 *
 * @param own what is remembered under the key that is written: alerts are suppressed by its windows alone
 */
export function mergeStates(own: UserState, others: readonly UserState[]): UserState {
  const addsNothing = (other: UserState) =>
    other.networks.size === 0 && other.sessions.size === 0 && other.attempts.size === 0;
  if (others.every(addsNothing)) return own;
  const networks = new Map(own.networks);
  const sessions = new Map(own.sessions);
  const attempts = new Map(own.attempts);
  const add = (sums: Map<string, number>, days: ReadonlyMap<string, number>) => {
    for (const [each, count] of days) sums.set(each, (sums.get(each) ?? 0) + count);
  };
  for (const other of others) {
    for (const [key, known] of other.networks) {
      for (const session of sessionsOf(known).toReversed()) networks.set(key, place(networks.get(key), session));
    }
    add(sessions, other.sessions);
    add(attempts, other.attempts);
  }
  return { ...own, networks, sessions, attempts };
}

/**
 * Puts a session in its place among those of its network, by when Okta published them: events come out of order. The last one
 * stays, and before it the last one of another session, so that no session's own start makes its network a known one.
 */
function place(known: KnownNetwork | undefined, session: RememberedSession): KnownNetwork {
  if (known === undefined) return { ...session, before: null };
  const { before, ...last } = known;
  const isSame = isSameSession(last.rootSessionId, session.rootSessionId);
  if (session.at >= last.at) return { ...session, before: isSame ? before : last };
  return isSame || (before !== null && before.at >= session.at) ? known : { ...last, before: session };
}

/**
 * What of a user's state is too old, or too much.
 *
 * @param kept the network that something new is remembered of: never forgotten
 */
export function forget(state: UserState, kept: NetworkKey | null, now: Date): Forgotten {
  const oldest = new Date(now.getTime() - rememberDays * day).toISOString();
  const surplus = <Value>(
    all: ReadonlyMap<NetworkKey, Value>,
    most: number,
    isOver: (value: Value) => boolean,
    age: (value: Value) => number | string,
  ) => {
    if (all.size < most && ![...all.values()].some(isOver)) return [];
    const others = [...all].filter(([key]) => key !== kept).sort(([, a], [, b]) => (age(a) > age(b) ? -1 : 1));
    return others.filter(([, value], index) => index >= most - 1 || isOver(value)).map(([key]) => key);
  };
  const oldestDay = dayBefore(now, countedDays);
  const oldDays = (days: ReadonlyMap<string, number>) => [...days.keys()].filter((each) => each < oldestDay);
  return {
    networks: surplus(
      state.networks,
      maximumNetworks,
      ({ at }) => at < oldest,
      ({ at }) => at,
    ),
    sessions: oldDays(state.sessions),
    attempts: oldDays(state.attempts),
    windows: forgottenWindows(state, now),
  };
}

/** The windows that are too old, or too many. What one suppressed is still to be reported. */
function forgottenWindows({ windows }: UserState, now: Date): readonly NetworkKey[] {
  const isForgotten = (window: SuppressionWindow) =>
    isOver(window, now.getTime()) || window.openedAt <= now.getTime() - countedDays * day;
  // Neither too many of those that are reported, nor of the others.
  if (windows.size < maximumWindows && ![...windows.values()].some(isForgotten)) return [];
  const newestFirst = [...windows].sort(([, a], [, b]) => b.openedAt - a.openedAt);
  const living = newestFirst.filter(([, window]) => !isForgotten(window));
  const isReported = ([, window]: (typeof living)[number]) => unreported(window).count === 0;
  const kept = [
    ...living.filter(isReported).slice(0, maximumWindows - 1),
    ...living.filter((each) => !isReported(each)).slice(0, maximumUnreported),
  ];
  const keptKeys = new Set(kept.map(([key]) => key));
  return newestFirst.flatMap(([key]) => (keptKeys.has(key) ? [] : [key]));
}
