import { expect, test } from "vitest";
import { networkBase } from "../../cli/network-base.ts";
import { parseCidr } from "../../lambda/core/network/cidr.ts";

test.each([
  ["192.0.2.5/24", "192.0.2.0/24"],
  ["192.0.2.0/24", "192.0.2.0/24"],
  ["203.0.113.255/25", "203.0.113.128/25"],
  ["198.51.100.7/32", "198.51.100.7/32"],
  ["198.51.100.7/0", "0.0.0.0/0"],
  ["2001:DB8::1/32", "2001:db8::/32"],
  ["2001:db8:1:2:3:4:5:6/50", "2001:db8:1::/50"],
  ["2001:db8:ffff:ffff::/33", "2001:db8:8000::/33"],
  ["::1/128", "::1/128"],
  ["::ffff:192.0.2.5/120", "::ffff:c000:200/120"],
])("%s is in the network %s", (text, network) => {
  const parsed = parseCidr(text);
  expect(parsed).not.toBeNull();
  if (parsed !== null) expect(networkBase(parsed)).toBe(network);
});
