import type { LogEvent } from "./log-event.ts";

/**
 * The key of a request's network: the autonomous system (`AS64500`), or, where Okta does not know it, as for every IPv6
 * address, the address's /24 or /64. Null without an address: two unknown networks are not the same.
 */
export function networkKey({ fields }: LogEvent): string | null {
  // RFC 7607 reserves the number zero: no system has it.
  const asNumber = fields.securityContext?.asNumber || null;
  return asNumber === null ? prefixOf(fields.client?.ipAddress ?? null) : `AS${asNumber}`;
}

/**
 * The /24 of an IPv4 address, also of one that is written as IPv6; the /64 of an IPv6 address; null for any other text.
 */
function prefixOf(address: string | null): string | null {
  const text = address?.trim().toLowerCase() ?? "";
  const ipv4 = /^(?:::ffff:)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (ipv4 !== undefined) return ipv4.every((part) => part <= 255) ? `${ipv4.slice(0, 3).join(".")}.0/24` : null;
  const groups = groupsOf(text);
  if (groups?.slice(0, 6).join(":") === "0:0:0:0:0:ffff") {
    const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16));
    return `${high >> 8}.${high & 255}.${low >> 8}.0/24`;
  }
  return groups === null ? null : `${groups.slice(0, 4).join(":")}::/64`;
}

/** The eight groups of an IPv6 address, without leading zeros; null for any other text. */
function groupsOf(text: string): readonly string[] | null {
  const sides = text.replace(/%.*$/, "").split("::");
  if (sides.length > 2 || !text.includes(":")) return null;
  const [before = [], after = []] = sides.map((side) => (side === "" ? [] : side.split(":")));
  const missing = 8 - before.length - after.length;
  if (sides.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...before, ...new Array<string>(missing).fill("0"), ...after];
  return groups.every((group) => /^[\da-f]{1,4}$/.test(group))
    ? groups.map((group) => group.replace(/^0+(?=.)/, ""))
    : null;
}
