import { rememberDays } from "../history/history.ts";
import { publishedTime, sessionStart } from "../okta/log-event.ts";
import { anonymousServices, kindOf, type NetworkKind, spellType } from "../okta/network-service.ts";
import { succeeded } from "../okta/outcome.ts";
import { isUnknown } from "../okta/person.ts";
import { masked } from "../okta/stranger.ts";
import { describeLocation, formatKm } from "../profiles/judge-location.ts";
import { plural } from "../text/shorten.ts";
import type { Alert } from "./alert-schema.ts";
import { clockOf } from "./clock.ts";
import { describeDeed, isActor } from "./deed.ts";
import { cutInert } from "./inert.ts";
import { countLogins, nameStorm } from "./storm-words.ts";
import { nameStory, othersOf, storyOf } from "./story.ts";

/** Names the person that an alert is about: display name and login, as far as they are known; where no person is named, the actor. */
export function describeUser({ user, actor }: Pick<Alert, "user" | "actor">): string {
  return isNamed(user) ? describePrincipal(user) : describeActor({ actor });
}

/** Names the person that an alert is about in one word, or else the actor; of a storm, the number of logins. */
export function nameUser({ user, actor, storm }: Pick<Alert, "user" | "actor" | "storm">): string {
  if (storm !== null && storm.report !== null) return countLogins(storm);
  if (isNamed(user)) return user.login ?? user.id ?? String(user.displayName);
  return isNamed(actor) ? String(actor.login ?? actor.displayName ?? actor.id) : "unknown user";
}

/** The same, with the number of other persons whose acts came together with it: `ada@example.com and 2 others`. */
export function nameConcerned(alert: Alert): string {
  const story = storyOf(alert);
  const name = nameUser(alert);
  const others = story === null ? 0 : othersOf(story, name).length;
  return others === 0 ? name : `${name} and ${plural(others, "other")}`;
}

/** Whether anything names a person or an actor. */
export function isNamed({ id, login, displayName }: Alert["user"]): boolean {
  return [id, login, displayName].some((text) => !isUnknown(text));
}

/** Whether the person that an alert is about is the one who acted. */
export function isByUser({ user, actor }: Pick<Alert, "user" | "actor">): boolean {
  return user.id === null ? user.login !== null && user.login === actor.login : user.id === actor.id;
}

/** The longest display name beside a login, in UTF-16 code units: a long one must not push out the login. */
const maximumName = 40;

/** Names the actor: a person as a user is, anything else with what it is: `Okta System (SystemPrincipal system@okta.com)`. */
export function describeActor({ actor }: Pick<Alert, "actor">): string {
  const { type, displayName, login, id } = actor;
  if (type === null || type.toLowerCase() === "user") return describePrincipal(actor);
  const name = [type, login ?? id].filter(Boolean).join(" ");
  return displayName === null ? name : `${cutInert(displayName, maximumName)} (${name})`;
}

/** Display name and login, as far as they are known. */
export function describePrincipal({ displayName, login, id }: Alert["user"]): string {
  if (login === masked) return "An unknown user (the login is masked, as it may be a password)";
  if (isUnknown(login)) return [displayName, id].find((text) => text !== null && !isUnknown(text)) ?? "An unknown user";
  if (displayName === null || isUnknown(displayName) || displayName === login) return String(login);
  return `${cutInert(displayName, maximumName)} (${login})`;
}

/** Whether people call a person by a display name: a short one without digits, as who holds an account may write a telephone number there. */
export function isCallName(displayName: string): boolean {
  return displayName.length <= maximumName && !/\p{N}/u.test(displayName);
}

/** Whether an alert reports what was suppressed, and no session start of its own: no other follow-up counts any. */
export function isReport({ followUp, heldBack }: Pick<Alert, "followUp" | "heldBack">): boolean {
  return followUp && (heldBack?.count ?? 0) > 0;
}

/** The subject of the alert in a few words; for an event that is not a sign-in, what was done, or else the title of the severest detection. */
export function describeKind(alert: Alert): string {
  const { storm } = alert;
  if (storm !== null && storm.report !== null) return nameStorm(storm);
  const story = storyOf(alert);
  if (story !== null) return nameStory(story);
  if (alert.okta.eventType !== sessionStart) {
    return describeDeed(alert, nameLoginsDoneTo(alert)) ?? alert.detections[0]?.title ?? alert.okta.eventType;
  }
  const noun = succeeded(alert.session.outcome) ? "sign-in" : "failed sign-in";
  if (isReport(alert)) return `suppressed: ${plural(alert.heldBack?.count ?? 0, `more ${noun}`)}`;
  const proxy = nameProxy(alert);
  const travel = alert.travel === null ? "" : " after impossible travel";
  return `${noun}${proxy === null ? "" : ` through ${proxy}`}${travel}${storm === null ? "" : " in a storm"}`;
}

