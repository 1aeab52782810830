import { isIPv4 } from "node:net";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { toAttribute } from "../../../lambda/adapters/aws/dynamodb/attribute-value.ts";
import { readExceptions } from "../../../lambda/adapters/tables/exceptions.ts";
import {
  describeScope,
  type Exception,
  type ExceptionScope,
  except,
  exceptionSchema,
  exceptionSubject,
  hasPlace,
  whyNotCovered,
} from "../../../lambda/core/exceptions/exception.ts";
import { testMark } from "../../../lambda/core/okta/log-event.ts";
import { personKeys } from "../../../lambda/core/okta/person.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { rule } from "../../fixtures/rules.ts";

const now = new Date("2026-11-24T09:30:03Z");
const first = { rule: rule("high", "00000000-0000-4000-8000-000000000001") };
const second = { rule: rule("low", "00000000-0000-4000-8000-000000000002") };

function exception(scope: ExceptionScope, until = "2026-12-24T00:00:00.000Z"): Exception {
  const createdAt = "2026-11-01T00:00:00.000Z";
  return { id: "e1", scope, by: "grace", reason: "known", createdAt, until, noticedAt: null };
}

const operators = (...names: (string | null)[]): Json => ({
  securityContext: {
    isProxy: true,
    asNumber: 64500,
    ipDetails: { ipServiceCategories: names.map((operator) => ({ type: "VPN", operator, isAnonymous: true })) },
  },
});

const beside = (operator: string): Json => ({
  securityContext: {
    ipDetails: {
      ipServiceCategories: [
        { type: "VPN", operator, isAnonymous: true },
        { type: "Proxy", operator: "ZSCALER_PROXY", isAnonymous: false },
      ],
    },
  },
});
const tunnels = (operator: string): Json => ({
  debugContext: { debugData: { tunnels: `[{"anonymous":true,"operator":${operator},"type":"VPN"}]` } },
});
const direct: Json = { securityContext: { isProxy: false } };
const byProxyType = (proxyType: string): Json => ({ debugContext: { debugData: { proxyType } } });
const typed = (type: string, operator: string | null): Json => ({
  securityContext: { isProxy: true, ipDetails: { ipServiceCategories: [{ type, operator, isAnonymous: true }] } },
});
const manyAndTor = (operator: string): Json => ({
  securityContext: {
    ipDetails: {
      ipServiceCategories: [
        ...new Array(25).fill({ type: "VPN", operator, isAnonymous: true }),
        { type: "Tor", operator: null, isAnonymous: true },
      ],
    },
  },
});
const hop = (type: string): Json => ({
  client: { ipChain: [{ ip: "192.0.2.1", ipDetails: { ipServiceCategories: [{ type, operator: null }] } }] },
});
const risk: Json = {
  eventType: "user.risk.detect",
  target: [{ id: "00u2bob", type: "User", alternateId: "bob@example.com" }],
};

function covers(scope: ExceptionScope, event: Json = {}, at = now): boolean {
  const parsed = logEvent(event);
  return whyNotCovered(exception(scope), exceptionSubject(parsed, personKeys(parsed)), at) === null;
}

describe("an exception covers", () => {
  test.each<[string, ExceptionScope, Json]>([
    ["a user by id", { user: "00u1lisbon" }, {}],
    ["a user by login, whatever its case was", { user: "ada@example.com" }, {}],
    ["an operator, whatever its case", { operator: "nordvpn" }, operators("NORDVPN")],
    ["an operator as people write it", { operator: "Nord VPN" }, operators("NORD_VPN")],
    ["an operator beside services that are not anonymous", { operator: "nord" }, beside("NORD_VPN")],
    ["an operator that the tunnels alone name", { operator: "NORD_VPN" }, tunnels("NORD_VPN")],
    ["the person at risk", { user: "00u2bob", detections: ["a"] }, risk],
    ["an ASN", { asNumber: 64500 }, {}],
    ["a network", { cidr: "203.0.113.0/24" }, {}],
    ["an IPv6 network", { cidr: "2001:db8::/32" }, { client: { ipAddress: "2001:db8::7" } }],
    ["an IPv4 network, written as IPv6", { cidr: "203.0.113.0/24" }, { client: { ipAddress: "::ffff:203.0.113.7" } }],
    ["a country", { countryCode: "CA" }, {}],
    ["all of a combination", { user: "00u1lisbon", asNumber: 64500, countryCode: "CA" }, {}],
  ])("%s", (_, scope, event) => {
    expect(covers(scope, event)).toBe(true);
  });
});

