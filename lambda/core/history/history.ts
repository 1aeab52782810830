import { exitNode } from "../okta/exit-node.ts";
import { type LogEvent, publishedTime, sessionStart } from "../okta/log-event.ts";
import { networkKey } from "../okta/network-key.ts";
import { succeeded } from "../okta/outcome.ts";
import { isUnknown } from "../okta/person.ts";
import { type KnownNetwork, type RememberedSession, sessionsOf } from "./remembered-session.ts";
import type { SuppressionWindow } from "./suppression-window.ts";
import type { Verdict } from "./verdict.ts";

/** What is remembered of a user. All of it is bounded, and gone {@link rememberDays} days after the last session. */
export interface UserState {
  /** The networks that the user got in from. */
  readonly networks: ReadonlyMap<NetworkKey, KnownNetwork>;
  /** Sessions started by day (`2026-11-24`, UTC). */
  readonly sessions: ReadonlyMap<string, number>;
  /** Attempts that did not get in, by day. */
  readonly attempts: ReadonlyMap<string, number>;
  /** What holds further alerts back, by network. */
  readonly windows: ReadonlyMap<NetworkKey, SuppressionWindow>;
  /** How the last incident of each fingerprint was judged. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** Since when the deployment has watched (ISO 8601, UTC): before it, nothing could be remembered. Null when not known. */
  readonly watchedSince: string | null;
}

/** A network, as `networkKey` writes it, and its country: `AS64500|CA`, or `198.51.100.0/24|CA`. */
export type NetworkKey = string;

/** The network of an event with its country, which may be unknown. Null where nothing tells the network. */
export function networkAndCountry(event: LogEvent): NetworkKey | null {
  const network = networkKey(event);
  return network === null ? null : `${network}|${exitNode(event).countryCode ?? ""}`;
}

/** A user of whom nothing is remembered. */
export const unknownUser: UserState = {
  networks: new Map(),
  sessions: new Map(),
  attempts: new Map(),
  windows: new Map(),
  verdicts: new Map(),
  watchedSince: null,
};

/** As long as Okta keeps its System Log: what is older cannot be looked up there either. */
export const rememberDays = 90;
/** Days over which sessions are counted. */
export const countedDays = 30;

const day = 86_400_000;

/** What an alert tells of the user's earlier proxied sessions, as far as they are remembered. */
export interface AlertHistory {
  /** Since when the deployment has watched (ISO 8601, UTC); null when that is not known. */
  readonly since: string | null;
  /** Whether no proxied session of this user is remembered, beside the one that the event is of. */
  readonly firstTime: boolean;
  /** Whether none is from this autonomous system; null when the event does not tell which it is. */
  readonly firstTimeForAsn: boolean | null;
  /**
   * Whether none is from this network: the autonomous system; where Okta does not know it, the /24 or /64. Null when the event
   * tells neither.
   */
  readonly firstTimeForNetwork: boolean | null;
  /** Whether none is from this country; null when the event does not tell which it is. */
  readonly firstTimeForCountry: boolean | null;
  /**
   * Whether one from this network, through the same kind of network and operator, is at least a day older than the event: one of the same
   * hour may be of the same attacker, and makes no network a known one. Null when the event tells no network.
   */
  readonly knownNetwork: boolean | null;
  /** Whether one from this country is at least a day older than the event; null when the event does not tell which it is. */
  readonly knownCountry: boolean | null;
  /** The last one before this. */
  readonly last: Omit<RememberedSession, "eventUuid" | "gotIn" | "rootSessionId"> | null;
  /** Proxied sessions in the 30 days before this. */
  readonly sessionsIn30Days: number;
  /** Attempts in the 30 days before this that did not get in. */
  readonly failedIn30Days: number;
}

/** What is to be remembered of an event; null when it is no session start through a proxy. */
export function rememberedSessionOf(event: LogEvent, now: Date): RememberedSession | null {
  if (event.eventType !== sessionStart) return null;
  const { asNumber, countryCode, network } = exitNode(event);
  if (network.verdict !== true) return null;
  const [service] = network.services;
  return {
    eventUuid: event.uuid,
    at: timeOf(event, now),
    gotIn: succeeded(event.fields.outcome?.result ?? null),
    rootSessionId: sessionOf(event),
    asNumber,
    asOrg: event.fields.securityContext?.asOrg?.slice(0, 200) ?? null,
    countryCode,
    type: service?.type?.slice(0, 100) ?? null,
    operator: service?.operator?.slice(0, 100) ?? null,
  };
}

/** What stands before the id of an external session, which tells an act's session where Okta gives no root session. */
const externalPrefix = "external#";

/** The session that an event is of: the root session, or, where Okta gives none, the external one. Okta writes `unknown` where it does not know. */
export function sessionOf({ fields: { authenticationContext } }: LogEvent): string | null {
  const { rootSessionId = null, externalSessionId = null } = authenticationContext ?? {};
  if (rootSessionId !== null && !isUnknown(rootSessionId)) return rootSessionId.slice(0, 100);
  return externalSessionId === null || isUnknown(externalSessionId)
    ? null
    : externalPrefix + externalSessionId.slice(0, 100);
}

/**
 * Whether two session starts are of one session, by the root session: the external one changes while a user logs in, and tells
 * nothing of two starts.
 */
export function isSameSession(first: string | null, second: string | null): boolean {
  return first !== null && first === second && !first.startsWith(externalPrefix);
}

