import { decode } from "./encoded-value.ts";
import { boolean, type Get, object, record, text } from "./lenient.ts";

/** A service that an address belongs to. */
export interface NetworkService {
  /** `VPN`, `Proxy`, `Tor`, `Residential Proxy`, `Blockchain VPN`; in `tunnels` `PROXY` and `TOR`. */
  readonly type: string | null;
  /** For example `NORD_VPN`, `APPLE_ICLOUD_RELAY_PROXY`. */
  readonly operator: string | null;
  readonly isAnonymous: boolean | null;
}

/**
 * What an anonymous network is, the most harmless first: a relay that a vendor runs for its customers' privacy; a VPN, which may
 * be the company's own; a proxy for anybody; and those that are built so that their users are taken for others, or not found.
 */
export const networkKinds = ["relay", "vpn", "proxy", "blockchain_vpn", "residential_proxy", "tor"] as const;
export type NetworkKind = (typeof networkKinds)[number];

/** Okta's service types, without case, spaces and signs. */
const kindsByType: ReadonlyMap<string, NetworkKind> = new Map([
  ["vpn", "vpn"],
  ["proxy", "proxy"],
  ["blockchainvpn", "blockchain_vpn"],
  ["residentialproxy", "residential_proxy"],
  ["tor", "tor"],
]);

/** The kind of a service: by its operator where that is a relay, else by its type, else by what its operator's name ends in. Null where neither tells. */
export function kindOf({ type, operator }: NetworkService): NetworkKind | null {
  if (/_RELAY(?:_|$)/i.test(operator ?? "")) return "relay";
  const kind = kindsByType.get((type ?? "").toLowerCase().replace(/[^a-z]/g, ""));
  if (kind !== undefined) return kind;
  const [, ending = ""] = /_(VPN|PROXY|TOR)$/i.exec(operator ?? "") ?? [];
  return kindsByType.get(ending.toLowerCase()) ?? null;
}

/** Kinds of which every service is anonymous, whatever `isAnonymous` says of it. */
const alwaysAnonymous: ReadonlySet<NetworkKind | null> = new Set(["tor", "residential_proxy", "blockchain_vpn"]);

/**
 * Whether a service hides its users. A VPN or proxy that Okta says is not anonymous is one of a company, for example
 * `GLOBALPROTECT_VPN`. Null where the service tells nothing that can be understood.
 */
export function isAnonymous(service: NetworkService): boolean | null {
  const kind = kindOf(service);
  if (alwaysAnonymous.has(kind)) return true;
  return service.isAnonymous ?? (kind === null ? null : true);
}

/** An alert has a size to keep: services, risk reasons or behaviors beyond these are left out. */
const maximumServices = 20;

/** Those of an address's services that hide their users. */
export function anonymousServices({
  services,
}: {
  readonly services: readonly NetworkService[];
}): readonly NetworkService[] {
  return services.filter((service) => isAnonymous(service) === true);
}

/**
 * Reads services, one or a list, in any encoding: `ipServiceCategories` (`isAnonymous`) and the older `tunnels` (`anonymous`).
 */
export function readServices(value: unknown): readonly NetworkService[] {
  const decoded = decode(value);
  const each = Array.isArray(decoded) ? decoded : [decoded];
  return each.flatMap((item) => record(decode(item), readService) ?? []).slice(0, maximumServices);
}

function readService(get: Get): NetworkService | [] {
  const service = {
    type: text(get("type")),
    operator: text(get("operator")),
    isAnonymous: boolean(get("isAnonymous") ?? get("anonymous")),
  };
  return Object.values(service).every((value) => value === null) ? [] : service;
}

/** The services of `ipDetails`, in any encoding. */
export function servicesOfDetails(ipDetails: unknown): readonly NetworkService[] {
  const details = object(decode(ipDetails));
  return details === null ? [] : readServices(record(details, (get) => get("ipServiceCategories")));
}