describe("an exception does not cover", () => {
  test.each<[string, ExceptionScope, Json]>([
    ["another user", { user: "00u2" }, {}],
    ["who reported a risk, instead of who is at risk", { user: "00u1lisbon", detections: ["a"] }, risk],
    [
      "Tor that another field names beside the operator",
      { operator: "NORD_VPN" },
      { ...operators("NORD_VPN"), ...byProxyType("tor") },
    ],
    ["Tor by the operator's own service", { operator: "NORD_VPN" }, typed("Tor", "NORD_VPN")],
    ["that, though it names the kind", { operator: "NORD_VPN", kinds: ["tor"] }, typed("Tor", "NORD_VPN")],
    ["Tor behind twenty services of the operator", { operator: "NORD_VPN" }, manyAndTor("NORD_VPN")],
    ["another kind of service of that name", { operator: "NORD_VPN" }, operators("NORD_VPN", "NORD_PROXY")],
    ["Tor on a hop of the hook's chain", { operator: "NORD_VPN" }, { ...operators("NORD_VPN"), ...hop("Tor") }],
    ["an operator whose name only begins alike", { operator: "nord" }, operators("NORDLAYER_VPN")],
    ["a test of the whole way", { asNumber: 64500 }, { ...testMark }],
    ["nobody in particular", { user: "unknown" }, { actor: { id: "unknown", alternateId: "unknown" } }],
    ["an address that another operator has as well", { operator: "NORDVPN" }, operators("NORDVPN", "TOR_EXIT")],
    ["an address whose operator is not named", { operator: "NORDVPN" }, operators(null)],
    ["an address without services", { operator: "NORDVPN" }, {}],
    ["an unknown ASN", { asNumber: 64500 }, { securityContext: { isProxy: true } }],
    ["an address outside", { cidr: "203.0.113.0/26" }, {}],
    ["an address of the other family", { cidr: "::/0" }, {}],
    ["what is no address", { cidr: "0.0.0.0/0" }, { client: { ipAddress: "null" } }],
    ["an unknown country", { countryCode: "CA" }, { client: { geographicalContext: null } }],
    ["half of a combination", { user: "00u1lisbon", countryCode: "PT" }, {}],
    ["what was done after the sign-in", { user: "00u1lisbon" }, { eventType: "user.account.privilege.grant" }],
    ["anything, when it says neither who nor where", { detections: ["x"] }, {}],
    ["anything, when it is empty", {}, {}],
  ])("%s", (_, scope, event) => {
    expect(covers(scope, event)).toBe(false);
  });

  test("anything from the moment at which it ends", () => {
    const last = new Date("2026-12-23T23:59:59.999Z");
    expect(covers({ asNumber: 64500 }, {}, last)).toBe(true);
    expect(covers({ asNumber: 64500 }, {}, new Date("2026-12-24T00:00:00.000Z"))).toBe(false);
    expect(whyNotCovered(exception({ asNumber: 64500 }, "someday"), exceptionSubject(logEvent(), []), now)).toContain(
      "ended",
    );
  });
});

test("detections that an exception names are excepted, whatever the event; the others are alerted on", () => {
  const event = logEvent({ eventType: "user.account.privilege.grant" });
  const one = exception({ user: "00u1lisbon", detections: [first.rule.id] });
  const { left, by } = except([first, second], [one], exceptionSubject(event, personKeys(event)), now);
  expect(left).toEqual([second]);
  expect(by).toEqual([one]);
});

test("every exception that covers a detection of the event is named, not the first alone", () => {
  const event = logEvent();
  const all = [
    exception({ user: "00u2" }),
    exception({ asNumber: 64500 }),
    exception({ user: "00u1lisbon", detections: [second.rule.id] }),
    exception({ user: "00u1lisbon", detections: ["another"] }),
  ];
  const { left, by } = except([first, second], all, exceptionSubject(event, ["00u1lisbon"]), now);
  expect(left).toEqual([]);
  expect(by).toEqual([all[1], all[2]]);
});

