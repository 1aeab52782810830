import { readFile } from "node:fs/promises";
import { type LogEvent, parseLogEvent } from "../../lambda/core/okta/log-event.ts";
import type { ProfileLocations } from "../../lambda/core/pipeline/ports.ts";
import { random } from "./random.ts";
import { setPath } from "./set-path.ts";

/*
 * The System Log of an ordinary working week, made up: no public log of an org is known. It is the same each time, by a
 * seed, and says how many alerts detections bring where nothing is wrong.
 *
 * 2,000 persons of one company in Lisbon, each with a profile location there, start 1.3 sessions a day, the first of them
 * between eight and ten, each with a factor and three apps; in 5 % of the first sessions eight apps within ten minutes. 30
 * of them (1.5 %) come through an anonymous network all day: 18 through iCloud Private Relay, 10 through a commercial VPN,
 * three of these with an exit in Toronto, 2 through a proxy that Okta does not name. Administrators do so as often as
 * others, 1.5 % of 25 or 0.375 of them: one, on three days of eight. Seven of ten persons work behind the one address of the office. A quarter of all moves to another network in the
 * course of a day, within the same session; 1 % has an app that opens links in a browser of its own. 60 persons share six
 * computers; all others have one of their own. Every other week a person rejects three pushes of their own sign-in,
 * and accepts the fourth. What else happens is in `acts`, each with a number a day. Exceptions and filters are left out.
 *
 * Places change, too: each day eight persons fly to London, Paris or Frankfurt and sign in there in the afternoon, and on one of
 * three days one of them goes on to Warsaw; 40 sign in on a telephone whose carrier has its exit in Porto, and two on one with its
 * exit in Frankfurt; three switch a VPN on that Okta does not name, with an exit in Amsterdam; two work on a computer in a data
 * center in Dublin. 30 enroll a phone, and four nurses in a week, one after the other, that of their ward.
 *
 * Factors change with phones, computers and persons. A company's phone is replaced after 2.42 years
 * (https://aotmp.com/insights-article/mobile-refresh-lifecycle-trends/), 3.2 of 2,000 a working day: each enrolls the new
 * one and removes the old one. One in five is lost or damaged in a year
 * (https://schiltron-io.azurewebsites.net/the-unspoken-costs-of-a-mobile-strategy), 1.5 a day, whose users the help desk
 * helps, and a few who have forgotten theirs: 2 resets a day. A computer is replaced after four years, 1.9 a day, and 12 %
 * of all persons join in a year, 0.9 a day with two factors each: with the phones, 7 enrollments a day.
 *
 * Okta raises a user's risk to high by what is on its list (https://help.okta.com/oie/en-us/Content/Topics/itp/detections.htm):
 * without an attack, a user's report, a breached credential, and a security provider's false alarm, one in two weeks. What a
 * session's new device or address brings is medium.
 *
 * The numbers are assumptions: to be replaced by your own, with `npx okta-proxy-watch backtest`.
 */

/** The sizes of the company, and the days of a working week. */
export const company = { persons: 2_000, administrators: 25, days: 5 } as const;

/** Who goes through which anonymous network, by the number of persons. */
const networks = [
  { count: 18, network: { service: { type: "Proxy", operator: "APPLE_ICLOUD_RELAY_PROXY" }, isAway: false } },
  { count: 7, network: { service: { type: "VPN", operator: "NORD_VPN" }, isAway: false } },
  { count: 3, network: { service: { type: "VPN", operator: "PROTON_VPN" }, isAway: true } },
  { count: 2, network: { service: null, isAway: false } },
] as const;

type AnonymousNetwork = (typeof networks)[number]["network"];

type Json = Readonly<Record<string, unknown>>;

/** What happens so often a day, beside sign-ins. */
interface Act {
  /** The name of a base event in detections/base-events. */
  readonly base: string;
  readonly eventType: string;
  readonly perDay: number;
  /** @default any person */
  readonly who?: "administrator" | "as in the base event";
  /** Further values by dotted paths. */
  readonly change?: Json;
}

