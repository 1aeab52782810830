import { readFile } from "node:fs/promises";
import { type LogEvent, parseLogEvent } from "../../lambda/core/okta/log-event.ts";
import type { ProfileLocations } from "../../lambda/core/pipeline/ports.ts";
import type { Json } from "../../lambda/core/values/object.ts";
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

/** What happens so often a day, beside sign-ins; the change is of further values, by dotted paths. */
type Act = readonly [baseEvent: string, eventType: string, perDay: number, change?: Json];

const failed = { "outcome.result": "FAILURE" };
const newDevice = { "debugContext.debugData.behaviors": "{New Device=POSITIVE, New IP=POSITIVE}" };
const push = (type: string, response: string) => ({ ...failed, [`debugContext.debugData.${type}`]: response });
const risk = (detection: string, issuer: string) => ({
  "debugContext.debugData.risk": `{previousLevel=LOW, level=HIGH, detectionName=${detection}, issuer=${issuer}}`,
});

/** What persons do, any of them. */
const ofAnyone: readonly Act[] = [
  ["session-start", "user.session.start", 90, failed],
  ["session-start", "user.session.start", 12, newDevice],
  [
    "session-start",
    "user.session.start",
    5,
    { ...failed, "actor.id": "unknown", "actor.alternateId": "Winter!2026", "actor.displayName": "unknown" },
  ],
  ["session-start", "user.account.lock", 12],
  ["session-start", "security.session.detect_client_roaming", 60],
  ["session-start", "user.authentication.auth_via_richclient", 40],
  ["identity-provider-sign-in", "user.authentication.auth_via_IDP", 150],
  ["application-sign-in", "user.authentication.sso", 40, newDevice],
  [
    "application-sign-in",
    "user.authentication.sso",
    1.2,
    { ...newDevice, "target.0.displayName": "AWS IAM Identity Center" },
  ],
  ["application-sign-in", "app.generic.unauth_app_access_attempt", 25],
  ["application-sign-in", "app.oauth2.as.token.detect_reuse", 4],
  ["application-sign-in", "app.oauth2.as.authorize", 3, { ...failed, "outcome.reason": "mismatched_redirect_uri" }],
  ["application-sign-in", "application.user_membership.show_password", 12],
  ["mfa", "user.authentication.auth_via_mfa", 60, failed],
  ["mfa", "user.authentication.auth_via_mfa", 5, push("pushOnlyResponseType", "OV_RESPONSE_DENY")],
  [
    "mfa",
    "user.authentication.auth_via_mfa",
    8,
    push("pushWithNumberChallengeResponseType", "OV_WITH_CHALLENGE_RESPONSE_ERROR"),
  ],
  ["mfa", "user.authentication.auth_via_mfa", 30, { "outcome.result": "UNANSWERED" }],
  ["factor-change", "user.mfa.factor.activate", 7],
  ["factor-change", "user.mfa.factor.update", 6],
  ["factor-change", "user.mfa.factor.deactivate", 3.2],
  ["factor-change", "user.mfa.attempt_bypass", 1],
  ["device-enrollment", "device.enrollment.create", 12],
  ["device-enrollment", "device.enrollment.create", 3, { "target.0.displayName": "DESKTOP-7QK2M1B" }],
  ["session-start", "user.account.report_suspicious_activity_by_enduser", 0.1],
];

/** What Okta itself does, about the person of the base event. */
const asWritten: readonly Act[] = [
  ["threat-detected", "security.threat.detected", 60],
  ["user-risk", "user.risk.detect", 4],
  ["user-risk", "user.risk.detect", 0.1, risk("User Reported Suspicious Activity", "OKTA")],
  ["user-risk", "user.risk.detect", 0.4, risk("Breached Credential Detected", "OKTA")],
  ["user-risk", "user.risk.detect", 0.1, risk("Security Events Provider Reported Risk", "Example EDR")],
  ["user-risk", "user.account.reset_password", 2],
  ["user-risk", "security.breached_credential.detected", 0.4],
  ["org-limit", "system.org.rate_limit.warning", 0.4],
];

