import { describeLocation, formatKm } from "../geo/mismatch.ts";
import type { LogEvent } from "../okta/log-event.ts";
import type { Alert, AlertFacts } from "./alert.ts";

/** Names the user for a person: display name and login, as far as they are known. */
export function describeUser({ user }: Pick<Alert, "user">): string {
  const { displayName, login, id } = user;
  if (login === null) return displayName ?? id ?? "An unknown user";
  return displayName === null || displayName === login ? login : `${displayName} (${login})`;
}

/** The one event type whose alerts are about the sign-in itself. */
export const sessionStart = "user.session.start";

/** Names what was done, beside starting a session: `Grant user privilege: Ada Marques`. Null for a session start. */
export function describeAction(event: LogEvent): string | null {
  if (event.eventType === sessionStart) return null;
  const { displayMessage, target } = event.fields;
  const names = target.flatMap((each) => each?.displayName ?? each?.alternateId ?? []).slice(0, maximumTargets);
  const message = displayMessage ?? event.eventType;
  return [message, names.join(", ")].filter(Boolean).join(": ").slice(0, maximumAction).toWellFormed();
}

/** Targets that are named: more make no sentence. */
const maximumTargets = 3;
/** The longest description of an action, in UTF-16 code units. */
const maximumAction = 300;

/** Names the proxy: `Tor (TOR_EXIT)`, or "an anonymizing proxy" when Okta does not say which. Null when it is none. */
export function describeProxy({ network }: Pick<Alert, "network">): string | null {
  if (network.isProxy !== true && network.services.length === 0) return null;
  const named = network.services.map(({ type, operator }) =>
    type !== null && operator !== null ? `${type} (${operator})` : (type ?? operator ?? "an unnamed service"),
  );
  return named.length > 0 ? named.join(", ") : "an anonymizing proxy";
}

/** Names where the exit node is: `Toronto, Ontario, Canada`. */
export function describeExit({ geo }: Pick<Alert, "geo">): string {
  const { city, state, country } = geo.exit;
  return [city, state === city ? null : state, country].filter(Boolean).join(", ") || "an unknown place";
}

/** Names the network: `203.0.113.7, AS64500 Example Hosting`. */
export function describeNetwork({ network }: Pick<Alert, "network">): string {
  const { ip, asNumber, asOrg } = network;
  const as = [asNumber === null ? null : `AS${asNumber}`, asOrg].filter(Boolean).join(" ");
  return [ip ?? "unknown address", as].filter(Boolean).join(", ");
}

/** Whether what was tried came about, as far as the event tells. */
export function gotIn({ session }: Pick<Alert, "session">): boolean {
  return session.outcome === null || /^(SUCCESS|ALLOW)$/i.test(session.outcome);
}

/** How far the exit is from where the user is expected, in a few words. */
export function describeDistance({ geo }: Pick<Alert, "geo">): string | null {
  if (geo.verdict === "unknown") return null;
  const location = geo.nearestProfileLocation;
  if (geo.distanceKm !== null && location !== null) {
    return `${formatKm(geo.distanceKm)} from ${describeLocation(location)}`;
  }
  return geo.verdict === "mismatch" ? "in none of the user's countries" : "in one of the user's countries";
}

/** One sentence that a person can act on. */
export function summarize(facts: AlertFacts, action: string | null): string {
  const place = [describeExit(facts), describeDistance(facts)].filter(Boolean).join(", ");
  const where = `${through(facts)} in ${place}, from ${facts.network.ip ?? "an unknown address"}.`;
  const outcome = gotIn(facts) ? "" : ` (${facts.session.outcome})`;
  if (action !== null) return `${describeUser(facts)} did "${action}"${outcome}${where}`;
  const verb = gotIn(facts) ? "started an Okta session" : `tried to start an Okta session${outcome}`;
  return `${describeUser(facts)} ${verb}${where}`;
}

/** ` through Tor`; empty when the address is no proxy. */
function through(facts: AlertFacts): string {
  const proxy = describeProxy(facts);
  return proxy === null ? "" : ` through ${proxy}`;
}

/** What to do about the alert, in order. */
export function triageSteps(facts: AlertFacts, action: string | null): string[] {
  const user = describeUser(facts);
  const session = facts.session.rootSessionId ?? facts.session.externalSessionId;
  const did = action === null ? "signed in" : `did "${action}"`;
  const undo = action === null ? "" : "undo what was done, ";
  return [
    `Ask ${user}, over a channel other than e-mail or Okta, whether they ${did}${through(facts)} at ${facts.okta.published}.`,
    gotIn(facts)
      ? `If it was not them, or they cannot be reached: ${undo}clear the user's sessions, reset the password and the MFA factors, and revoke API tokens.`
      : "The attempt failed. Look for other attempts on this user and from this address, and for one that succeeded.",
    session === null
      ? "In Okta's System Log, read what this user did since: factors enrolled, applications opened, privileges granted."
      : `In Okta's System Log, follow the session ${session}: factors enrolled, applications opened, privileges granted.`,
    facts.geo.verdict === "mismatch"
      ? "The exit is far from every known location. Check whether the user travels; if a location is missing, add it to the profile."
      : "If it is harmless, note why, so that the next alert is quicker to close.",
  ];
}
