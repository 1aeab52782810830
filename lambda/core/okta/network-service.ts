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
 * The kinds of anonymous network, the most harmless first: a relay that a vendor runs for its customers' privacy; a
 * VPN, which may be the company's own; a public proxy; and the kinds that disguise or hide their users.
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

function plain(type: string): string {
  return type.toLowerCase().replace(/[^a-z]/g, "");
}

/**
 * The kind of a service: by its operator where that is a relay, else by its type, else by the end of its operator's
 * name. Null where neither names a kind.
 */
export function kindOf({ type, operator }: NetworkService): NetworkKind | null {
  if (/_RELAY(?:_|$)/i.test(operator ?? "")) return "relay";
  const kind = kindsByType.get(plain(type ?? ""));
  if (kind !== undefined) return kind;
  // Names of many services, such as `ALL_ANONYMIZERS_EXCEPT_TOR`, belong to zones, not to operators.
  const [, ending = ""] = /^(?!ALL_).*_(VPN|PROXY|TOR)$/i.exec(operator ?? "") ?? [];
  return kindsByType.get(ending.toLowerCase()) ?? null;
}

/** Okta's service types as its documents spell them, without case, spaces and signs. */
const spelledTypes: ReadonlyMap<string, string> = new Map(
  ["VPN", "Proxy", "Blockchain VPN", "Residential Proxy", "Tor"].map((type) => [plain(type), type]),
);

/** A service type as Okta's documents spell it: `Residential Proxy` for `RESIDENTIAL_PROXY`. Another one stays as it is. */
export function spellType(type: string): string {
  return spelledTypes.get(plain(type)) ?? type;
}

/** Kinds of which every service is anonymous, whatever `isAnonymous` says of it. */
const alwaysAnonymous: ReadonlySet<NetworkKind | null> = new Set(["tor", "residential_proxy", "blockchain_vpn"]);

/**
 * Whether a service hides its users. A VPN or proxy that Okta marks as not anonymous belongs to a company, for example
 * `GLOBALPROTECT_VPN`. Null where the service has neither a known type nor a flag.
 */
export function isAnonymous(service: NetworkService): boolean | null {
  const kind = kindOf(service);
  if (alwaysAnonymous.has(kind)) return true;
  return service.isAnonymous ?? (kind === null ? null : true);
}

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
export function readServices(value: unknown, depth = 0): readonly NetworkService[] {
  if (depth > maximumDepth) return [];
  const decoded = decode(value);
  if (Array.isArray(decoded)) return decoded.flatMap((each) => readServices(each, depth + 1));
  const service = record(decoded, readService) ?? [];
  if (!Array.isArray(service)) return [service];
  // Exports may write a list as an object, or nest it in another list.
  return Object.values(object(decoded) ?? {}).flatMap((each) => readServices(each, depth + 1));
}

/** Lists and objects around a service. */
const maximumDepth = 4;

function readService(get: Get): NetworkService | [] {
  const service = {
    type: text(single(get("type"))),
    operator: text(single(get("operator"))),
    isAnonymous: boolean(single(get("isAnonymous") ?? get("anonymous"))),
  };
  return Object.values(service).every((value) => value === null) ? [] : service;
}

/** A value that an export may have put into a list. */
const single = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);

/** The services of `ipDetails`, one or a list of them, in any encoding. */
export function servicesOfDetails(ipDetails: unknown): readonly NetworkService[] {
  const decoded = decode(ipDetails);
  const each = Array.isArray(decoded) ? decoded : [decoded];
  return each.flatMap((details) => readServices(record(decode(details), (get) => get("ipServiceCategories"))));
}