const failed = { "outcome.result": "FAILURE" };
const newDevice = { "debugContext.debugData.behaviors": "{New Device=POSITIVE, New IP=POSITIVE}" };
const push = (type: string, response: string) => ({ ...failed, [`debugContext.debugData.${type}`]: response });
const risk = (detection: string, issuer: string) => ({
  "debugContext.debugData.risk": `{previousLevel=LOW, level=HIGH, detectionName=${detection}, issuer=${issuer}}`,
});
const byAdministrator = { who: "administrator" } as const;
const asWritten = { who: "as in the base event" } as const;

const acts: readonly Act[] = [
  // Users.
  { base: "session-start", eventType: "user.session.start", perDay: 90, change: failed },
  { base: "session-start", eventType: "user.session.start", perDay: 12, change: newDevice },
  {
    base: "session-start",
    eventType: "user.session.start",
    perDay: 5,
    change: { ...failed, "actor.id": "unknown", "actor.alternateId": "Winter!2026", "actor.displayName": "unknown" },
  },
  { base: "session-start", eventType: "user.account.lock", perDay: 12 },
  { base: "session-start", eventType: "security.session.detect_client_roaming", perDay: 60 },
  { base: "session-start", eventType: "user.authentication.auth_via_richclient", perDay: 40 },
  { base: "identity-provider-sign-in", eventType: "user.authentication.auth_via_IDP", perDay: 150 },
  { base: "application-sign-in", eventType: "user.authentication.sso", perDay: 40, change: newDevice },
  {
    base: "application-sign-in",
    eventType: "user.authentication.sso",
    perDay: 1.2,
    change: { ...newDevice, "target.0.displayName": "AWS IAM Identity Center" },
  },
  { base: "application-sign-in", eventType: "app.generic.unauth_app_access_attempt", perDay: 25 },
  { base: "application-sign-in", eventType: "app.oauth2.as.token.detect_reuse", perDay: 4 },
  {
    base: "application-sign-in",
    eventType: "app.oauth2.as.authorize",
    perDay: 3,
    change: { ...failed, "outcome.reason": "mismatched_redirect_uri" },
  },
  { base: "application-sign-in", eventType: "application.user_membership.show_password", perDay: 12 },
  { base: "mfa", eventType: "user.authentication.auth_via_mfa", perDay: 60, change: failed },
  {
    base: "mfa",
    eventType: "user.authentication.auth_via_mfa",
    perDay: 5,
    change: push("pushOnlyResponseType", "OV_RESPONSE_DENY"),
  },
  {
    base: "mfa",
    eventType: "user.authentication.auth_via_mfa",
    perDay: 8,
    change: push("pushWithNumberChallengeResponseType", "OV_WITH_CHALLENGE_RESPONSE_ERROR"),
  },
  {
    base: "mfa",
    eventType: "user.authentication.auth_via_mfa",
    perDay: 30,
    change: { "outcome.result": "UNANSWERED" },
  },
  { base: "factor-change", eventType: "user.mfa.factor.activate", perDay: 7 },
  { base: "factor-change", eventType: "user.mfa.factor.update", perDay: 6 },
  { base: "factor-change", eventType: "user.mfa.factor.deactivate", perDay: 3.2 },
  { base: "factor-change", eventType: "user.mfa.attempt_bypass", perDay: 1 },
  { base: "device-enrollment", eventType: "device.enrollment.create", perDay: 12 },
  {
    base: "device-enrollment",
    eventType: "device.enrollment.create",
    perDay: 3,
    change: { "target.0.displayName": "DESKTOP-7QK2M1B" },
  },
  { base: "session-start", eventType: "user.account.report_suspicious_activity_by_enduser", perDay: 0.1 },
  // Okta itself.
  { base: "threat-detected", eventType: "security.threat.detected", perDay: 60, ...asWritten },
  { base: "user-risk", eventType: "user.risk.detect", perDay: 4, ...asWritten },
  {
    base: "user-risk",
    eventType: "user.risk.detect",
    perDay: 0.1,
    ...asWritten,
    change: risk("User Reported Suspicious Activity", "OKTA"),
  },
  {
    base: "user-risk",
    eventType: "user.risk.detect",
    perDay: 0.4,
    ...asWritten,
    change: risk("Breached Credential Detected", "OKTA"),
  },
  {
    base: "user-risk",
    eventType: "user.risk.detect",
    perDay: 0.1,
    ...asWritten,
    change: risk("Security Events Provider Reported Risk", "Example EDR"),
  },
  { base: "user-risk", eventType: "user.account.reset_password", perDay: 2, ...asWritten },
  { base: "user-risk", eventType: "security.breached_credential.detected", perDay: 0.4, ...asWritten },
  { base: "org-limit", eventType: "system.org.rate_limit.warning", perDay: 0.4, ...asWritten },
  // The help desk and administrators.
  { base: "user-administration", eventType: "user.account.reset_password", perDay: 30, ...byAdministrator },
  { base: "user-administration", eventType: "user.mfa.factor.reset_all", perDay: 2, ...byAdministrator },
  { base: "user-administration", eventType: "user.lifecycle.create", perDay: 5, ...byAdministrator },
  {
    base: "user-administration",
    eventType: "user.identity_verification",
    perDay: 0.6,
    ...byAdministrator,
    change: failed,
  },
  { base: "system-log-event", eventType: "user.session.access_admin_app", perDay: 60, ...byAdministrator },
  { base: "sign-on-evaluation", eventType: "policy.evaluate_sign_on", perDay: 60, ...byAdministrator },
  {
    base: "sign-on-evaluation",
    eventType: "policy.evaluate_sign_on",
    perDay: 0.8,
    ...byAdministrator,
    change: newDevice,
  },
  {
    base: "sign-on-evaluation",
    eventType: "policy.evaluate_sign_on",
    perDay: 1.5,
    ...byAdministrator,
    change: { "outcome.result": "DENY" },
  },
  { base: "privilege-grant", eventType: "user.account.privilege.grant", perDay: 2, ...byAdministrator },
  { base: "privilege-grant", eventType: "user.account.privilege.revoke", perDay: 1.5, ...byAdministrator },
  {
    base: "api-token",
    eventType: "system.api_token.create",
    perDay: 0.6,
    ...byAdministrator,
    // What Okta's admin console offers first.
    change: { "debugContext.debugData.networkConnection": "ANYWHERE" },
  },
  { base: "api-token", eventType: "system.api_token.revoke", perDay: 0.6, ...byAdministrator },
  { base: "policy-change", eventType: "policy.rule.update", perDay: 3, ...byAdministrator },
  { base: "policy-change", eventType: "zone.update", perDay: 0.6, ...byAdministrator },
  {
    base: "policy-change",
    eventType: "security.protected_action.attempt",
    perDay: 0.4,
    ...byAdministrator,
    change: failed,
  },
  { base: "application-change", eventType: "application.lifecycle.update", perDay: 14, ...byAdministrator },
  { base: "application-change", eventType: "application.lifecycle.create", perDay: 1, ...byAdministrator },
  { base: "application-change", eventType: "app.oauth2.client.read_client_secret", perDay: 0.8, ...byAdministrator },
  { base: "application-change", eventType: "pam.secret.reveal", perDay: 10, ...byAdministrator },
  { base: "identity-provider-change", eventType: "system.idp.lifecycle.update", perDay: 0.1, ...byAdministrator },
  { base: "ai-agent", eventType: "workload_principal.ai_agent.register", perDay: 0.4, ...byAdministrator },
  { base: "ai-agent", eventType: "workload_principal.ai_agent.credential.create", perDay: 0.4, ...byAdministrator },
  { base: "ai-agent", eventType: "workload_principal.resource_connection.create", perDay: 0.8, ...byAdministrator },
  { base: "ai-agent", eventType: "resource_servers.mcp_server.register", perDay: 0.4, ...byAdministrator },
];