/** The longest name of an operator in a few words about a proxy, in UTF-16 code units. Okta's longest has 24. */
const maximumOperator = 24;

/**
 * Names the worst kind of proxy in a few words: `Tor`, `VPN NORD_VPN`, `iCloud Private Relay`, `a proxy` where Okta does not
 * say which. Null when it is not a proxy.
 */
export function nameProxy({ network }: Pick<Alert, "network">): string | null {
  if (network.anonymous.verdict !== true) return null;
  const [kind] = network.anonymous.kinds;
  if (kind === undefined) return "a proxy";
  if (kind === "tor") return kindNames.tor;
  const operator = anonymousServices(network).find((service) => kindOf(service) === kind)?.operator ?? null;
  if (kind === "relay" && operator !== null && /^APPLE_/i.test(operator)) return "iCloud Private Relay";
  const known = operator !== null && operator.length <= maximumOperator;
  return known ? `${kindNames[kind].replace(/^a /, "")} ${operator}` : kindNames[kind];
}

/**
 * Names the proxy: `Tor (TOR_EXIT)`, or "an anonymizing proxy" when Okta does not say which. Null when it is not a
 * proxy.
 */
export function describeProxy({ network }: Pick<Alert, "network">): string | null {
  if (network.anonymous.verdict !== true) return null;
  const services = anonymousServices(network);
  const named = services.map((service) => describeService(service) ?? "an unnamed service");
  // Kinds that no service has come from `proxyType`.
  const others = network.anonymous.kinds.filter((kind) => !services.some((service) => kindOf(service) === kind));
  return [...named, ...others.map((kind) => kindNames[kind])].join(", ") || "an anonymizing proxy";
}

const kindNames: Readonly<Record<NetworkKind, string>> = {
  tor: "Tor",
  residential_proxy: "a residential proxy",
  blockchain_vpn: "a blockchain VPN",
  proxy: "a proxy",
  vpn: "a VPN",
  relay: "a privacy relay",
};

/** The most persons that a sentence names. */
const maximumPersons = 3;

/**
 * Names the persons that something was done to, except the actor: `Ada Marques (ada@example.com)`. Null for none, and
 * for a session start.
 */
export function describePersonsDoneTo({
  okta,
  targets,
  actor,
}: Pick<Alert, "targets" | "actor"> & { readonly okta: Pick<Alert["okta"], "eventType"> }): string | null {
  if (okta.eventType === sessionStart) return null;
  const persons = targets.filter((target) => target.type?.toLowerCase() === "user" && !isActor(target, actor));
  const names = persons.slice(0, maximumPersons).map(describePrincipal);
  // An alert has the first targets only; the event has them all.
  if (persons.length > maximumPersons) names.push("others");
  return names.join(", ") || null;
}

/** The persons that something was done to, by their logins alone, without the person of the alert, whom a subject names anyway. */
export function nameLoginsDoneTo(alert: Pick<Alert, "targets" | "user" | "actor" | "okta">): string | null {
  const others = alert.targets.filter(({ id }) => id === null || id !== alert.user.id);
  const targets = others.map((target) =>
    target.login === masked || isUnknown(target.login) ? target : { ...target, displayName: null },
  );
  return describePersonsDoneTo({ ...alert, targets });
}

/** A younger event is recent: Okta calls a delivery within the hour usual, and clocks differ by seconds. */
const recentSeconds = 3_600;
const aheadSeconds = 300;

/**
 * How old the event is, or how far ahead of our clock: `304 days before this alert`. Null for a recent event, and for
 * one without a time.
 */
export function describeAge({ ageSeconds }: Pick<Alert, "ageSeconds">): string | null {
  if (ageSeconds === null) return null;
  if (ageSeconds > recentSeconds) return `${describeSpan(ageSeconds)} before this alert`;
  return ageSeconds < -aheadSeconds ? `${describeSpan(-ageSeconds)} ahead of this alert's clock` : null;
}

/** The same for a subject: `304 days old`. */
export function describeAgeShort({ ageSeconds }: Pick<Alert, "ageSeconds">): string | null {
  if (ageSeconds === null) return null;
  if (ageSeconds > recentSeconds) return `${describeSpan(ageSeconds)} old`;
  return ageSeconds < -aheadSeconds ? `${describeSpan(-ageSeconds)} ahead` : null;
}

/** A time in the largest unit of which there is more than one: `90 minutes`, `26 hours`, `304 days`. */
function describeSpan(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return plural(minutes, "minute");
  const hours = Math.round(minutes / 60);
  return hours < 48 ? plural(hours, "hour") : plural(Math.round(hours / 24), "day");
}

