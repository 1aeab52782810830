import { isIPv4 } from "node:net";
import type { Network } from "../lambda/core/network/cidr.ts";

/**
 * The network that an address with a prefix is in, its host bits zero: `192.0.2.5/24` is in `192.0.2.0/24`.
 *
 * @returns the same text for the same network, in IPv6 by RFC 5952
 */
export function networkBase({ address, prefix }: Network): string {
  const [radix, bits, divider] = isIPv4(address) ? ([10, 8, "."] as const) : ([16, 16, ":"] as const);
  const digits = (isIPv4(address) ? address : expand(address))
    .split(divider)
    .map((digit) => Number.parseInt(digit, radix));
  const base = digits.map((digit, index) => {
    const hostBits = Math.min(bits, Math.max(0, (index + 1) * bits - prefix));
    return ((digit >> hostBits) << hostBits).toString(radix);
  });
  return `${shorten(base.join(divider))}/${prefix}`;
}

/** The shortest text of an address: the URL standard writes IPv6 addresses by RFC 5952. */
function shorten(address: string): string {
  return isIPv4(address) ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** All eight groups of an IPv6 address. */
function expand(address: string): string {
  const [start = "", end] = shorten(address).split("::");
  if (end === undefined) return start;
  const [left, right] = [start, end].map((part) => (part === "" ? [] : part.split(":")));
  const zeros = new Array<string>(8 - (left?.length ?? 0) - (right?.length ?? 0)).fill("0");
  return [...(left ?? []), ...zeros, ...(right ?? [])].join(":");
}
