import { describeLocation, formatKm } from "../geo/mismatch.ts";
import { type LogEvent, sessionStart } from "../okta/log-event.ts";
import { gotIn } from "../okta/outcome.ts";
import type { Alert, AlertFacts } from "./alert.ts";

/** Names the user for a person: display name and login, as far as they are known. */
export function describeUser({ user }: Pick<Alert, "user">): string {
  const { displayName, login, id } = user;
  if (login === null) return displayName ?? id ?? "An unknown user";
  return displayName === null || displayName === login ? login : `${displayName} (${login})`;
}

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

/** What the alert is about, in a few words: of what is no sign-in, the severest detection tells. */
export function describeKind(alert: Alert): string {
  if (alert.okta.eventType !== sessionStart) return alert.detections[0]?.title ?? alert.okta.eventType;
  const proxied = describeProxy(alert) === null ? "" : "proxied ";
  return gotIn(alert.session.outcome) ? `${proxied}Okta session` : `${proxied}Okta sign-in attempt`;
}

/** Names the proxy: `Tor (TOR_EXIT)`, or "an anonymizing proxy" when Okta does not say which. Null when it is none. */
export function describeProxy({ network }: Pick<Alert, "network">): string | null {
  if (network.isProxy !== true && network.services.length === 0) return null;
  const named = network.services.map((service) => describeService(service) ?? "an unnamed service");
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
  const outcome = gotIn(facts.session.outcome) ? "" : ` (${facts.session.outcome})`;
  if (action !== null) return `${describeUser(facts)} did "${action}"${outcome}${where}`;
  const verb = gotIn(facts.session.outcome) ? "started an Okta session" : `tried to start an Okta session${outcome}`;
  return `${describeUser(facts)} ${verb}${where}`;
}

/** ` through Tor`; empty when the address is no proxy. */
function through(facts: AlertFacts): string {
  const proxy = describeProxy(facts);
  return proxy === null ? "" : ` through ${proxy}`;
}

/** `VPN (NORDVPN)`; null when Okta names neither. */
function describeService({ type, operator }: { readonly type: string | null; readonly operator: string | null }) {
  return type !== null && operator !== null ? `${type} (${operator})` : (type ?? operator);
}

/** `14 proxied sessions in 30 days, the last at …`. */
export function describeEarlierSessions({ sessionsIn30Days, last }: NonNullable<Alert["history"]>): string {
  return `${plural(sessionsIn30Days, "proxied session")} in 30 days, the last ${describeNetworkOfHistory(last)}`;
}

/** Names the network of an earlier session: `at 2026-11-20T08:00:00.000Z through VPN (NORDVPN), AS64500 in CA`. */
function describeNetworkOfHistory(last: NonNullable<Alert["history"]>["last"]): string {
  if (last === null) return "not known any more";
  const { at, asNumber, asOrg, countryCode } = last;
  const as = asNumber === null ? null : [`AS${asNumber}`, asOrg].filter(Boolean).join(" ");
  const network = [describeService(last), as].filter(Boolean).join(", ");
  return `at ${at}${network === "" ? "" : ` through ${network}`}${countryCode === null ? "" : ` in ${countryCode}`}`;
}

/** `1 session`, `2 sessions`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

/** How sure Okta is who it was: what they proved it by, and on what device. Null when the event tells nothing. */
export function describeStrength({ session, device }: Pick<Alert, "session" | "device">): string | null {
  const { credentialType, credentialProvider } = session;
  const credential = [credentialType, credentialProvider].filter(Boolean).join(" of ");
  const known = device.id !== null || device.registered !== null || device.managed !== null;
  const state = [
    device.registered === null ? null : device.registered ? "registered" : "not registered",
    device.managed === null ? null : device.managed ? "managed" : "not managed",
  ].filter((part) => part !== null);
  const described = known ? [`device ${device.name ?? device.id ?? "unnamed"}`, ...state].join(", ") : null;
  return [credential, described].filter(Boolean).join("; ") || null;
}

/** What is remembered of the user's proxied sessions, in a sentence. Null when that is not known. */
export function describeHistory({ history }: Pick<Alert, "history">): string | null {
  if (history === null) return null;
  const failed = history.failedIn30Days === 0 ? "" : `; ${plural(history.failedIn30Days, "failed attempt")} in 30 days`;
  if (history.firstTime) return `no proxied session of this user is known from the last 90 days${failed}`;
  const news = [
    history.firstTimeForAsn ? "first time from this network" : null,
    history.firstTimeForCountry ? "first time from this country" : null,
  ].filter((part) => part !== null);
  return [`${describeEarlierSessions(history)}${failed}`, ...news].join("; ");
}

/** Text of at most so many UTF-16 code units, and an ellipsis where some are left out. */
export function shorten(text: string, maximum: number): string {
  return text.length <= maximum ? text : `${text.slice(0, maximum).toWellFormed()}…`;
}