/** What the help desk and administrators do. */
const ofAdministrators: readonly Act[] = [
  ["user-administration", "user.account.reset_password", 30],
  ["user-administration", "user.mfa.factor.reset_all", 2],
  ["user-administration", "user.lifecycle.create", 5],
  ["user-administration", "user.identity_verification", 0.6, failed],
  ["system-log-event", "user.session.access_admin_app", 60],
  ["sign-on-evaluation", "policy.evaluate_sign_on", 60],
  ["sign-on-evaluation", "policy.evaluate_sign_on", 0.8, newDevice],
  ["sign-on-evaluation", "policy.evaluate_sign_on", 1.5, { "outcome.result": "DENY" }],
  ["privilege-grant", "user.account.privilege.grant", 2],
  ["privilege-grant", "user.account.privilege.revoke", 1.5],
  // What Okta's admin console offers first.
  ["api-token", "system.api_token.create", 0.6, { "debugContext.debugData.networkConnection": "ANYWHERE" }],
  ["api-token", "system.api_token.revoke", 0.6],
  ["policy-change", "policy.rule.update", 3],
  ["policy-change", "zone.update", 0.6],
  ["policy-change", "security.protected_action.attempt", 0.4, failed],
  ["application-change", "application.lifecycle.update", 14],
  ["application-change", "application.lifecycle.create", 1],
  ["application-change", "app.oauth2.client.read_client_secret", 0.8],
  ["application-change", "pam.secret.reveal", 10],
  ["identity-provider-change", "system.idp.lifecycle.update", 0.1],
  ["ai-agent", "workload_principal.ai_agent.register", 0.4],
  ["ai-agent", "workload_principal.ai_agent.credential.create", 0.4],
  ["ai-agent", "workload_principal.resource_connection.create", 0.8],
  ["ai-agent", "resource_servers.mcp_server.register", 0.4],
];

/** All of that, with the number of persons that one is picked from; null for the person of the base event. */
const acts = [
  { of: company.persons, list: ofAnyone },
  { of: null, list: asWritten },
  { of: company.administrators, list: ofAdministrators },
].flatMap(({ of, list }) => list.map((act) => ({ of, act })));

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
    for (const { of, act } of acts) {
      const [base, eventType, perDay, change = {}] = act;
      // What happens less than daily does so on some days, by chance.
      const count = Math.floor(perDay) + (next() < perDay % 1 ? 1 : 0);
      for (let done = 0; done < count; done += 1) {
        add(await baseOf(base), day, of === null ? null : pick(of), { eventType, ...change });
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

const cityOf = (city: string, state: string, country: string, lat: number, lon: number) => ({
  city,
  state,
  country,
  geolocation: { lat, lon },
});

const cities = {
  porto: cityOf("Porto", "Porto", "Portugal", 41.1496, -8.611),
  london: cityOf("London", "England", "United Kingdom", 51.5085, -0.1257),
  paris: cityOf("Paris", "Île-de-France", "France", 48.8534, 2.3488),
  frankfurt: cityOf("Frankfurt am Main", "Hesse", "Germany", 50.1155, 8.6842),
  warsaw: cityOf("Warsaw", "Mazovia", "Poland", 52.2298, 21.0118),
  amsterdam: cityOf("Amsterdam", "North Holland", "Netherlands", 52.374, 4.8897),
  dublin: cityOf("Dublin", "Leinster", "Ireland", 53.3331, -6.2489),
  toronto: cityOf("Toronto", "Ontario", "Canada", 43.6567, -79.34),
};

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
  const { service, isAway } = network;
  return {
    ...common,
    client: {
      ...client,
      ipAddress: `203.0.113.${index % 250}`,
      ...(isAway ? { geographicalContext: { ...cities.toronto, postalCode: null } } : {}),
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
