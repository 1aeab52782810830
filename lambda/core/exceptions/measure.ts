import { type Network, parseCidr } from "../network/cidr.ts";
import { kindOf, type NetworkKind } from "../okta/network-service.ts";
import { type ExceptionScope, worstKinds } from "./exception.ts";

/*
 * How much an exception may cover, and for how long. The command that makes exceptions holds to it.
 */

/** The days that an exception without a given end lasts. */
export const defaultDays = 90;

/** The most days that an exception for one user lasts. */
const maximumDaysForUser = 365;
/** The most days that an exception for anyone lasts: whom it covers changes with who joins the company. */
const maximumDaysForAnyone = 90;

/** The shortest prefixes of a network for anyone, in bits. A shorter one covers a part of the internet. */
const shortestPrefix = { ipv4: 8, ipv6: 16 } as const;

/** The most days that an exception of this scope lasts. */
export function maximumDays({ user }: ExceptionScope): number {
  return user === undefined ? maximumDaysForAnyone : maximumDaysForUser;
}

/** Why a scope covers too much, and what to do; null for one that may be made. */
export function whyTooBroad(scope: ExceptionScope): string | null {
  const { user, operator, asNumber, cidr, countryCode, kinds = [] } = scope;
  const worst = operator === undefined ? null : kindOf({ type: null, operator, isAnonymous: null });
  if (worst !== null && worstKinds.includes(worst) && !kinds.includes(worst)) {
    return `the operator ${operator} is ${nameKind(worst)}, which an exception covers only where it names the kind: add --kind ${worst}`;
  }
  if (user !== undefined) return null;
  const network = cidr === undefined ? null : parseCidr(cidr);
  if (network !== null && isBroad(network)) {
    return `the network ${cidr} covers a part of the internet, for anyone: name a network of at least /${shortestPrefix.ipv4} (IPv4) or /${shortestPrefix.ipv6} (IPv6), or --user, or --asn in its place`;
  }
  if (countryCode !== undefined && operator === undefined && asNumber === undefined && cidr === undefined) {
    return `the country ${countryCode} alone covers all who sign in from there, an attacker too: add --user, --operator, --asn or --cidr`;
  }
  return null;
}

/** IPv4 addresses that are written as IPv6 ones have the prefix `::ffff:0:0/96`. */
const bitsBeforeIpv4 = 96;

function isBroad({ address, prefix }: Network): boolean {
  if (!address.includes(":")) return prefix < shortestPrefix.ipv4;
  if (/^(?:0{0,4}:){1,6}ffff:/i.test(address)) return prefix < bitsBeforeIpv4 + shortestPrefix.ipv4;
  return prefix < shortestPrefix.ipv6;
}

const nameKind = (kind: NetworkKind) => (kind === "tor" ? "Tor" : "a residential proxy");
