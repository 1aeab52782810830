import { describe, expect, test } from "vitest";
import { networkKey } from "../../../lambda/core/okta/network-key.ts";
import { logEvent } from "../../fixtures/events.ts";

const of = (ipAddress: unknown, asNumber: unknown = null) =>
  networkKey(logEvent({ client: { ipAddress }, securityContext: { asNumber } }));

describe("the key of a network", () => {
  test.each<[string, unknown, unknown, string | null]>([
    ["is its autonomous system, whatever the address", "203.0.113.7", 64500, "AS64500"],
    ["takes the system's number as text", null, "64500", "AS64500"],
    ["without one is the address's /24", "203.0.113.7", null, "203.0.113.0/24"],
    ["of an IPv4 address that is written as IPv6 is the same", "::ffff:203.0.113.9", null, "203.0.113.0/24"],
    ["of an IPv6 address is its /64", "2001:db8:1:2:3:4:5:6", null, "2001:db8:1:2::/64"],
    ["of an IPv6 address in short is the same", "2001:0DB8:1:2::5", null, "2001:db8:1:2::/64"],
    ["of the loopback address", "::1", null, "0:0:0:0::/64"],
    ["without an address is none", null, null, null],
    ['of the text "null" is none', "null", null, null],
    ["of no address is none", "300.1.1.1", null, null],
    ["of half an address is none", "2001:db8", null, null],
    ["of too many groups is none", "1:2:3:4:5:6:7:8:9", null, null],
  ])("%s", (_, address, asNumber, expected) => {
    expect(of(address, asNumber)).toBe(expected);
  });
});
