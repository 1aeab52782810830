import { random } from "../cli/rules/random.ts";

/*
 * A month of sign-ins of an org of invented people, for the report's picture and its tests: most sign in from where they live, some through
 * a VPN day after day, a few travel, one session is an attacker's, and one night brings a spray. The same seed gives the same month.
 */

/** Events of the System Log in order of time, and where the people are expected. */
export interface InventedMonth {
  readonly events: readonly Readonly<Record<string, unknown>>[];
  /** A file of profiles: login, city, country code, latitude, longitude. */
  readonly profiles: string;
}

/** How large the month is. */
export interface InventedMonthOptions {
  /** @default 60 */
  readonly persons?: number;
  /** @default 30 */
  readonly days?: number;
}

interface City {
  readonly city: string;
  readonly state: string;
  readonly country: string;
  readonly code: string;
  readonly lat: number;
  readonly lon: number;
}

const city = (name: string, state: string, country: string, code: string, lat: number, lon: number): City => {
  return { city: name, state, country, code, lat, lon };
};

const homes = [
  city("Lisbon", "Lisbon", "Portugal", "PT", 38.7167, -9.1333),
  city("Porto", "Porto", "Portugal", "PT", 41.1496, -8.611),
  city("Berlin", "Berlin", "Germany", "DE", 52.5244, 13.4105),
  city("Toronto", "Ontario", "Canada", "CA", 43.7001, -79.4163),
  city("Austin", "Texas", "United States", "US", 30.2672, -97.7431),
  city("Pune", "Maharashtra", "India", "IN", 18.5196, 73.8554),
] as const;

/** The exits of a VPN near each home: some within 300 km, some beyond 500. */
const exits = [
  city("Madrid", "Madrid", "Spain", "ES", 40.4165, -3.7026),
  city("Madrid", "Madrid", "Spain", "ES", 40.4165, -3.7026),
  city("Frankfurt am Main", "Hesse", "Germany", "DE", 50.1155, 8.6842),
  city("Montréal", "Quebec", "Canada", "CA", 45.5088, -73.5878),
  city("Dallas", "Texas", "United States", "US", 32.7831, -96.8067),
  city("Mumbai", "Maharashtra", "India", "IN", 19.0728, 72.8826),
] as const;

/** The exits of those who travel, and of an attacker. */
const farExits = [
  city("Singapore", "", "Singapore", "SG", 1.2897, 103.8501),
  city("Stockholm", "Stockholm", "Sweden", "SE", 59.3326, 18.0649),
  city("São Paulo", "São Paulo", "Brazil", "BR", -23.5475, -46.6361),
] as const;

const firstNames =
  "Ada Bento Clara Duarte Elsa Farid Greta Hugo Ines Jonas Kavya Luis Mira Nuno Olga Pedro Rita Samir Tessa Vera".split(
    " ",
  );
const lastNames = "Marques Keller Okafor Lindqvist Rao Novak Silva Haas Moreau Castro Iyer Weber".split(" ");

const hour = 3_600_000;
const day = 24 * hour;
/** The seed of the month, and the name of its events and sessions. */
const seed = 1;
/** A Monday. */
const start = Date.UTC(2026, 9, 26);