/** The seed of the week. */
const seed = 2_026;
/** Monday, 00:00 in UTC, in Lisbon's winter. */
const monday = Date.parse("2026-11-16T00:00:00Z");
const dayMilliseconds = 86_400_000;

const lisbon = {
  label: "home",
  countryCode: "PT",
  state: null,
  city: "Lisbon",
  postalCode: null,
  latitude: 38.7167,
  longitude: -9.1333,
};

/** Where every person is expected. */
export function profileLocations(): ProfileLocations {
  return new Map(Array.from({ length: company.persons }, (_, index) => [idOf(index), [lisbon]]));
}

const idOf = (index: number) => `00u1person${String(index).padStart(10, "0")}`;

/** The anonymous network of each person who has one; the first of them is an administrator. */
const networkOf: ReadonlyMap<number, AnonymousNetwork> = new Map(
  networks
    .flatMap(({ count, network }) => Array.from({ length: count }, () => network))
    .reverse()
    .map((network, index) => [index === 0 ? 7 : 100 + index * 60, network]),
);

/**
 * The events of a working week, in order of time.
 *
 * @param week the number of the week, from 0: a month is the weeks 0 to 3
 */
export async function ordinaryWeek(week = 0): Promise<readonly LogEvent[]> {
  const days: (readonly LogEvent[])[] = [];
  for await (const day of ordinaryDays(week)) days.push(day);
  return days.flat();
}

