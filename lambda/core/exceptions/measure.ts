import { createNetworkTest, type Network, parseCidr } from "../network/cidr.ts";
import { kindOf, type NetworkKind } from "../okta/network-service.ts";
import { type Exception, type ExceptionScope, worstKinds } from "./exception.ts";

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
  const worst = operator === undefined ? null : kindOfNamed(operator);
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

/** The kind of network that a person's name of an operator means: `Tor`, `TOR_EXIT`, `Residential Proxy`. Null for an unknown one. */
function kindOfNamed(operator: string): NetworkKind | null {
  const name = operator.normalize("NFKC");
  // A word of it: the operators of Tor are many, and the letters occur in other names.
  if (/(?<!\p{L})tor(?!\p{L})/iu.test(name)) return "tor";
  return kindOf({ type: name, operator: name, isAnonymous: null });
}

/** The networks for anyone may cover this many times as much as the broadest that one exception may name. */
const maximumTogether = 2;

/**
 * Why an exception covers too much together with the others: several networks cover what one may not. Null where they do not.
 *
 * @param others all exceptions; those that have ended cover nothing
 */
export function whyTooMuch(
  exception: Pick<Exception, "scope">,
  others: readonly Exception[],
  now: Date,
): string | null {
  const network = networkForAnyone(exception.scope);
  if (network === null) return null;
  const isIpv6 = network.address.includes(":");
  const living = others.filter(({ until }) => Date.parse(until) > now.getTime());
  const all = [network, ...living.flatMap(({ scope }) => networkForAnyone(scope) ?? [])].filter(
    ({ address }) => address.includes(":") === isIpv6,
  );
  // What another network contains covers nothing more.
  const parts = all.filter(
    (each, index) =>
      !all.some((other, place) => {
        const isWider = other.prefix < each.prefix || (other.prefix === each.prefix && place < index);
        return isWider && createNetworkTest([other])(each.address);
      }),
  );
  const shortest = isIpv6 ? shortestPrefix.ipv6 : shortestPrefix.ipv4;
  const share = parts.reduce((sum, { prefix }) => sum + 2 ** (shortest - prefix), 0);
  if (share <= maximumTogether) return null;
  return `with the ${parts.length - 1} other networks that exceptions for anyone cover, it covers a part of the internet, more than ${maximumTogether} networks of /${shortest} together: remove some, or name --user, or --asn in its place`;
}

/** The network that a scope covers for anyone, wherever its addresses belong to; null for another scope. */
function networkForAnyone({ user, operator, asNumber, cidr }: ExceptionScope): Network | null {
  const isForAnyone = user === undefined && operator === undefined && asNumber === undefined;
  return isForAnyone && cidr !== undefined ? parseCidr(cidr) : null;
}

/** IPv4 addresses that are written as IPv6 ones have the prefix `::ffff:0:0/96`. */
const bitsBeforeIpv4 = 96;

function isBroad({ address, prefix }: Network): boolean {
  if (!address.includes(":")) return prefix < shortestPrefix.ipv4;
  if (/^(?:0{0,4}:){1,6}ffff:/i.test(address)) return prefix < bitsBeforeIpv4 + shortestPrefix.ipv4;
  return prefix < shortestPrefix.ipv6;
}

const nameKind = (kind: NetworkKind) => (kind === "tor" ? "Tor" : "a residential proxy");
