/*
 * `node:net` takes four milliseconds to load. It is loaded on first use, not imported, so that a cold start without
 * networks does not wait for it.
 */
// biome-ignore lint/style/noRestrictedGlobals: it loads a module of Node.js, and reads nothing of the environment
const net = () => process.getBuiltinModule("node:net");

/** A network: an address and the length of its prefix in bits. */
export interface Network {
  readonly address: string;
  /** 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly prefix: number;
}

/** The longest text of an IP address: an IPv6 one that ends in an IPv4 one. */
const maximumAddressLength = 45;

/** Reads a network as `address/prefix`; null for any other text. */
export function parseCidr(text: string): Network | null {
  const [, address = "", prefix = ""] = /^([\da-f:.]+)\/(\d{1,3})$/i.exec(text) ?? [];
  const version = net().isIP(address);
  if (version === 0 || Number(prefix) > (version === 4 ? 32 : 128)) return null;
  return { address, prefix: Number(prefix) };
}

/**
 * Returns a test of whether an address is in one of these networks. An IPv4 address that is written as an IPv6 one
 * (`::ffff:10.0.0.1`) is in its IPv4 network; no IPv4 address is in an IPv6 network.
 */
export function createNetworkTest(networks: readonly Network[]): (address: string) => boolean {
  const { BlockList, isIP } = net();
  const [ipv4, ipv6] = [new BlockList(), new BlockList()];
  for (const { address, prefix } of networks) {
    if (isIP(address) === 6) ipv6.addSubnet(address, prefix, "ipv6");
    else ipv4.addSubnet(address, prefix, "ipv4");
  }
  return (address) => {
    const version = address.length <= maximumAddressLength && !address.includes("%") ? isIP(address) : 0;
    if (version === 4) return ipv4.check(address, "ipv4");
    return version === 6 && (ipv4.check(address, "ipv6") || ipv6.check(address, "ipv6"));
  };
}
