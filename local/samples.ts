import type { Json } from "../lambda/core/values/object.ts";
import { type SamplePerson, type SamplePlace, sampleExits, samplePeople } from "./sample-people.ts";

/** A sample that a button of the page delivers. */
interface Sample {
  readonly label: string;
  /** What follows from it, one sentence. */
  readonly expected: string;
  /** The deliveries, in this order, each a list of events. */
  readonly make: (turn: Turn) => readonly (readonly Json[])[];
}

/** The person and the exit whose turn it is. */
interface Turn {
  readonly person: SamplePerson;
  readonly exit: SamplePlace;
  readonly now: Date;
  /** How often this sample was delivered before. */
  readonly earlier: number;
}

/** A network of the samples; addresses and numbers are reserved for documentation (RFC 5737, RFC 5398). */
interface SampleNetwork {
  readonly ip: string;
  readonly asNumber: number;
  readonly asOrg: string;
  readonly services: readonly { readonly type: string; readonly operator: string | null }[];
}

const telecom: SampleNetwork = { ip: "198.51.100.23", asNumber: 64501, asOrg: "Example Telecom", services: [] };
const vpn: SampleNetwork = {
  ip: "203.0.113.40",
  asNumber: 64502,
  asOrg: "Example Datacenter",
  services: [{ type: "VPN", operator: "NORD_VPN" }],
};
const tor: SampleNetwork = {
  ip: "203.0.113.77",
  asNumber: 64500,
  asOrg: "Example Hosting",
  services: [{ type: "Tor", operator: null }],
};
const residential: SampleNetwork = {
  ip: "192.0.2.66",
  asNumber: 64503,
  asOrg: "Example Cable",
  services: [{ type: "Residential Proxy", operator: "EXAMPLE_PROXY" }],
};

/** The samples, by the name that a button posts. */
export const samples = {
  ordinary: {
    label: "Ordinary sign-in",
    expected: "From home, through no proxy: no alert.",
    make: ({ person, now }) => [[signIn(person, person.home, telecom, now)]],
  },
  near: {
    label: "VPN, near home",
    expected: "An anonymous network, but where the user is expected.",
    make: ({ person, now }) => [[signIn(person, person.near, vpn, now)]],
  },
  far: {
    label: "VPN, far from home",
    expected: "Two detections match: anonymous, and a geographic mismatch.",
    make: ({ person, exit, now }) => [[signIn(person, exit, vpn, now)]],
  },
  tor: {
    label: "Tor",
    expected: "Through Tor, with a high risk level.",
    make: ({ person, exit, now }) => [[signIn(person, exit, tor, now, { risk: "HIGH" })]],
  },
  failed: {
    label: "Failed attempt",
    expected: "A wrong password through a residential proxy: one level down.",
    make: ({ person, exit, now }) => [[signIn(person, exit, residential, now, { reason: "INVALID_CREDENTIALS" })]],
  },
  chain: {
    label: "Attack chain",
    expected: "A session through Tor enrols a factor, takes an admin role, creates an API token.",
    make: attackChain,
  },
  spray: {
    label: "Password spray",
    expected: "Twelve failed sign-ins from one source, then one that succeeds: a storm.",
    make: spray,
  },
} as const satisfies Readonly<Record<string, Sample>>;
export type PageSample = keyof typeof samples;

/** Whether a sample has this name. */
export const isPageSample = (name: string): name is PageSample => Object.hasOwn(samples, name);

/** Makes the deliveries of a sample, each time with new ids, times of now, and the next person and exit. */
export function createSampler(now: () => Date = () => new Date()): (name: PageSample) => readonly Json[] {
  let count = 0;
  const delivered = new Map<PageSample, number>();
  return (name) => {
    const person = samplePeople[count % samplePeople.length] ?? samplePeople[0];
    // A person comes back through another exit: the same one would be no news, and grouped.
    const round = Math.floor(count / samplePeople.length);
    const exit = sampleExits[(count + round) % sampleExits.length] ?? sampleExits[0];
    if (person === undefined || exit === undefined) throw new Error("no samples");
    const earlier = delivered.get(name) ?? 0;
    const turn = { person, exit, now: now(), earlier };
    count += 1;
    delivered.set(name, earlier + 1);
    return samples[name].make(turn).map((events) => delivery(events, turn.now));
  };
}

interface SignInDetails {
  readonly risk?: "LOW" | "HIGH";
  /** Why it failed. @default it succeeded */
  readonly reason?: string;
  readonly session?: string;
  /** Seconds before now. @default 1 */
  readonly ago?: number;
}