/**
 * The same, a day at a time, which takes a fifth of the memory.
 *
 * @param signIns whether the everyday sign-ins are among the events, which are most of them; what else happens is the same
 * without them
 */
export async function* ordinaryDays(week = 0, { signIns = true } = {}): AsyncGenerator<readonly LogEvent[]> {
  const next = random(seed + 2 * week);
  // A generator of its own, so that a habit more changes nothing of what else happens.
  const habits = random(seed + 2 * week + 1);
  const journeys = random(seed + 1_000 + week);
  const pick = (count: number) => Math.floor(next() * count);
  const bases = new Map<string, Json>();
  const baseOf = async (name: string): Promise<Json> => {
    const known = bases.get(name);
    if (known !== undefined) return known;
    const text = await readFile(new URL(`../../detections/base-events/${name}.json`, import.meta.url), "utf8");
    const read = JSON.parse(text) as Json;
    bases.set(name, read);
    return read;
  };
  let events: Json[] = [];
  let made = 0;
  const add = (base: Json, day: Day, index: number | null, change: Json, hour = 8 + next() * 10) => {
    // Work is from eight to six.
    const at = day.start + hour * 3_600_000;
    const common = { uuid: `week-${week}-${made}`, published: new Date(at).toISOString() };
    const ofPerson = index === null ? {} : personFields(base, index, day, hour);
    let event: unknown = { ...base, ...ofPerson, ...common };
    for (const [field, value] of Object.entries(change)) event = setPath(event, field.split("."), value);
    events.push(event as Json);
    made += 1;
  };
  const [start = {}, factor = {}, app = {}, phone = {}] = await Promise.all(
    ["session-start", "mfa", "application-sign-in", "phone-verification"].map(baseOf),
  );
  for (let weekday = 0; weekday < company.days; weekday += 1) {
    const number = week * 7 + weekday;
    const day: Day = {
      number,
      start: monday + number * dayMilliseconds,
      moving: new Map(),
      isHiddenAdministrators: ((week * company.days + weekday) * 3) % 8 < 3,
    };
    const single: Morning[] = [];
    for (let index = 0; index < company.persons; index += 1) {
      if (habits() < 0.25) day.moving.set(index, 11 + habits() * 6);
      const sessions = next() < 0.3 ? 2 : 1;
      let morning = 0;
      for (let session = 0; session < sessions; session += 1) {
        const begin = session === 0 ? 8 + next() * 2 : 8 + next() * 10;
        if (session === 0) morning = begin;
        if (signIns) {
          add(start, day, index, {}, begin);
          add(factor, day, index, {}, begin + 0.005);
        }
        const isBusy = session === 0 && habits() < 0.05;
        for (let opened = 0; opened < (isBusy ? 8 : 3); opened += 1) {
          const hour = isBusy ? begin + 0.01 + habits() / 6 : begin + 0.01 + next() * (17.9 - begin);
          // The links of one app of a few persons open in its own browser.
          const isOwn = index % 100 === 8 && opened === 0;
          const browser = isOwn ? { "client.userAgent.browser": "UNKNOWN" } : {};
          if (signIns) add(app, day, index, { ...appNumber(opened), ...browser }, hour);
        }
      }
      if (sessions === 1 && !networkOf.has(index)) single.push({ index, hour: morning });
    }
    for (const { base, eventType, perDay, who, change = {} } of acts) {
      // What happens less than daily does so on some days, by chance.
      const count = Math.floor(perDay) + (next() < perDay % 1 ? 1 : 0);
      for (let done = 0; done < count; done += 1) {
        const index = who === asWritten.who ? null : pick(who === undefined ? company.persons : company.administrators);
        add(await baseOf(base), day, index, { eventType, ...change });
      }
    }
    for (const { index, hour, place, asNumber } of strays(single, journeys)) {
      const own = { "authenticationContext.rootSessionId": `root-${number}-${index}-${place}` };
      if (signIns) add(start, day, index, { ...placeFields(place, asNumber), ...own }, hour);
    }
    for (let sent = 0; sent < 30; sent += 1) {
      const index = Math.floor(journeys() * company.persons);
      add(phone, day, index, numberOf(912_000_000 + index), 8 + journeys() * 10);
    }
    if (weekday < wardNurses) add(phone, day, 600 + weekday, numberOf(213_000_000), 9 + journeys() * 8);
    if (habits() < 0.1) {
      const index = Math.floor(habits() * company.persons);
      const hour = 10 + habits() * 7;
      for (let rejected = 0; rejected < 3; rejected += 1) {
        add(factor, day, index, push("pushOnlyResponseType", "OV_RESPONSE_DENY"), hour + rejected / 60);
      }
      add(factor, day, index, {}, hour + 4 / 60);
    }
    yield events.sort((a, b) => (String(a.published) < String(b.published) ? -1 : 1)).map(read);
    events = [];
  }
}

