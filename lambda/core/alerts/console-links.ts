import { type LogEvent, publishedTime } from "../okta/log-event.ts";
import { personOf } from "../okta/person.ts";
import { masked } from "../okta/stranger.ts";
import type { Alert } from "./alert-schema.ts";

const hour = 3_600_000;
const day = 24 * hour;

/**
 * Links that open the Okta admin console: the event in the System Log, what the user did a day before and after it, all of
 * the session, what came from the address in the week before, the user's own page, and that of the first other user that it was done to.
 *
 * @param org the org's domain
 */
export function consoleLinks(org: string | null, event: LogEvent): Omit<Alert["links"], "map"> {
  const host = adminHost(org);
  if (host === null)
    return { event: null, user: null, userProfile: null, targetProfile: null, session: null, address: null };
  const { client, authenticationContext } = event.fields;
  const time = publishedTime(event.published);
  const log = (filter: string, before: number, after: number) => linkToLog(host, filter, time, before, after);
  const person = personOf(event);
  const userId = person?.id ?? null;
  const login = person?.login ?? null;
  const user = userId ?? (login === masked ? null : login);
  const targetUser = event.fields.target.find((each) => each?.type?.toLowerCase() === "user" && each.id !== userId);
  const root = known(authenticationContext?.rootSessionId);
  const session = known(authenticationContext?.externalSessionId);
  const ip = known(client?.ipAddress);
  return {
    event: log(equals("uuid", event.uuid), hour, hour),
    user: user && log(equals(userId === null ? "actor.alternateId" : "actor.id", user), day, day),
    userProfile: profileOf(host, userId),
    targetProfile: profileOf(host, targetUser?.id ?? null),
    // The external id changes during a sign-in; the root session's id stays.
    session:
      root !== null
        ? log(equals("authenticationContext.rootSessionId", root), day, 7 * day)
        : session && log(equals("authenticationContext.externalSessionId", session), day, 7 * day),
    address: ip && log(equals("client.ipAddress", ip), 7 * day, day),
  };
}

/** Links to an event in the System Log; null where the org's console is not known. */
export function linkToEvent(org: string | null, uuid: string, published: string): string | null {
  const host = adminHost(org);
  return host && linkToLog(host, equals("uuid", uuid), publishedTime(published), hour, hour);
}

/** Links to a user's page in the admin console; null for what is no user's id, and where the org's console is not known. */
export function linkToUser(org: string | null, id: string): string | null {
  const host = adminHost(org);
  return host && profileOf(host, id);
}

/** Links to a search in the System Log, in milliseconds before and after a time. */
function linkToLog(host: string, filter: string, time: number, before: number, after: number): string {
  const query = new URLSearchParams({ search: filter });
  if (Math.abs(time) < 8.64e15 - 30 * day) {
    query.set("fromTime", new Date(time - before).toISOString());
    query.set("toTime", new Date(time + after).toISOString());
  }
  return `https://${host}/report/system_log_2?${query}`;
}

/** A user's page in the admin console; null for what is no user's id. */
function profileOf(host: string, id: string | null): string | null {
  return id?.startsWith("00u") ? `https://${host}/admin/user/profile/view/${encodeURIComponent(id)}` : null;
}

/** The longest value that a link searches for; ids and addresses are far shorter. */
const maximumValue = 100;

/** A filter expression of the System Log. Backslashes escape the quotes in a value. */
function equals(field: string, value: string): string {
  return `${field} eq "${value.slice(0, maximumValue).toWellFormed().replace(/["\\]/g, "\\$&")}"`;
}

/** Null for a value that identifies no user. */
function known(value: string | null | undefined): string | null {
  return value == null || value.toLowerCase() === "unknown" ? null : value;
}

/** Okta's own domains have their console at `{org}-admin`; the console of a custom domain is not known. */
function adminHost(org: string | null): string | null {
  const [, name, domain] =
    /^([a-z0-9-]+?)(?:-admin)?\.((?:okta|oktapreview|okta-emea|okta-gov)\.com|okta\.mil)$/i.exec(org ?? "") ?? [];
  return name === undefined ? null : `${name}-admin.${domain}`;
}
