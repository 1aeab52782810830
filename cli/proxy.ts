import type { Agent } from "node:https";

/** What of a process's environment names a proxy. */
type Environment = Readonly<Record<string, string | undefined>>;

/** The embedded run and its emulators are never asked through a proxy. */
const loopback = ["localhost", "127.0.0.1"];

/**
 * Has every `fetch` of this process go through the proxy that HTTPS_PROXY or HTTP_PROXY names, but for what NO_PROXY names and
 * for loopback. Node.js does so by itself only with NODE_USE_ENV_PROXY. Corporate CAs of NODE_EXTRA_CA_CERTS it takes anyway.
 */
export function useProxy(environment: Environment): void {
  const proxies = proxyVariables(environment);
  if (proxies === null) return;
  // Loaded by commands that need it alone.
  process.getBuiltinModule("node:http").setGlobalProxyFromEnv(proxies);
}

/**
 * Settings by which an AWS client goes through the same proxy: the SDK has agents of its own.
 *
 * @returns nothing when the environment names no proxy
 */
export function awsProxySettings(environment: Environment = process.env): {
  readonly requestHandler?: { readonly httpsAgent: Agent };
} {
  const proxyEnv = proxyVariables(environment);
  if (proxyEnv === null) return {};
  const { Agent } = process.getBuiltinModule("node:https");
  return { requestHandler: { httpsAgent: new Agent({ keepAlive: true, proxyEnv }) } };
}

/**
 * The proxy that requests of a URL go through.
 *
 * @returns `host:port`, without user and password; null when they go straight
 */
export function proxyOf(url: string, environment: Environment): string | null {
  const { protocol, hostname, port } = new URL(url);
  const variables = proxyVariables(environment);
  const proxy = URL.parse((protocol === "https:" ? variables?.https_proxy : variables?.http_proxy) ?? "");
  return proxy === null || isExempt(hostname, port || "443", variables?.no_proxy ?? "") ? null : proxy.host;
}

/** Null when no proxy is named. Of two spellings the lower-case one counts, as with Node.js and curl. */
function proxyVariables(environment: Environment) {
  const read = (name: string) => environment[name] || environment[name.toUpperCase()] || undefined;
  const { https_proxy, http_proxy } = { https_proxy: read("https_proxy"), http_proxy: read("http_proxy") };
  if (https_proxy === undefined && http_proxy === undefined) return null;
  const given = read("no_proxy");
  const no_proxy = given === "*" ? given : [given, ...loopback].filter(Boolean).join(",");
  return { https_proxy, http_proxy, no_proxy };
}

/** https://nodejs.org/api/http.html#no_proxy-format */
function isExempt(hostname: string, port: string, noProxy: string): boolean {
  return noProxy.split(/[\s,]+/).some((entry) => {
    const [, host = "", ofPort] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (ofPort !== undefined && ofPort !== port) return false;
    if (/^\*?\./.test(host)) return hostname.endsWith(host.replace(/^\*/, ""));
    return host === "*" || host === hostname;
  });
}