/** Whether an alert has any fact about the origin of its request. */
export function hasOrigin(alert: Pick<Alert, "network" | "geo">): boolean {
  const { city, state, country } = alert.geo.exit;
  return [alert.network.ip, city, state, country, describeProxy(alert)].some((part) => part !== null);
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

/**
 * The same, and what says less of it in less room, the longest first: `5,723 km from Lisbon, PT (home)`, `5,723 km from Lisbon, PT`,
 * `5,723 km away`. Empty where it is not known.
 */
export function shorterDistances(alert: Pick<Alert, "geo">): readonly string[] {
  const { distanceKm, nearestProfileLocation: location } = alert.geo;
  const whole = describeDistance(alert);
  if (whole === null || distanceKm === null || location === null) return whole === null ? [] : [whole];
  const place = [location.city, location.countryCode].filter(Boolean).join(", ");
  const km = formatKm(distanceKm);
  return [whole, ...(place === "" ? [] : [`${km} from ${place}`]), `${km} away`];
}

/** `VPN (NORD_VPN)`; null when Okta names neither. */
function describeService({ type, operator }: { readonly type: string | null; readonly operator: string | null }) {
  const spelled = type === null ? null : spellType(type);
  return spelled !== null && operator !== null ? `${spelled} (${operator})` : (spelled ?? operator);
}

/** `14 proxied sessions in 30 days, the last at …`. */
export function describeEarlierSessions({ sessionsIn30Days, last }: NonNullable<Alert["history"]>): string {
  const count = `${plural(sessionsIn30Days, "proxied session")} in 30 days`;
  return last === null ? count : `${count}, the last ${describeNetworkOfHistory(last)}`;
}

/** Names the network of an earlier session: `at 2026-11-20 08:00 UTC through VPN (NORD_VPN), AS64500 in CA`. */
function describeNetworkOfHistory(last: NonNullable<NonNullable<Alert["history"]>["last"]>): string {
  const { at, asNumber, asOrg, countryCode } = last;
  const as = asNumber === null ? null : [`AS${asNumber}`, asOrg].filter(Boolean).join(" ");
  const network = [describeService(last), as].filter(Boolean).join(", ");
  return `at ${clockOf(at)}${network === "" ? "" : ` through ${network}`}${countryCode === null ? "" : ` in ${countryCode}`}`;
}

/** The strength of the authentication: the credential and the device. Null when the event has neither. */
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

/**
 * How long a deployment has watched a user, of whom it knows no proxied session: `in 90 days`, or since when; it claims 90
 * days only when it has watched that long. Null when that is not known.
 */
export function describeWatched(
  { okta, ageSeconds }: Pick<Alert, "okta" | "ageSeconds">,
  since: string | null,
): string | null {
  const start = since === null ? Number.NaN : Date.parse(since);
  if (Number.isNaN(start)) return null;
  // Time that lies in the future does not count as watched.
  const watched = publishedTime(okta.published) + Math.min(0, ageSeconds ?? 0) * 1_000 - start;
  return watched >= rememberDays * 86_400_000
    ? `in ${rememberDays} days`
    : `since ${new Date(start).toISOString().slice(0, 10)}`;
}

/**
 * Whether the event is an act of a session that started before it: the history, which leaves an event's own session out, is then of
 * other sessions, not of all before.
 */
export function isInSession({ okta, session }: Pick<Alert, "okta" | "session">): boolean {
  const ids = [session.rootSessionId, session.externalSessionId];
  return okta.eventType !== sessionStart && ids.some((id) => !isUnknown(id));
}

/** The user's remembered proxied sessions in a sentence. Null when they are not known, and for none where the network is not anonymous. */
export function describeHistory({
  history,
  user,
  network,
  okta,
  ageSeconds,
  session,
}: Pick<Alert, "history" | "user" | "network" | "okta" | "ageSeconds" | "session">): string | null {
  if (user.login === masked) return null;
  if (history === null || (history.firstTime && network.anonymous.verdict !== true)) return null;
  const failed = history.failedIn30Days === 0 ? "" : `; ${plural(history.failedIn30Days, "failed attempt")} in 30 days`;
  if (history.firstTime) {
    const watched = describeWatched({ okta, ageSeconds }, history.since);
    const why = watched?.startsWith("since") ? ", when watching began" : "";
    return `no ${isInSession({ okta, session }) ? "other " : ""}proxied session of this user is known${watched === null ? "" : ` ${watched}`}${why}${failed}`;
  }
  const none = `no ${isInSession({ okta, session }) ? "other" : "earlier"} proxied session`;
  const changes = [
    describeFirst("network", none, history.firstTimeForNetwork, history.knownNetwork),
    describeFirst("country", none, history.firstTimeForCountry, history.knownCountry),
  ].filter((part) => part !== null);
  return [`${describeEarlierSessions(history)}${failed}`, ...changes].join("; ");
}

/** Whether it is the first proxied session from a network or a country, or that is a known one; null for neither. */
function describeFirst(what: string, none: string, isFirst: boolean | null, isKnown: boolean | null): string | null {
  if (isFirst) return `${none} from this ${what}`;
  return isKnown ? `this ${what} is known for this user` : null;
}
