/**
 * The proxy that the environment names for a URL: HTTPS_PROXY or HTTP_PROXY, but for what NO_PROXY names.
 *
 * @returns `host:port`, without user and password; null when requests go straight
 */
export function proxyOf(url: string, environment: NodeJS.ProcessEnv): string | null {
  const { protocol, hostname, port } = new URL(url);
  const name = protocol === "https:" ? "https_proxy" : "http_proxy";
  const proxy = URL.parse(variable(environment, name) ?? "");
  return proxy === null || isExempt(hostname, port, environment) ? null : proxy.host;
}

/** Node.js takes the lower-case name first. */
function variable(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  return environment[name] || environment[name.toUpperCase()] || undefined;
}

function isExempt(hostname: string, port: string, environment: NodeJS.ProcessEnv): boolean {
  const entries = [...loopback, ...(variable(environment, "no_proxy") ?? "").split(/[\s,]+/)].filter(Boolean);
  return entries.some((entry) => {
    const [, host = "", ofPort] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (ofPort !== undefined && ofPort !== (port || "443")) return false;
    const suffix = host.replace(/^\*?\./, "");
    return host === "*" || hostname === host || (suffix !== host && hostname.endsWith(`.${suffix}`));
  });
}

/** The embedded run and its emulators are never asked through a proxy. */
const loopback = ["localhost", "127.0.0.1"];
