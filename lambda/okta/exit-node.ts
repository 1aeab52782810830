import { countryCode } from "../geo/country.ts";
import type { LogEvent } from "./log-event.ts";
import { type NetworkService, networkServices } from "./security-signals.ts";

/** Where a request came out: the address that Okta saw, and what it knows of it. */
export interface ExitNode {
  readonly ip: string | null;
  readonly asNumber: number | null;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string | null;
  readonly services: readonly NetworkService[];
}

/** The exit node of an event's request. */
export function exitNode(event: LogEvent): ExitNode {
  const { client, securityContext } = event.fields;
  return {
    ip: client?.ipAddress ?? null,
    asNumber: securityContext?.asNumber ?? null,
    countryCode: countryCode(client?.geographicalContext?.country),
    services: networkServices(event),
  };
}

/**
 * What a proxy is, the most harmless first: a relay that a vendor runs for its customers' privacy; a VPN, which may be the
 * company's own; a proxy for anybody; and those that are built so that nobody tells them from a household, or finds
 * their user.
 */
export const proxyKinds = ["unnamed", "relay", "vpn", "proxy", "blockchainVpn", "residential", "tor"] as const;
export type ProxyKind = (typeof proxyKinds)[number];

/** Okta's service types, in lower case; older events have them in upper case. */
const kindsByType: ReadonlyMap<string, ProxyKind> = new Map([
  ["vpn", "vpn"],
  ["proxy", "proxy"],
  ["blockchain vpn", "blockchainVpn"],
  ["residential proxy", "residential"],
  ["tor", "tor"],
]);

/** The worst kind of an exit node's services; `unnamed` where Okta names none. */
export function proxyKind(services: readonly NetworkService[]): ProxyKind {
  const kinds = services.map(({ type, operator }): ProxyKind => {
    if (/ICLOUD_RELAY/i.test(operator ?? "")) return "relay";
    return kindsByType.get(type?.toLowerCase() ?? "") ?? "unnamed";
  });
  return kinds.reduce<ProxyKind>((worst, kind) => (rankOf(kind) > rankOf(worst) ? kind : worst), "unnamed");
}

/** How bad a kind is: the higher the worse. */
export function rankOf(kind: ProxyKind): number {
  return proxyKinds.indexOf(kind);
}
