import { describeLocation, formatKm } from "../geo/mismatch.ts";
import type { Alert, AlertFacts } from "./alert.ts";

/** Names the user for a person: display name and login, as far as they are known. */
export function describeUser({ user }: Pick<Alert, "user">): string {
  const { displayName, login, id } = user;
  if (login === null) return displayName ?? id ?? "An unknown user";
  return displayName === null || displayName === login ? login : `${displayName} (${login})`;
}

/** Names the proxy: `Tor (TOR_EXIT)`, or "an anonymizing proxy" when Okta does not say which. */
export function describeProxy({ network }: Pick<Alert, "network">): string {
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

/** Whether the session was really started, as far as the event tells. */
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
export function summarize(facts: AlertFacts): string {
  const verb = gotIn(facts) ? "started an Okta session" : `tried to start an Okta session (${facts.session.outcome})`;
  const place = [describeExit(facts), describeDistance(facts)].filter(Boolean).join(", ");
  return `${describeUser(facts)} ${verb} through ${describeProxy(facts)} in ${place}, from ${facts.network.ip ?? "an unknown address"}.`;
}

/** What to do about the alert, in order. */
export function triageSteps(facts: AlertFacts): string[] {
  const user = describeUser(facts);
  const session = facts.session.rootSessionId ?? facts.session.externalSessionId;
  return [
    `Ask ${user}, over a channel other than e-mail or Okta, whether they signed in through ${describeProxy(facts)} at ${facts.okta.published}.`,
    gotIn(facts)
      ? "If it was not them, or they cannot be reached: clear the user's sessions, reset the password and the MFA factors, and revoke API tokens."
      : "The attempt did not get in. Look for other attempts on this user and from this address, and for one that succeeded.",
    session === null
      ? "In Okta's System Log, read what this user did since: factors enrolled, applications opened, privileges granted."
      : `In Okta's System Log, follow the session ${session}: factors enrolled, applications opened, privileges granted.`,
    facts.geo.verdict === "mismatch"
      ? "The exit is far from every known location. Check whether the user travels; if a location is missing, add it to the profile."
      : "If the user takes this proxy service for privacy, and may, note it, so that the next alert is quicker to close.",
  ];
}
