import type { Json } from "../values/object.ts";
import { decode } from "./encoded-value.ts";
import { text, valueAt } from "./lenient.ts";
import {
  anonymousServices,
  isAnonymous,
  kindOf,
  type NetworkKind,
  type NetworkService,
  networkKinds,
  readServices,
  servicesOfDetails,
} from "./network-service.ts";
import { type NetworkSignals, readSignals, unreadable } from "./network-signals.ts";
import { operatorName } from "./operator.ts";

/** Whether a request came out of an anonymous network, by every signal that Okta gives about its address. */
export interface AnonymousNetwork {
  /**
   * True when any signal says so; false when one says that it is not, and none that it is; null when there is no
   * signal.
   */
  readonly verdict: boolean | null;
  /** The kinds of anonymous network, the worst first; empty where Okta names none. */
  readonly kinds: readonly NetworkKind[];
  /** The operators of anonymous services, as Okta writes them. */
  readonly operators: readonly string[];
  /** The fields that say that it is anonymous: `securityContext.isProxy`. */
  readonly signals: readonly string[];
  /** Every service that the address belongs to, those that are not anonymous among them. */
  readonly services: readonly NetworkService[];
}

/** The signal of one field. */
interface Signal {
  readonly path: string;
  readonly verdict: boolean | null;
  readonly services: readonly NetworkService[];
  readonly kind: NetworkKind | null;
}

/**
 * Reads every signal of an anonymous network that an event holds. They come from two vendors. Okta asks orgs with
 * enhanced dynamic zones to use `tunnels` rather than `isProxy`
 * (https://help.okta.com/en-us/Content/Topics/Security/network/faq-network-zone.htm). One signal suffices.
 */
export function anonymousNetwork(event: ReceivedOnce): AnonymousNetwork {
  return event.once("network", () => readAnonymousNetwork(event.received));
}

/** The part of an event that its network is read of. */
interface ReceivedOnce {
  readonly received: Json;
  once<Value>(name: string, read: () => Value): Value;
}

/** As {@link anonymousNetwork}, of an event that need not be whole. */
export function readAnonymousNetwork(received: Json): AnonymousNetwork {
  const { isProxy, ipDetails, tunnels, ipChain, clientIpChain, debugData } = readSignals(received);
  const others = [ipDetails, tunnels, ...ipChain, ...clientIpChain];
  const [debugTunnels, proxyType] = [valueAt(debugData, "tunnels"), valueAt(debugData, "proxyType")];
  // Most events have no signal beside isProxy.
  if (others.every(isMissing) && isMissing(debugTunnels) && isMissing(proxyType)) return ofProxyAlone(isProxy);
  const signals: readonly Signal[] = [
    { path: "securityContext.isProxy", verdict: isProxy === unreadable ? null : isProxy, services: [], kind: null },
    ofServices("securityContext.ipDetails.ipServiceCategories", servicesOfDetails(ipDetails)),
    ofServices("request.ipChain.ipDetails.ipServiceCategories", ipChain.flatMap(servicesOfDetails)),
    ofServices("client.ipChain.ipDetails.ipServiceCategories", clientIpChain.flatMap(servicesOfDetails)),
    ofServices("securityContext.tunnels", readServices(tunnels)),
    ofServices("debugContext.debugData.tunnels", readServices(debugTunnels)),
    ofProxyType("debugContext.debugData.proxyType", proxyType),
  ];
  if (signals.every(({ verdict, services }) => verdict !== true && services.length === 0)) {
    const isNone = signals.some(({ verdict }) => verdict === false);
    return { verdict: isNone ? false : null, kinds: [], operators: [], signals: [], services: [] };
  }
  const services = unique(signals.flatMap((signal) => signal.services));
  const anonymous = anonymousServices({ services });
  const kinds = new Set([...anonymous.map(kindOf), ...signals.map(({ kind }) => kind)]);
  const saying = signals.filter(({ verdict }) => verdict === true);
  return {
    verdict: saying.length > 0 ? true : signals.some(({ verdict }) => verdict === false) ? false : null,
    kinds: networkKinds.filter((kind) => kinds.has(kind)).reverse(),
    operators: uniqueOperators(anonymous),
    signals: saying.map(({ path }) => path),
    services,
  };
}

const isMissing = (value: unknown): boolean => value === undefined || value === null;

/** The network of an event whose only signal is `isProxy`. */
function ofProxyAlone(isProxy: NetworkSignals["isProxy"]): AnonymousNetwork {
  const verdict = isProxy === unreadable ? null : isProxy;
  const signals = verdict === true ? ["securityContext.isProxy"] : [];
  return { verdict, kinds: [], operators: [], signals, services: [] };
}

function ofServices(path: string, services: readonly NetworkService[]): Signal {
  const verdicts = services.map(isAnonymous);
  const verdict = verdicts.includes(true) ? true : verdicts.includes(false) ? false : null;
  return { path, verdict, services, kind: null };
}

/**
 * The words of `proxyType` that name an anonymous network, and the kind of it. Okta's help searches the field for
 * `tor`; the dynamic zones have `Tor` and `NotTorAnonymizer`
 * (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/NetworkZone/). What is not among them,
 * such as a company's proxy or a hosting provider, is no signal.
 */
const kindsByProxyType: ReadonlyMap<string, NetworkKind> = new Map([
  ["tor", "tor"],
  ["nottoranonymizer", "proxy"],
  ["anonymizer", "proxy"],
  ["anonymous", "proxy"],
  ["proxy", "proxy"],
  ["vpn", "vpn"],
  ["residentialproxy", "residential_proxy"],
  ["blockchainvpn", "blockchain_vpn"],
]);

function ofProxyType(path: string, value: unknown): Signal {
  const decoded = decode(value);
  const texts = (Array.isArray(decoded) ? decoded : [decoded]).flatMap((each) => text(each)?.split(/[,;|]/) ?? []);
  const kinds = texts.flatMap((each) => kindOfProxyType(each.toLowerCase()) ?? []);
  const worst = networkKinds.findLast((kind) => kinds.includes(kind)) ?? null;
  return { path, verdict: worst === null ? null : true, services: [], kind: worst };
}

/** Looks up the whole text, then the word `tor` in it: `Tor exit node`, `ANONYMIZER_TOR`; not `all except tor`. */
function kindOfProxyType(folded: string): NetworkKind | null {
  const kind = kindsByProxyType.get(folded.replace(/[^a-z]/g, ""));
  if (kind !== undefined) return kind;
  const words = folded.split(/[^a-z]+/);
  return words.includes("tor") && !words.some((word) => /^(?:not?|non|except)$/.test(word)) ? "tor" : null;
}

/** Removes duplicates: several fields name the same service, in several spellings. */
function unique(services: readonly NetworkService[]): readonly NetworkService[] {
  const byKey = new Map<string, NetworkService>();
  for (const service of services) {
    const { type, operator } = service;
    const key = `${kindOf(service) ?? type?.toLowerCase()}|${operator === null ? "" : operatorName(operator)}`;
    const known = byKey.get(key);
    if (known === undefined || (isAnonymous(known) !== true && isAnonymous(service) === true)) byKey.set(key, service);
  }
  return [...byKey.values()];
}

function uniqueOperators(services: readonly NetworkService[]): readonly string[] {
  const names = services.flatMap(({ operator }) => operator ?? []);
  return [...new Map(names.map((name) => [operatorName(name), name])).values()];
}