function read(event: Json): LogEvent {
  const parsed = parseLogEvent(event);
  if (!parsed.ok) throw new Error(`the week has an event that cannot be read: ${JSON.stringify(parsed.faults)}`);
  return parsed.event;
}

/** A working day. */
interface Day {
  /** Days since the first Monday. */
  readonly number: number;
  /** Its midnight, in milliseconds since 1970. */
  readonly start: number;
  /** The hours at which persons move to another network. */
  readonly moving: Map<number, number>;
  /** Whether the administrator who comes through an anonymous network on some days does so on this one. */
  readonly isHiddenAdministrators: boolean;
}

/** The apps that a person opens. */
function appNumber(number: number): Json {
  return { "target.0.id": `0oa1exampleapp${number}`, "target.0.displayName": `App ${number}` };
}

/** The first session of a person who starts one a day, from no network that hides its users. */
interface Morning {
  readonly index: number;
  /** Its hour, from midnight. */
  readonly hour: number;
}

/** A further session start, at another place. */
interface Stray extends Morning {
  readonly place: keyof typeof cities;
  readonly asNumber: number;
}

const cities = {
  porto: { city: "Porto", state: "Porto", country: "Portugal", geolocation: { lat: 41.1496, lon: -8.611 } },
  london: { city: "London", state: "England", country: "United Kingdom", geolocation: { lat: 51.5085, lon: -0.1257 } },
  paris: { city: "Paris", state: "Île-de-France", country: "France", geolocation: { lat: 48.8534, lon: 2.3488 } },
  frankfurt: {
    city: "Frankfurt am Main",
    state: "Hesse",
    country: "Germany",
    geolocation: { lat: 50.1155, lon: 8.6842 },
  },
  warsaw: { city: "Warsaw", state: "Mazovia", country: "Poland", geolocation: { lat: 52.2298, lon: 21.0118 } },
  amsterdam: {
    city: "Amsterdam",
    state: "North Holland",
    country: "Netherlands",
    geolocation: { lat: 52.374, lon: 4.8897 },
  },
  dublin: { city: "Dublin", state: "Leinster", country: "Ireland", geolocation: { lat: 53.3331, lon: -6.2489 } },
} as const;

