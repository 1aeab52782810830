import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Exception, ExceptionScope } from "../../../lambda/core/exceptions/exception.ts";
import { maximumDays, whyTooBroad, whyTooMuch } from "../../../lambda/core/exceptions/measure.ts";

describe("an exception covers too much, for anyone,", () => {
  test.each<[string, ExceptionScope]>([
    ["all of IPv4", { cidr: "0.0.0.0/0" }],
    ["half of IPv4", { cidr: "128.0.0.0/1" }],
    ["a /7", { cidr: "10.0.0.0/7" }],
    ["all of IPv6", { cidr: "::/0" }],
    ["a /15 of IPv6", { cidr: "2000::/15" }],
    ["all of IPv4, written as IPv6", { cidr: "::ffff:0:0/96" }],
    ["all of IPv4, written as IPv6 in full", { cidr: "0:0:0:0:0:ffff:0.0.0.0/96" }],
    ["a broad network in a country", { cidr: "0.0.0.0/0", countryCode: "US" }],
    ["a country", { countryCode: "US" }],
    ["a country, by kind", { countryCode: "US", kinds: ["vpn"] }],
    ["a country, by detection", { countryCode: "US", detections: ["x"] }],
    ["an operator of Tor", { operator: "SOME_TOR" }],
    ["Tor, as people write it", { operator: "Tor" }],
    ["Tor in capitals", { operator: "TOR" }],
    ["an exit of Tor", { operator: "TOR_EXIT" }],
    ["Tor for one user", { user: "ada@example.com", operator: "tor" }],
    ["residential proxies", { operator: "Residential Proxy" }],
  ])("with %s", (_, scope) => {
    expect(whyTooBroad(scope)).not.toBeNull();
  });
});

describe("an exception may be made", () => {
  test.each<[string, ExceptionScope]>([
    ["for a /8", { cidr: "10.0.0.0/8" }],
    ["for a /16 of IPv6", { cidr: "2001::/16" }],
    ["for a /8, written as IPv6", { cidr: "::ffff:10.0.0.0/104" }],
    ["for an operator whose name has the letters of Tor", { operator: "STORM_VPN" }],
    ["for a network in a country", { cidr: "192.0.2.0/24", countryCode: "US" }],
    ["for an operator in a country", { operator: "NORD_VPN", countryCode: "US" }],
    ["for an operator of Tor, whose kind is named", { operator: "SOME_TOR", kinds: ["tor"] }],
  ])("%s", (_, scope) => {
    expect(whyTooBroad(scope)).toBeNull();
  });

  test("for one user, whatever the network and the country", () => {
    const scope = fc.record(
      {
        user: fc.constant("00u1"),
        cidr: fc.constantFrom("0.0.0.0/0", "::/0", "10.0.0.0/8"),
        countryCode: fc.constantFrom("US", "PT"),
      },
      { requiredKeys: ["user"] },
    );
    fc.assert(fc.property(scope, (each) => whyTooBroad(each) === null));
  });
});

test("an exception for anyone ends sooner than one for a user", () => {
  expect(maximumDays({ asNumber: 64500 })).toBe(90);
  expect(maximumDays({ user: "00u1", asNumber: 64500 })).toBe(365);
});

describe("networks that exceptions cover for anyone", () => {
  const now = new Date("2026-11-24T09:30:03Z");
  const made = (scope: ExceptionScope, until = "2026-12-24T00:00:00.000Z"): Exception => ({
    id: "e1",
    scope,
    by: "grace",
    reason: "gateway",
    createdAt: "2026-11-01T00:00:00.000Z",
    until,
    noticedAt: null,
  });
  const nines = ["10.0.0.0/9", "10.128.0.0/9", "11.0.0.0/9", "11.128.0.0/9"].map((cidr) => made({ cidr }));

  test("cover too much together, as half of the internet in many parts", () => {
    expect(whyTooMuch(made({ cidr: "12.0.0.0/9" }), nines, now)).toContain("with the 4 other networks");
    const sixteens = ["2001::/16", "2002::/16"].map((cidr) => made({ cidr }));
    expect(whyTooMuch(made({ cidr: "2003::/16" }), sixteens, now)).toContain("2 networks of /16");
  });

  test.each<[string, ExceptionScope, readonly Exception[]]>([
    ["are few", { cidr: "12.0.0.0/9" }, nines.slice(0, 3)],
    ["contain one another", { cidr: "10.1.0.0/16" }, [made({ cidr: "10.0.0.0/8" }), ...nines]],
    ["are the same one", { cidr: "10.0.0.0/8" }, [1, 2, 3].map(() => made({ cidr: "10.0.0.0/8" }))],
    ["are of one autonomous system", { asNumber: 64_500, cidr: "12.0.0.0/9" }, nines],
    ["have ended", { cidr: "12.0.0.0/9" }, nines.map((each) => ({ ...each, until: "2026-11-20T00:00:00.000Z" }))],
    ["are of another version", { cidr: "2001:db8::/32" }, nines],
    ["are of one user", { user: "00u1", cidr: "12.0.0.0/9" }, nines],
    ["are of one operator", { operator: "NORD_VPN", cidr: "12.0.0.0/9" }, nines],
    ["are none", { operator: "NORD_VPN" }, nines],
  ])("may be covered where they %s", (_, scope, others) => {
    expect(whyTooMuch(made(scope), others, now)).toBeNull();
  });
});