test("no exception widens: of an event that any part of its scope does not fit, nothing is excepted", () => {
  const users = ["00u1", "ada@example.com", "00u2"];
  const names = ["NORDVPN", "TOR_EXIT", "APPLE_ICLOUD_RELAY_PROXY"];
  const ips = ["192.0.2.1", "192.0.2.129", "198.51.100.1", "2001:db8::1", "::ffff:192.0.2.1", "null"];
  const countries = [
    ["Canada", "CA"],
    ["Japan", "JP"],
    [null, null],
  ] as const;
  const some = <Value>(values: readonly Value[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 });
  const scope = fc.record({
    user: some(users),
    operator: some(names),
    asNumber: some([64500, 64501]),
    cidr: some(["192.0.2.0/25", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "::/0"]),
    countryCode: some(["CA", "JP"]),
    detections: some([[first.rule.id], [second.rule.id], [first.rule.id, second.rule.id]]),
  });
  const event = fc.record({
    id: fc.constantFrom("00u1", "00u2", "unknown"),
    login: fc.constantFrom("Ada@Example.com", "unknown", null),
    operators: fc.array(fc.constantFrom(...names, null), { maxLength: 2 }),
    asNumber: fc.constantFrom(64500, 64501, null),
    ip: fc.constantFrom(...ips),
    country: fc.constantFrom(...countries),
    type: fc.constantFrom("user.session.start", "user.account.privilege.grant"),
  });
  /** Whether an address is in a network, by its bits: written apart from the code under test. */
  const inNetwork = (ip: string, cidr: string): boolean => {
    const [address = "", length] = cidr.split("/");
    const plain = ip.replace("::ffff:", "");
    // What is written as an IPv6 address is one as well.
    if (ip !== plain && !isIPv4(address)) return length === "0";
    if (plain === "null" || isIPv4(plain) !== isIPv4(address)) return false;
    if (!isIPv4(plain)) return length === "0" || plain.startsWith("2001:db8:");
    const bits = (text: string) =>
      text
        .split(".")
        .map((part) => Number(part).toString(2).padStart(8, "0"))
        .join("");
    return bits(plain).slice(0, Number(length)) === bits(address).slice(0, Number(length));
  };
  let covered = 0;
  fc.assert(
    fc.property(fc.array(scope, { maxLength: 4 }), event, fc.boolean(), (scopes, given, ended) => {
      const parsed = logEvent({
        eventType: given.type,
        actor: { id: given.id, type: "User", alternateId: given.login },
        client: { ipAddress: given.ip, geographicalContext: { country: given.country[0] } },
        ...operators(...given.operators),
        securityContext: {
          ...(operators(...given.operators).securityContext as Json),
          asNumber: given.asNumber,
        },
      });
      const fits = (each: ExceptionScope, id: string) =>
        hasPlace(each) &&
        (each.user === undefined || each.user === given.id || each.user === given.login?.toLowerCase()) &&
        (each.operator === undefined ||
          (given.operators.length > 0 && given.operators.every((name) => name === each.operator))) &&
        (each.asNumber === undefined || each.asNumber === given.asNumber) &&
        (each.cidr === undefined || inNetwork(given.ip, each.cidr)) &&
        (each.countryCode === undefined || each.countryCode === given.country[1]) &&
        (each.detections === undefined ? given.type === "user.session.start" : each.detections.includes(id));
      const until = ended ? now.toISOString() : "2026-12-24T00:00:00.000Z";
      const exceptions = scopes.map((each) => exception(each as ExceptionScope, until));
      const { left } = except([first, second], exceptions, exceptionSubject(parsed, personKeys(parsed)), now);
      const expected = [first, second].filter(
        ({ rule: { id } }) => ended || !scopes.some((each) => fits(each as ExceptionScope, id)),
      );
      expect(left).toEqual(expected);
      covered += 2 - left.length;
    }),
    { numRuns: 5_000 },
  );
  expect(covered).toBeGreaterThan(100);
});

describe("why an exception does not cover an event is told", () => {
  const nobody: Json = {
    actor: null,
    client: { ipAddress: null, geographicalContext: null },
    securityContext: { isProxy: true },
  };

  test.each<[string, ExceptionScope, Json, string]>([
    ["a test", { user: "00u1lisbon" }, { ...testMark }, "it is a test alert, which no exception covers"],
    [
      "another event",
      { user: "00u1lisbon" },
      { eventType: "user.mfa.factor.deactivate" },
      "it covers user.session.start alone, as it names no detection",
    ],
    ["another user", { user: "00u2" }, {}, "the user is 00u1lisbon, ada@example.com, not 00u2"],
    ["no user", { user: "00u2" }, nobody, "the user is unknown, not 00u2"],
    [
      "another operator",
      { operator: "NORD_VPN" },
      operators("PIA_VPN", null),
      "the operator is PIA_VPN and unnamed (vpn), not NORD_VPN alone",
    ],
    [
      "several kinds",
      { operator: "NORD_VPN" },
      { ...operators("NORD_VPN"), ...byProxyType("tor") },
      "the operator is NORD_VPN (tor, vpn), not NORD_VPN alone",
    ],
    ["no operator", { operator: "NORD_VPN" }, direct, "the operator is unknown, not NORD_VPN alone"],
    ["another ASN", { asNumber: 64501 }, {}, "the ASN is 64500, not 64501"],
    ["no ASN", { asNumber: 64501 }, nobody, "the ASN is unknown, not 64501"],
    ["another network", { cidr: "192.0.2.0/24" }, {}, "the address is 203.0.113.77, which is not in 192.0.2.0/24"],
    ["no address", { cidr: "192.0.2.0/24" }, nobody, "the address is unknown, which is not in 192.0.2.0/24"],
    ["another country", { countryCode: "PT" }, {}, "the country is CA, not PT"],
    ["no country", { countryCode: "PT" }, nobody, "the country is unknown, not PT"],
    ["neither who nor where", { detections: ["x"] }, {}, "it says neither who nor where"],
  ])("of %s", (_, scope, event, reason) => {
    const parsed = logEvent(event);
    expect(whyNotCovered(exception(scope), exceptionSubject(parsed, personKeys(parsed)), now)).toBe(reason);
  });
});

