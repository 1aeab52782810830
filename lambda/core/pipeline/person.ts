import type { Session } from "../grouping/session.ts";
import { networkAndCountry, rememberedSessionOf, type UserState, unknownUser } from "../history/history.ts";
import { applyChange, mergeStates, remember } from "../history/remember.ts";
import { type RememberedUser, rememberedUser, type UserKey } from "../history/user-key.ts";
import { type LogEvent, publishedTime } from "../okta/log-event.ts";
import { personOf } from "../okta/person.ts";
import type { Findings } from "./ports.ts";

/** The user that an event is about, as what is remembered of users is found; null for an event about no person. */
export function userOf(event: LogEvent): RememberedUser | null {
  return event.once("user", readUser);
}

function readUser(event: LogEvent): RememberedUser | null {
  const person = personOf(event);
  return person && rememberedUser(person);
}

/** The events of a delivery that match, by the key of their user. */
export type EventsByUser = ReadonlyMap<UserKey, readonly LogEvent[]>;

/** Groups events by the key of their user; events about no person are left out. */
export function byUser(events: readonly LogEvent[]): EventsByUser {
  const found = new Map<UserKey, LogEvent[]>();
  for (const event of events) {
    const user = userOf(event);
    if (user !== null) found.set(user.key, [...(found.get(user.key) ?? []), event]);
  }
  return found;
}

/**
 * What is remembered of a user, and what came with the same delivery, before the event: Okta sends events together that are close
 * in time, and the pipeline looks all of them up before it remembers any.
 */
export function withEarlier(state: UserState, beside: readonly LogEvent[], event: LogEvent, now: Date): UserState {
  const time = publishedTime(event.published);
  const earlier = beside.filter(
    (each) => each.uuid !== event.uuid && publishedTime(each.published) <= time && !each.isTest,
  );
  return earlier.reduce(
    (known, each) => applyChange(known, remember(known, networkAndCountry(each), rememberedSessionOf(each, now), now)),
    state,
  );
}

/** What is remembered of a user. */
export interface KnownUser {
  /** What stands under the key that is written. */
  readonly own: UserState;
  /** What stands under all keys of the user together. */
  readonly whole: UserState;
}

/**
 * Finds what is remembered of the session's user in what was looked up.
 *
 * @returns null for an event about no person, or where what is remembered could not be read
 */
export function recallUser(session: Session | null, findings: Findings | null): KnownUser | null {
  const states = findings?.states ?? null;
  if (session === null || states === null) return null;
  const { key, others } = session.user;
  const own = states.get(key) ?? unknownUser;
  return {
    own,
    whole: mergeStates(
      own,
      others.map((other) => states.get(other) ?? unknownUser),
    ),
  };
}
