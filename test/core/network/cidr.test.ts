import fc from "fast-check";
import { expect, test } from "vitest";
import { createNetworkTest, parseCidr } from "../../../lambda/core/network/cidr.ts";

const networks = (...cidrs: readonly string[]) => createNetworkTest(cidrs.flatMap((cidr) => parseCidr(cidr) ?? []));

test.each([
  "192.0.2.0",
  "192.0.2.0/33",
  "192.0.2/24",
  "2001:db8::/129",
  "2001:db8::%eth0/64",
  "a/1/2",
  "/8",
  "",
  " 10.0.0.0/8",
])("%j is no network", (text) => {
  expect(parseCidr(text)).toBeNull();
});

test("addresses are in the networks of their version; an IPv4 one written as IPv6 is in its IPv4 network", () => {
  const isIn = networks("10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32");
  const inside = ["10.1.2.3", "192.0.2.255", "2001:db8:1::1", "::ffff:10.0.0.1"];
  const outside = [
    "11.0.0.1",
    "192.0.3.0",
    "2001:db9::1",
    "",
    "null",
    "10.0.0.1 ",
    "2001:db8::1%eth0",
    "x".repeat(100),
  ];
  for (const address of inside) expect([address, isIn(address)]).toEqual([address, true]);
  for (const address of outside) expect([address, isIn(address)]).toEqual([address, false]);
  expect(networks("::/0")("10.0.0.1")).toBe(false);
  expect(networks()("10.0.0.1")).toBe(false);
});

test("an IPv4 address is in a network exactly when their first bits are the same", () => {
  const number = (address: string) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (network, address, prefix) => {
      const drop = 2 ** (32 - prefix);
      const same = Math.floor(number(network) / drop) === Math.floor(number(address) / drop);
      expect(networks(`${network}/${prefix}`)(address)).toBe(same);
    }),
  );
});