/** Where persons sign in beside their first session of a day. */
function strays(single: readonly Morning[], next: () => number): readonly Stray[] {
  const left = [...single];
  const take = (count: number) =>
    Array.from({ length: count }, () => left.splice(Math.floor(next() * left.length), 1)).flat();
  const flights = take(8).map(({ index }): Stray => {
    const place = (["london", "paris", "frankfurt"] as const)[Math.floor(next() * 3)] ?? "london";
    return { index, hour: 14.5 + next(), place, asNumber: 64_550 };
  });
  const [first] = flights;
  const isFurther = next() < 1 / 3 && first !== undefined;
  return [
    ...flights,
    ...(isFurther ? [{ ...first, hour: 17.5 + next() / 3, place: "warsaw", asNumber: 64_551 } as const] : []),
    ...take(40).map(({ index }) => ({ index, hour: 10 + next() * 8, place: "porto", asNumber: 64_520 }) as const),
    ...take(2).map(
      ({ index, hour }) => ({ index, hour: hour + next(), place: "frankfurt", asNumber: 64_521 }) as const,
    ),
    ...take(3).map(
      ({ index, hour }) => ({ index, hour: hour + next(), place: "amsterdam", asNumber: 64_530 }) as const,
    ),
    ...[801, 802].map((index) => ({ index, hour: 10 + next(), place: "dublin", asNumber: 64_540 }) as const),
  ];
}

/** The fields of a session start at a place. */
function placeFields(place: keyof typeof cities, asNumber: number): Json {
  return {
    "client.geographicalContext": { ...cities[place], postalCode: null },
    "client.ipAddress": `192.0.2.${asNumber % 250}`,
    "securityContext.asNumber": asNumber,
  };
}

/** Persons who share the telephone of their ward, and enroll it on a day of the week each. */
const wardNurses = 4;

const numberOf = (number: number): Json => ({ "debugContext.debugData.phoneNumber": `+351${number}` });

/** The device of a person: the last sixty share six computers. */
function deviceOf(index: number): string {
  return index < company.persons - 60 ? `device-${index}` : `shared-${index % 6}`;
}

/** The network of a person who hides in none: the office's, that of a home, and another one after a move. */
function plainNetwork(
  index: number,
  day: Day,
  hour: number,
): { readonly ipAddress: string; readonly asNumber: number } {
  if (hour >= (day.moving.get(index) ?? 24)) return { ipAddress: `192.0.2.${index % 250}`, asNumber: 64_510 };
  const isAtOffice = index % 10 < 7;
  return { ipAddress: `198.51.100.${isAtOffice ? 1 : 2 + (index % 250)}`, asNumber: isAtOffice ? 64_501 : 64_502 };
}

/** The actor, client, device and security context of an event of a person's. */
function personFields(base: Json, index: number, day: Day, hour: number): Json {
  const isHidden = index >= company.administrators || day.isHiddenAdministrators;
  const network = isHidden ? networkOf.get(index) : undefined;
  const login = `person${index}@example.com`;
  const client = base.client as Json;
  const actor = {
    id: idOf(index),
    type: "User",
    alternateId: login,
    displayName: `Person ${index}`,
    detailEntry: null,
  };
  const rootSessionId = `root-${day.number}-${index}`;
  const authenticationContext = { ...(base.authenticationContext as Json), rootSessionId };
  const debugContext = setPath(base.debugContext, ["debugData", "dtHash"], deviceOf(index));
  const common = { actor, authenticationContext, debugContext };
  if (network === undefined) {
    const { ipAddress, asNumber } = plainNetwork(index, day, hour);
    const securityContext = { ...(base.securityContext as Json), asNumber };
    return { ...common, client: { ...client, ipAddress }, securityContext };
  }
  const toronto = { city: "Toronto", state: "Ontario", country: "Canada", geolocation: { lat: 43.6567, lon: -79.34 } };
  const { service, isAway } = network;
  return {
    ...common,
    client: {
      ...client,
      ipAddress: `203.0.113.${index % 250}`,
      ...(isAway ? { geographicalContext: { ...toronto, postalCode: null } } : {}),
    },
    securityContext: {
      asNumber: 64_500,
      asOrg: "Example Hosting",
      isp: null,
      domain: null,
      isProxy: service === null,
      ipDetails: { ipServiceCategories: service === null ? [] : [{ ...service, isAnonymous: true }] },
    },
  };
}
