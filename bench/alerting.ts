import { memoryStates } from "../cli/backtest/memory.ts";
import type { Alert } from "../lambda/core/alerts/alert-schema.ts";
import type { Exception, ExceptionScope } from "../lambda/core/exceptions/exception.ts";
import { type LogEvent, parseLogEvent } from "../lambda/core/okta/log-event.ts";
import { processDelivery } from "../lambda/core/pipeline/process-delivery.ts";
import { startBudget } from "../lambda/core/time/budget.ts";
import { sessionStart } from "../test/fixtures/events.ts";
import { findings, memoryPorts } from "../test/fixtures/memory.ts";
import { proxied, ruleSet } from "../test/fixtures/rules.ts";
import { print } from "./measure.ts";

const day = 86_400_000;
const start = Date.parse("2026-11-02T00:00:00Z");

/** A proxied session start of the month. */
interface SignIn {
  readonly at: number;
  readonly user: string;
  readonly asNumber: number;
  readonly country: string;
  readonly type: string;
  readonly operator: string | null;
  readonly succeeded: boolean;
  readonly isAttack: boolean;
}

/** Random numbers from a seed (mulberry32): the same month every time. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * A synthetic month of an org of 1,000, as there is no public one: 8 % of its users have iCloud Private Relay on, 2 % a
 * commercial VPN, an office of 30 leaves through a gateway that Okta lists as a proxy; each signs in some three to five
 * times a working day. In three nights an attacker tries passwords on 40 users, and twelve accounts are taken over,
 * each through Tor or a residential proxy, two of them through the user's own VPN.
 */
function month(): readonly SignIn[] {
  const random = randomFrom(20_261_125);
  const signIns: SignIn[] = [];
  const workdays = Array.from({ length: 30 }, (_, index) => index).filter((index) => index % 7 < 5);
  const habit = (
    count: number,
    name: string,
    perDay: number,
    network: Omit<SignIn, "at" | "user" | "succeeded" | "isAttack">,
  ) => {
    for (let user = 0; user < count; user += 1) {
      for (const workday of workdays) {
        for (let each = 0; each < perDay; each += 1) {
          // Some sign-ins come together: a browser and three applications, at nine in the morning.
          const hour = random() < 0.5 ? 9 + random() / 4 : 9 + random() * 9;
          const succeeded = random() > 0.03;
          const at = start + workday * day + hour * 3_600_000;
          signIns.push({ at, user: `${name}${user}`, ...network, succeeded, isAttack: false });
        }
      }
    }
  };
  habit(80, "relay", 4, { asNumber: 64501, country: "Portugal", type: "Proxy", operator: "APPLE_ICLOUD_RELAY_PROXY" });
  habit(20, "vpn", 3, { asNumber: 64502, country: "Portugal", type: "VPN", operator: "NORDVPN" });
  habit(30, "gateway", 5, { asNumber: 64503, country: "Germany", type: "Proxy", operator: "ZSCALER" });
  for (const night of [4, 12, 23]) {
    for (let user = 0; user < 40; user += 1) {
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const at = start + night * day + 2 * 3_600_000 + user * 2_000 + attempt * 400_000;
        const network = { asNumber: 64600 + night, country: "Romania", type: "Proxy", operator: null };
        signIns.push({ at, user: `staff${user}`, ...network, succeeded: false, isAttack: false });
      }
    }
  }
  for (let attack = 0; attack < 12; attack += 1) {
    const at = start + (3 + attack * 2) * day + random() * day;
    const network =
      attack < 2
        ? { asNumber: 64700 + attack, country: "Japan", type: "VPN", operator: "NORDVPN" }
        : {
            asNumber: 64700 + attack,
            country: "Netherlands",
            type: attack % 2 === 0 ? "Tor" : "Residential Proxy",
            operator: null,
          };
    const user = attack < 2 ? `vpn${attack}` : attack < 6 ? `relay${attack}` : `staff${attack}`;
    signIns.push({ at, user, ...network, succeeded: true, isAttack: true });
  }
  return signIns.sort((first, second) => first.at - second.at);
}