test.each<[ExceptionScope, string]>([
  [{ asNumber: 64500 }, "anyone, AS64500"],
  [{ user: "ada@example.com", operator: "NORD_VPN" }, "ada@example.com, operator NORD_VPN"],
  [
    { cidr: "192.0.2.0/24", countryCode: "PT", detections: ["one", "two"] },
    "anyone, network 192.0.2.0/24, country PT, detections one, two",
  ],
])("%j is described as: %s", (scope, text) => {
  expect(describeScope(scope)).toBe(text);
});

describe("a stored exception", () => {
  const stored = { ...exception({ user: "00u1" }) };
  const read = (value: Json, item = "exceptions#user#00u1") =>
    readExceptions({ id: { S: item }, "exception#e1": toAttribute(value as never) });

  test("is read as it was written", () => {
    expect(read(stored)).toEqual([stored]);
    expect(v.safeParse(exceptionSchema, stored).success).toBe(true);
  });

  test.each<ExceptionScope>([
    { cidr: "192.0.2.0/24" },
    { countryCode: "PT" },
    { operator: "NORD_VPN" },
    { asNumber: 0 },
  ])("of %j is read", (scope) => {
    expect(read({ ...stored, scope }, "exceptions#anyone")).toEqual([{ ...stored, scope }]);
  });

  test.each<[string, Json]>([
    ["has a part of a scope that this release does not know", { scope: { user: "00u1", zone: "home" } }],
    ["covers everything", { scope: {} }],
    ["has no end", { until: null }],
    ["has a scope that cannot be read", { scope: { user: "00u1", cidr: "192.0.2.0/33" } }],
    ["has a country that is none", { scope: { countryCode: "Canada" } }],
    ["has a country of three letters", { scope: { countryCode: "CAN" } }],
    ["has a country in lower case", { scope: { countryCode: "ca" } }],
    ["has a country of one letter", { scope: { countryCode: "C" } }],
  ])("that %s excepts nothing", (_, change) => {
    expect(read({ ...stored, ...change })).toEqual([]);
  });
});

test("an exception for the autonomous system zero covers nothing: Okta writes zero where it does not know the system", () => {
  const event = logEvent({ securityContext: { isProxy: true, asNumber: 0 } });
  const subject = exceptionSubject(event, ["00u1lisbon"]);
  expect(whyNotCovered(exception({ asNumber: 0 }), subject, new Date("2026-11-24T09:30:03Z"))).toBe(
    "the ASN is unknown, not 0",
  );
});

describe("the kinds of network that an exception covers", () => {
  const residential = typed("Residential Proxy", "SOME_OPERATOR");

  test.each<[string, ExceptionScope, Json, boolean]>([
    ["a VPN, where it names none", { user: "00u1lisbon" }, typed("VPN", "NORD_VPN"), true],
    ["an unnamed proxy, where it names none", { user: "00u1lisbon" }, {}, true],
    ["no Tor, where it names none", { user: "00u1lisbon" }, typed("Tor", null), false],
    ["no Tor that another field names", { user: "00u1lisbon" }, byProxyType("tor"), false],
    ["no residential proxy, where it names none", { asNumber: 64500, user: "00u1lisbon" }, residential, false],
    ["Tor, where it names that", { user: "00u1lisbon", kinds: ["tor"] }, typed("Tor", null), true],
    [
      "a residential proxy, where it names that",
      { user: "00u1lisbon", kinds: ["residential_proxy"] },
      residential,
      true,
    ],
    ["no VPN, where it names Tor", { user: "00u1lisbon", kinds: ["tor"] }, typed("VPN", "NORD_VPN"), false],
    ["no unnamed proxy, where it names a kind", { user: "00u1lisbon", kinds: ["proxy"] }, {}, false],
    ["no address that has another kind beside", { user: "00u1lisbon", kinds: ["vpn"] }, manyAndTor("NORD_VPN"), false],
    ["an address of two kinds that it names", { user: "00u1lisbon", kinds: ["vpn", "tor"] }, manyAndTor("X_VPN"), true],
    ["an event without an address", { user: "00u2bob", detections: ["a"] }, risk, true],
  ])("are: %s", (_, scope, event, expected) => {
    expect(covers(scope, event)).toBe(expected);
  });

  test("are named with the exception", () => {
    expect(describeScope({ user: "00u1", kinds: ["vpn", "tor"] })).toBe("00u1, kind vpn or tor");
  });
});