/** When an event was published (ISO 8601, UTC). A time of ages ago, or to come, is none that can be remembered by. */
function timeOf(event: LogEvent, now: Date): string {
  const time = publishedTime(event.published);
  return (Math.abs(time - now.getTime()) < rememberDays * day ? new Date(time) : now).toISOString();
}

/**
 * What is remembered of a user, as an alert about this event tells of it: what was published before the event, in other
 * sessions than its own.
 */
export function summarizeHistory(state: UserState, event: LogEvent, now: Date): AlertHistory {
  const { asNumber, countryCode, network: anonymous } = exitNode(event);
  const time = timeOf(event, now);
  const settled = new Date(Date.parse(time) - day).toISOString();
  const oldest = new Date(Date.parse(time) - rememberDays * day).toISOString();
  const session = sessionOf(event);
  const isAct = event.eventType !== sessionStart;
  const isOwn = ({ eventUuid, rootSessionId }: RememberedSession) =>
    // An event that is handled once more has been remembered already.
    eventUuid === event.uuid ||
    (isAct ? session !== null && rootSessionId === session : isSameSession(rootSessionId, session));
  const isEarlier = (session: RememberedSession) => session.at <= time && !isOwn(session);
  const seen = [...state.networks].map(([key, known]) => ({ part: networkPart(key), sessions: sessionsOf(known) }));
  const earlier = seen.flatMap(({ part, sessions }) => {
    const session = sessions.find((each) => isEarlier(each) && each.at >= oldest);
    return session === undefined ? [] : [{ part, session }];
  });
  const known = earlier.map(({ session }) => session);
  const last = known.reduce<RememberedSession | null>(
    (best, each) => (best === null || each.at > best.at ? each : best),
    null,
  );
  const days = countedDaysBefore(time);
  const others = seen.flatMap(({ sessions }) => sessions).filter((each) => !isEarlier(each) && days(dayOf(each)));
  const sessionsIn30Days = Math.max(0, countOn(state.sessions, days) - others.length);
  // Sessions that are counted, and of which no network is remembered, may have been from any.
  const isTold = known.length > 0 || sessionsIn30Days === 0;
  const firstTimeForAsn = asNumber === null || !isTold ? null : !known.some((each) => each.asNumber === asNumber);
  const network = networkKey(event);
  const old = seen.flatMap(({ part, sessions }) =>
    sessions
      .filter((each) => isEarlier(each) && each.at >= oldest && each.at <= settled)
      .map((session) => ({ part, session })),
  );
  const service = anonymous.services[0] ?? { type: null, operator: null };
  const isAlike = ({ type, operator }: RememberedSession) =>
    type === (service.type?.slice(0, 100) ?? null) && operator === (service.operator?.slice(0, 100) ?? null);
  return {
    since: state.watchedSince,
    firstTime: known.length === 0 && sessionsIn30Days === 0,
    firstTimeForAsn,
    firstTimeForNetwork:
      firstTimeForAsn ?? (network === null || !isTold ? null : !earlier.some(({ part }) => part === network)),
    firstTimeForCountry:
      countryCode === null || !isTold ? null : !known.some((each) => each.countryCode === countryCode),
    knownNetwork: network === null ? null : old.some(({ part, session }) => part === network && isAlike(session)),
    knownCountry: countryCode === null ? null : old.some(({ session }) => session.countryCode === countryCode),
    last: last && shownOf(last),
    sessionsIn30Days,
    failedIn30Days: countOn(state.attempts, days),
  };
}

/** What an alert shows of a session. */
function shownOf({ eventUuid: _uuid, gotIn: _gotIn, rootSessionId: _session, ...session }: RememberedSession) {
  return session;
}

/**
 * Whether a session of another event is remembered, published before the event or after it: Okta delivers events in any order, and
 * what comes late is no person's first.
 */
export function hasOtherSession(state: UserState, event: LogEvent, now: Date): boolean {
  const oldest = new Date(now.getTime() - rememberDays * day).toISOString();
  const sessions = [...state.networks.values()].flatMap(sessionsOf);
  if (sessions.some(({ eventUuid, at }) => eventUuid !== event.uuid && at >= oldest)) return true;
  // Sessions are counted, too, of which no network is remembered.
  const own = sessions.some(({ eventUuid }) => eventUuid === event.uuid) ? 1 : 0;
  const since = dayBefore(now, countedDays);
  return countOn(state.sessions, (each) => each >= since) > own;
}

/** A network without its country, which is named by itself. */
function networkPart(key: NetworkKey): string {
  return key.split("|", 1)[0] ?? "";
}

/** The day of a session (`2026-11-24`, UTC). */
export function dayOf({ at }: Pick<RememberedSession, "at">): string {
  return at.slice(0, 10);
}

/** Tells the days that are counted for an event of this time: its own, and those before. */
function countedDaysBefore(time: string): (day: string) => boolean {
  const [first, last] = [dayBefore(new Date(time), countedDays), dayOf({ at: time })];
  return (each) => each >= first && each <= last;
}

function countOn(counts: ReadonlyMap<string, number>, isCounted: (day: string) => boolean): number {
  return [...counts].reduce((sum, [each, count]) => (isCounted(each) ? sum + count : sum), 0);
}

/** The day (`2026-11-24`, UTC) so many days before. */
export function dayBefore(now: Date, days: number): string {
  return new Date(now.getTime() - days * day).toISOString().slice(0, 10);
}