function toEvent(signIn: SignIn, index: number): LogEvent {
  const { at, user, asNumber, country, type, operator, succeeded } = signIn;
  const parsed = parseLogEvent(
    sessionStart({
      uuid: `event-${index}`,
      published: new Date(at).toISOString(),
      actor: { id: user, type: "User", alternateId: `${user}@example.com`, displayName: user },
      client: { ipAddress: "203.0.113.7", geographicalContext: { country } },
      outcome: { result: succeeded ? "SUCCESS" : "FAILURE", reason: null },
      securityContext: {
        isProxy: true,
        asNumber,
        ipDetails: { ipServiceCategories: [{ type, operator, isAnonymous: true }] },
      },
    }),
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.event;
}

/** The exceptions that a team would add after the first two days. */
function exceptionsOf(signIns: readonly SignIn[]): readonly Exception[] {
  const vpnUsers = new Set(
    signIns.flatMap(({ user, isAttack }) => (user.startsWith("vpn") && !isAttack ? [user] : [])),
  );
  const scopes: ExceptionScope[] = [
    { operator: "APPLE_ICLOUD_RELAY_PROXY", countryCode: "PT" },
    { asNumber: 64503, countryCode: "DE" },
    ...[...vpnUsers].map((user) => ({ user, operator: "NORDVPN", countryCode: "PT" })),
  ];
  return scopes.map((scope, index) => ({
    id: `exception-${index}`,
    scope,
    by: "bench",
    reason: "known",
    createdAt: new Date(start).toISOString(),
    until: new Date(start + 90 * day).toISOString(),
    noticedAt: null,
  }));
}

async function alertsOf(
  signIns: readonly SignIn[],
  { suppressMinutes, exceptions }: { readonly suppressMinutes: number; readonly exceptions: readonly Exception[] },
): Promise<readonly Alert[]> {
  const alerts: Alert[] = [];
  const userStates = memoryStates();
  let now = start;
  const ports = memoryPorts({
    rules: ruleSet([proxied]),
    userStates,
    suppressMinutes,
    lookUp: async ({ users }) =>
      findings(
        new Map(),
        now < start + 2 * day ? [] : exceptions,
        new Map([...users].map((user) => [user, userStates.get(user)])),
      ),
    publish: async (alert) => void alerts.push(alert),
    now: () => new Date(now),
  });
  const attacked = new Set<string>();
  const budget = startBudget({ work: 600_000, parking: 600_000 });
  for (const [index, signIn] of signIns.entries()) {
    now = signIn.at;
    const event = toEvent(signIn, index);
    if (signIn.isAttack) attacked.add(event.uuid);
    await processDelivery({ id: null, org: null, eventHookId: null, events: [event], malformed: [] }, ports, budget);
  }
  const alerted = new Set(alerts.map(({ okta }) => okta.eventUuid));
  const missed = [...attacked].filter((uuid) => !alerted.has(uuid));
  if (missed.length > 0) throw new Error(`${missed.length} of ${attacked.size} attacks were not alerted on`);
  return alerts;
}

/** Counts the alerts of a synthetic month, without and with suppression and exceptions. */
export async function alerting(): Promise<void> {
  const signIns = month();
  const exceptions = exceptionsOf(signIns);
  const all = await alertsOf(signIns, { suppressMinutes: 0, exceptions: [] });
  const unit = "alerts";
  const before = { name: "alerts of a synthetic month, with nothing suppressed", value: all.length, unit } as const;
  const ways = {
    "with suppression": { suppressMinutes: 60, exceptions: [] },
    "with exceptions": { suppressMinutes: 0, exceptions },
    "with both": { suppressMinutes: 60, exceptions },
  };
  for (const [name, way] of Object.entries(ways)) {
    const alerts = await alertsOf(signIns, way);
    print({ name: `the same ${name}`, value: alerts.length, unit }, before);
    if (name !== "with both") continue;
    const news = alerts.filter(
      ({ history }) => history?.firstTime || history?.firstTimeForAsn || history?.firstTimeForCountry,
    );
    const later = alerts.filter(({ detectedAt }) => Date.parse(detectedAt) >= start + 2 * day);
    const both = { name: `the same ${name}`, value: alerts.length, unit } as const;
    print({ name: "of these, after the two days by when the exceptions are made", value: later.length, unit }, both);
    print({ name: "of these, new to their user by the history", value: news.length, unit }, both);
  }
}
