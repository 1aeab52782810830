import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExceptionScope } from "../../../lambda/core/exceptions/exception.ts";
import { maximumDays, whyTooBroad } from "../../../lambda/core/exceptions/measure.ts";

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
  ])("with %s", (_, scope) => {
    expect(whyTooBroad(scope)).not.toBeNull();
  });
});

describe("an exception may be made", () => {
  test.each<[string, ExceptionScope]>([
    ["for a /8", { cidr: "10.0.0.0/8" }],
    ["for a /16 of IPv6", { cidr: "2001::/16" }],
    ["for a /8, written as IPv6", { cidr: "::ffff:10.0.0.0/104" }],
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