function signIn(
  { id, login, displayName }: Pick<SamplePerson, "id" | "login" | "displayName">,
  from: SamplePlace,
  network: SampleNetwork,
  now: Date,
  { risk = "LOW", reason, session = `idx${crypto.randomUUID().slice(0, 8)}`, ago = 1 }: SignInDetails = {},
): Json {
  const isAnonymous = network.services.length > 0;
  return {
    uuid: crypto.randomUUID(),
    published: new Date(now.getTime() - ago * 1_000).toISOString(),
    eventType: "user.session.start",
    displayMessage: "User login to Okta",
    severity: "INFO",
    actor: { id, type: "User", alternateId: login, displayName },
    client: {
      userAgent: {
        rawUserAgent: "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
        os: "Windows 10",
        browser: "FIREFOX",
      },
      zone: "null",
      device: "Computer",
      ipAddress: network.ip,
      geographicalContext: {
        city: from.city,
        state: from.state,
        country: from.country,
        postalCode: null,
        geolocation: { lat: from.latitude, lon: from.longitude },
      },
    },
    outcome: { result: reason === undefined ? "SUCCESS" : "FAILURE", reason: reason ?? null },
    authenticationContext: { externalSessionId: session, rootSessionId: session },
    securityContext: {
      asNumber: network.asNumber,
      asOrg: network.asOrg,
      isp: network.asOrg,
      domain: "example.net",
      isProxy: isAnonymous,
      ipDetails: { ipServiceCategories: network.services.map((service) => ({ ...service, isAnonymous: true })) },
      risk: { level: risk, reasons: risk === "HIGH" ? ["Anomalous Location"] : [] },
      userBehaviors: [{ id: null, name: "New Geo-Location", result: risk === "HIGH" ? "POSITIVE" : "NEGATIVE" }],
    },
    debugContext: { debugData: { requestUri: "/idp/idx/identify", threatSuspected: "false" } },
    target: null,
  };
}

/** Four acts of one session through Tor, in the order and with the time between them that public reports describe. */
function attackChain({ person, exit, now }: Turn): readonly (readonly Json[])[] {
  const session = `idx${crypto.randomUUID().slice(0, 8)}`;
  const start = signIn(person, exit, tor, now, { risk: "HIGH", session, ago: 240 });
  const self = { id: person.id, type: "User", alternateId: person.login, displayName: person.displayName };
  const act = (eventType: string, displayMessage: string, ago: number, target: readonly Json[], debug: Json = {}) => ({
    ...signIn(person, exit, tor, now, { risk: "HIGH", session, ago }),
    eventType,
    displayMessage,
    target,
    debugContext: { debugData: { requestUri: "/api/v1", threatSuspected: "false", ...debug } },
  });
  const token = { id: "00T1sampletoken00001", type: "Token", alternateId: "unknown", displayName: "deploy" };
  return [
    [start],
    [act("user.mfa.factor.activate", "Activate factor or authenticator enrollment for user", 180, [self])],
    [
      act("user.account.privilege.grant", "Grant user privilege", 120, [self], {
        privilegeGranted: "Organization administrator",
      }),
    ],
    [act("system.api_token.create", "Create API token", 60, [token])],
  ];
}

/** The autonomous systems of the sprays: the second range that RFC 5398 reserves. */
const sprayNetworks = { first: 65_536, count: 16 };

/** Failed sign-ins for many logins from one address, and the one that succeeds. */
function spray({ person, exit, now, earlier }: Turn): readonly (readonly Json[])[] {
  // A source of its own each time, which no other sample has: a storm counts the earlier attempts of its source. An operator
  // would be the source, so none is named, and the autonomous system is.
  const source: SampleNetwork = {
    ip: `192.0.2.${100 + (earlier % 100)}`,
    asNumber: sprayNetworks.first + (earlier % sprayNetworks.count),
    asOrg: "Example Cable",
    services: [{ type: "Residential Proxy", operator: null }],
  };
  const failed = Array.from({ length: 12 }, (_, index) =>
    signIn(
      {
        id: `00u1sample0spray${String(index).padStart(4, "0")}`,
        login: `user${index + 1}@example.com`,
        displayName: `User ${index + 1}`,
      },
      exit,
      source,
      now,
      { reason: "INVALID_CREDENTIALS", ago: 14 - index },
    ),
  );
  return [failed.slice(0, 6), failed.slice(6), [signIn(person, exit, source, now)]];
}

function delivery(events: readonly Json[], now: Date): Json {
  return {
    eventType: "com.okta.event_hook",
    eventTypeVersion: "1.0",
    cloudEventsVersion: "0.1",
    source: "https://example.okta.com/api/v1/eventHooks/who1sample0000000001",
    eventId: crypto.randomUUID(),
    eventTime: now.toISOString(),
    contentType: "application/json",
    data: { events },
  };
}
