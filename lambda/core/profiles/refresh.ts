import { object } from "../okta/lenient.ts";
import type { LogEvent } from "../okta/log-event.ts";

/** Event types after which a user's locations may have changed: those that an event hook delivers. */
export const refreshingEventTypes: ReadonlySet<string> = new Set([
  "user.account.update_profile",
  "user.lifecycle.activate",
  "user.lifecycle.create",
  "user.lifecycle.deactivate",
  "user.lifecycle.delete.initiated",
  "user.lifecycle.reactivate",
]);

/** A user whose profile has to be fetched again. */
export interface Refresh {
  readonly userId: string;
  readonly login: string | null;
}

/** The users whose profiles these events changed, each once: the subjects of the events, not their actors. */
export function refreshesOf(events: readonly LogEvent[]): Refresh[] {
  const found = new Map<string, Refresh>();
  for (const event of events) {
    if (!refreshingEventTypes.has(event.eventType)) continue;
    for (const target of event.fields.target) {
      if (target === null || target.type?.toLowerCase() !== "user" || target.id === null) continue;
      found.set(target.id, { userId: target.id, login: target.alternateId });
    }
  }
  return [...found.values()];
}

/** A refresh as a message of its queue. */
export function writeRefresh(user: Refresh): string {
  return JSON.stringify(user);
}

/**
 * Reads what {@link writeRefresh} wrote.
 *
 * @throws for any other message
 */
export function readRefresh(body: string): Refresh {
  const { userId, login } = object(JSON.parse(body)) ?? {};
  if (typeof userId !== "string" || (login !== null && typeof login !== "string")) {
    throw new TypeError("the message is no refresh of a user: expected userId and login");
  }
  return { userId, login };
}
