import { exitNode } from "../okta/exit-node.ts";
import { type LogEvent, publishedTime, sessionStart } from "../okta/log-event.ts";
import { gotIn } from "../okta/outcome.ts";
import type { SuppressionWindow } from "./suppression.ts";

/** A session that a user started, or tried to, through a proxy: what is remembered of it. */
export interface Sighting {
  readonly eventUuid: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Whether the user got in: only then does the network count as known. */
  readonly gotIn: boolean;
  readonly asNumber: number | null;
  readonly asOrg: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string | null;
  readonly type: string | null;
  readonly operator: string | null;
}

/** What is remembered of a user. All of it is bounded, and gone {@link rememberDays} days after the last session. */
export interface UserState {
  /** The last session of each network. */
  readonly networks: ReadonlyMap<NetworkKey, Sighting>;
  /** Sessions started by day (`2026-11-24`, UTC). */
  readonly sessions: ReadonlyMap<string, number>;
  /** Attempts that did not get in, by day. */
  readonly attempts: ReadonlyMap<string, number>;
  /** What holds further alerts back, by network. */
  readonly windows: ReadonlyMap<NetworkKey, SuppressionWindow>;
}

/** An autonomous system and a country: `64500|CA`; either may be unknown. */
export type NetworkKey = string;

/** A user of whom nothing is remembered. */
export const unknownUser: UserState = {
  networks: new Map(),
  sessions: new Map(),
  attempts: new Map(),
  windows: new Map(),
};

/** As long as Okta keeps its System Log: what is older cannot be looked up there either. */
export const rememberDays = 90;
/** Days over which sessions are counted. */
const countedDays = 30;
/** Networks and windows that are remembered of a user: an item of DynamoDB holds far more. */
const maximumNetworks = 50;
const maximumWindows = 20;

const day = 86_400_000;

/** What an alert tells of the user's earlier proxied sessions, as far as they are remembered. */
export interface AlertHistory {
  /** Whether no proxied session of this user is remembered. */
  readonly firstTime: boolean;
  /** Whether none is from this autonomous system; null when the event does not tell which it is. */
  readonly firstTimeForAsn: boolean | null;
  /** Whether none is from this country; null when the event does not tell which it is. */
  readonly firstTimeForCountry: boolean | null;
  /** The last one before this. */
  readonly last: Omit<Sighting, "eventUuid" | "gotIn"> | null;
  /** Proxied sessions in the 30 days before this. */
  readonly sessionsIn30Days: number;
  /** Attempts in the 30 days before this that did not get in. */
  readonly failedIn30Days: number;
}

/** What is to be remembered of an event; null when it is no session start through a proxy. */
export function sightingOf(event: LogEvent, now: Date): Sighting | null {
  if (event.eventType !== sessionStart) return null;
  const { asNumber, countryCode, network } = exitNode(event);
  if (network.verdict !== true) return null;
  const time = publishedTime(event.published);
  const [service] = network.services;
  return {
    eventUuid: event.uuid,
    // A time of ages ago, or to come, is none that can be remembered by.
    at: (Math.abs(time - now.getTime()) < rememberDays * day ? new Date(time) : now).toISOString(),
    gotIn: gotIn(event.fields.outcome?.result ?? null),
    asNumber,
    asOrg: event.fields.securityContext?.asOrg?.slice(0, 200) ?? null,
    countryCode,
    type: service?.type?.slice(0, 100) ?? null,
    operator: service?.operator?.slice(0, 100) ?? null,
  };
}

/** What is remembered of a user, as an alert about this event tells of it. */
export function summarizeHistory(state: UserState, event: LogEvent, now: Date): AlertHistory {
  const { asNumber, countryCode } = exitNode(event);
  const oldest = new Date(now.getTime() - rememberDays * day).toISOString();
  // An event that is handled once more has been remembered already.
  const known = [...state.networks.values()].filter(({ eventUuid, at }) => eventUuid !== event.uuid && at >= oldest);
  const last = known.reduce<Sighting | null>((best, each) => (best === null || each.at > best.at ? each : best), null);
  return {
    firstTime: known.length === 0,
    firstTimeForAsn: asNumber === null ? null : !known.some((each) => each.asNumber === asNumber),
    firstTimeForCountry: countryCode === null ? null : !known.some((each) => each.countryCode === countryCode),
    last: last && {
      at: last.at,
      asNumber: last.asNumber,
      asOrg: last.asOrg,
      countryCode: last.countryCode,
      type: last.type,
      operator: last.operator,
    },
    sessionsIn30Days: countSince(state.sessions, now),
    failedIn30Days: countSince(state.attempts, now),
  };
}

/** What is to be forgotten when something new is remembered, so that a user's item stays small. */
export interface Forgotten {
  readonly networks: readonly NetworkKey[];
  readonly sessions: readonly string[];
  readonly attempts: readonly string[];
  readonly windows: readonly NetworkKey[];
}

/**
 * What of a user's state is too old, or too much.
 *
 * @param kept the network that something new is remembered of: never forgotten
 */
export function forget(state: UserState, kept: NetworkKey, now: Date): Forgotten {
  const oldest = new Date(now.getTime() - rememberDays * day).toISOString();
  const surplus = <Value>(
    all: ReadonlyMap<NetworkKey, Value>,
    most: number,
    isOver: (value: Value) => boolean,
    age: (value: Value) => number | string,
  ) => {
    const others = [...all].filter(([key]) => key !== kept).sort(([, a], [, b]) => (age(a) > age(b) ? -1 : 1));
    return others.filter(([, value], index) => index >= most - 1 || isOver(value)).map(([key]) => key);
  };
  const oldDays = (days: ReadonlyMap<string, number>) =>
    [...days.keys()].filter((each) => each < dayBefore(now, countedDays));
  return {
    networks: surplus(
      state.networks,
      maximumNetworks,
      ({ at }) => at < oldest,
      ({ at }) => at,
    ),
    sessions: oldDays(state.sessions),
    attempts: oldDays(state.attempts),
    // What was held back is still to be told of by the next alert.
    windows: surplus(
      state.windows,
      maximumWindows,
      ({ until, heldBack }) => until <= now.getTime() && (heldBack === 0 || until <= now.getTime() - countedDays * day),
      ({ openedAt }) => openedAt,
    ),
  };
}

/** The day of a sighting (`2026-11-24`, UTC). */
export function dayOf({ at }: Sighting): string {
  return at.slice(0, 10);
}

function countSince(days: ReadonlyMap<string, number>, now: Date): number {
  const first = dayBefore(now, countedDays);
  return [...days].reduce((sum, [each, count]) => (each >= first ? sum + count : sum), 0);
}

function dayBefore(now: Date, days: number): string {
  return new Date(now.getTime() - days * day).toISOString().slice(0, 10);
}
