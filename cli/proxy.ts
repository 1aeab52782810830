import type { Agent } from "node:https";
import { InputError } from "../lambda/core/values/input-error.ts";

/** The environment variables that name a proxy. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Requests to the embedded run and its emulators never use a proxy. */
const loopback = ["localhost", "127.0.0.1"];

/**
 * Makes every `fetch` of this process use the proxy of HTTPS_PROXY or HTTP_PROXY, except for hosts of NO_PROXY and
 * loopback. Node.js does so by itself only with NODE_USE_ENV_PROXY. It always uses the corporate CAs of
 * NODE_EXTRA_CA_CERTS.
 */
export function useProxy(environment: Environment): void {
  const proxies = proxyVariables(environment);
  if (proxies === null) return;
  // Only commands that need it load it.
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
  return proxyUrlOf(url, environment)?.host ?? null;
}

function proxyUrlOf(url: string, environment: Environment): URL | null {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === "https:";
  const variables = proxyVariables(environment);
  const proxy = isTls ? variables?.https_proxy : variables?.http_proxy;
  if (proxy === undefined || isExempt(hostname, port || (isTls ? "443" : "80"), variables?.no_proxy ?? "")) return null;
  return new URL(proxy);
}

/** The longest time for a proxy to open a tunnel, in milliseconds. */
const tunnelMilliseconds = 15_000;

/**
 * Checks whether the proxy of a URL answers a request for a tunnel. Where the proxy closes the connection instead,
 * `fetch` of Node.js 24 does not end: it reconnects thousands of times a second (github.com/nodejs/undici/issues/3897).
 *
 * @returns the proxy's behavior in place of an answer; null for any answer, or without a proxy
 */
export function whyNoTunnel(url: string, environment: Environment): Promise<string | null> {
  const proxy = proxyUrlOf(url, environment);
  const { protocol, hostname, port } = new URL(url);
  if (proxy === null || protocol !== "https:") return Promise.resolve(null);
  const { request } = process.getBuiltinModule(proxy.protocol === "https:" ? "node:https" : "node:http");
  const host = `${hostname}:${port || "443"}`;
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization =
    proxy.username === "" ? {} : { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
  return new Promise((resolve) => {
    const asked = request({
      agent: false,
      method: "CONNECT",
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
      path: host,
      headers: { host, ...authorization },
      timeout: tunnelMilliseconds,
    });
    const end = (why: string | null) => {
      asked.destroy();
      resolve(why);
    };
    asked.once("connect", () => end(null));
    asked.once("response", () => end(null));
    asked.once("timeout", () => end("it does not answer when it is asked for a tunnel (CONNECT)"));
    // `fetch` itself ends with other faults, such as a missing proxy.
    asked.on("error", ({ code }: NodeJS.ErrnoException) =>
      end(code === "ECONNRESET" ? "it closes the connection when it is asked for a tunnel (CONNECT)" : null),
    );
    asked.end();
  });
}

/**
 * Null without a proxy. Of two spellings the lower-case one counts, as in Node.js and curl.
 *
 * @throws InputError for a proxy that cannot be used; the message holds no password
 */
function proxyVariables(environment: Environment) {
  const read = (name: string) => environment[name] || environment[name.toUpperCase()] || undefined;
  const { https_proxy, http_proxy } = { https_proxy: readProxy("https_proxy"), http_proxy: readProxy("http_proxy") };
  if (https_proxy === undefined && http_proxy === undefined) return null;
  return { https_proxy, http_proxy, no_proxy: readExemptions(read("no_proxy") ?? "") };

  function readProxy(name: string): string | undefined {
    const given = read(name)?.trim();
    if (given === undefined || given === "") return undefined;
    // As in curl, a proxy without a scheme uses plain HTTP.
    const proxy = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(given) ? given : `http://${given}`);
    if (proxy !== null && /^https?:$/.test(proxy.protocol) && proxy.hostname !== "") return proxy.href;
    const what = proxy === null ? "is no URL" : `names a proxy that speaks ${proxy.protocol.slice(0, -1)}`;
    throw new InputError(`${name.toUpperCase()} ${what}: expected http://user:password@host:port`);
  }
}

/**
 * NO_PROXY in the form that `fetch` and the agents of Node.js, which AWS's clients use, read alike: they differ in `*`
 * in a list, in whether `okta.com` includes its subdomains, and in a port behind a suffix. As in curl, it includes
 * them. A network (CIDR) has no effect: the hosts of Okta and AWS have names.
 */
function readExemptions(given: string): string {
  const entries = given
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  if (entries.includes("*")) return "*";
  const read = entries.flatMap((entry) => {
    const [, host = "", port = ""] = /^\*?(.*?)\.?(?::443|(:\d+))?$/.exec(entry) ?? [];
    const isName = /^[\w-]+(\.[\w-]+)*$/.test(host) && !/^[\d.-]+$/.test(host);
    return isName ? [`${host}${port}`, `.${host}${port}`] : [`${host}${port}`];
  });
  return [...read, ...loopback].join(",");
}

/** Whether an entry of `readExemptions` matches the host: https://nodejs.org/api/http.html#no_proxy-format */
function isExempt(hostname: string, port: string, noProxy: string): boolean {
  return noProxy.split(",").some((entry) => {
    const [, host = "", ofPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (ofPort !== undefined && ofPort !== port) return false;
    return host.startsWith(".") ? hostname.endsWith(host) : host === "*" || host === hostname;
  });
}