/** Makes a month. */
export function inventMonth({ persons = 60, days = 30 }: InventedMonthOptions = {}): InventedMonth {
  const next = random(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)] as Item;
  const people = Array.from({ length: persons }, (_, index) => {
    const first = firstNames[index % firstNames.length] ?? "";
    const last = lastNames[(index * 7 + Math.floor(index / firstNames.length)) % lastNames.length] ?? "";
    const number = index < firstNames.length * 6 ? "" : String(index);
    return {
      id: `00u${String(index).padStart(6, "0")}`,
      login: `${first}.${last}${number}@example.com`.toLowerCase(),
      name: `${first} ${last}`,
      home: homes[index % homes.length] ?? homes[0],
      network: index % 4 === 1 ? companyVpn : index % 10 === 3 ? nord : index % 15 === 4 ? relay : null,
      exit: exits[index % exits.length] ?? exits[0],
      ip: `198.51.100.${(index % 250) + 1}`,
    };
  });
  type Person = (typeof people)[number];
  const events: { readonly time: number; readonly event: Readonly<Record<string, unknown>> }[] = [];
  let count = 0;
  const add = (
    time: number,
    person: Person,
    from: City,
    network: Network | null,
    over: Record<string, unknown> = {},
  ) => {
    count += 1;
    const ip = network === null ? person.ip : `${network.prefix}.${(count % 250) + 1}`;
    events.push({ time, event: { ...signIn(count, time, person, from, network, ip), ...over } });
  };
  for (let index = 0; index < days; index += 1) {
    const date = start + index * day;
    const isWorkday = index % 7 < 5;
    for (const person of people) {
      if (!isWorkday && next() < 0.85) continue;
      const offset = Math.round((person.home.lon / 15) * hour);
      const morning = date + 8 * hour - offset + Math.floor(next() * 2 * hour);
      add(morning, person, person.home, null);
      if (person.network !== null && next() < 0.7) {
        const from = person.network === relay ? person.home : person.exit;
        add(morning + Math.floor(next() * 8 * hour), person, from, person.network);
      } else if (next() < 0.004) {
        add(morning + 6 * hour, person, pick(farExits), pick([nord, mullvad]));
      }
    }
  }
  const failure = { outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" } };
  const victim = people[5] as Person;
  const attack = start + Math.floor(days * 0.8) * day + 2 * hour;
  for (let index = 0; index < 60; index += 1) {
    add(attack + index * 7_000, people[index % people.length] as Person, pick(farExits), tor, failure);
  }
  add(attack + 8 * 60_000, victim, farExits[2], tor);
  events.sort((a, b) => a.time - b.time);
  const rows = people.map(({ login, home }) => [login, home.city, home.code, home.lat, home.lon].join(","));
  return {
    events: events.map(({ event }) => event),
    profiles: `login,city,countryCode,latitude,longitude\n${rows.join("\n")}\n`,
  };
}

interface Network {
  readonly type: string;
  readonly operator: string | null;
  readonly asNumber: number;
  readonly asOrg: string;
  readonly prefix: string;
}

const companyVpn: Network = {
  type: "VPN",
  operator: "PERIMETER_81_VPN",
  asNumber: 64_501,
  asOrg: "Example Transit",
  prefix: "203.0.113",
};
const nord: Network = {
  type: "VPN",
  operator: "NORD_VPN",
  asNumber: 64_502,
  asOrg: "Example Hosting",
  prefix: "192.0.2",
};
const mullvad: Network = { ...nord, operator: "MULLVAD_VPN", asNumber: 64_503 };
const relay: Network = { ...nord, type: "Proxy", operator: "APPLE_ICLOUD_RELAY_PROXY", asNumber: 64_504 };
const tor: Network = { type: "Tor", operator: null, asNumber: 64_505, asOrg: "Example Relays", prefix: "203.0.113" };

function signIn(
  number: number,
  time: number,
  person: { readonly id: string; readonly login: string; readonly name: string },
  from: City,
  network: Network | null,
  ip: string,
) {
  const services = network === null ? [] : [{ type: network.type, operator: network.operator, isAnonymous: true }];
  return {
    uuid: `${String(seed).padStart(8, "0")}-0000-4000-8000-${String(number).padStart(12, "0")}`,
    published: new Date(time).toISOString(),
    eventType: "user.session.start",
    version: "0",
    severity: "INFO",
    displayMessage: "User login to Okta",
    actor: { id: person.id, type: "User", alternateId: person.login, displayName: person.name, detailEntry: null },
    client: {
      userAgent: {
        rawUserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Firefox/144.0",
        os: "Linux",
        browser: "FIREFOX",
      },
      zone: "null",
      device: "Computer",
      id: null,
      ipAddress: ip,
      geographicalContext: {
        city: from.city,
        state: from.state || null,
        country: from.country,
        postalCode: null,
        geolocation: { lat: from.lat, lon: from.lon },
      },
    },
    device: null,
    outcome: { result: "SUCCESS", reason: null },
    target: null,
    transaction: { type: "WEB", id: `transaction-${number}`, detail: {} },
    debugContext: { debugData: { dtHash: `device-${person.id}` } },
    authenticationContext: {
      externalSessionId: `session-${seed}-${number}`,
      rootSessionId: `session-${seed}-${number}`,
    },
    securityContext: {
      asNumber: network?.asNumber ?? 64_496,
      asOrg: network?.asOrg ?? "Example Broadband",
      isp: null,
      domain: null,
      isProxy: network !== null,
      ...(network === null ? {} : { ipDetails: { ipServiceCategories: services } }),
    },
  };
}
