import type { IncomingHttpHeaders } from "node:http";

/*
 * The embedded run listens on loopback alone, but a browser on the same machine reaches loopback from any website. The event
 * hook itself is guarded by its secret; the page and `/_local/` by these two checks.
 */

/** Names that lead to loopback whatever a name server says: others could be of a website that rebinds its name. */
const loopback: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Methods that change nothing (https://www.rfc-editor.org/rfc/rfc9110#name-safe-methods). */
const safe: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Why a request may come from a website, by the headers that a browser sets and no script can change; null for one of the
 * page, a command or curl.
 */
export function whyForeign(method: string, headers: IncomingHttpHeaders): string | null {
  const host = headers.host ?? "";
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (!loopback.has(name)) return "the Host is not localhost: the embedded run answers this machine alone";
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  // A link of another website may lead here; its scripts and pictures would take the places of the page's windows.
  if (safe.has(method)) {
    const isLink = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
    return isOwn(site) || isLink ? null : "the request comes from another website";
  }
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    return "the request comes from another website";
  }
  // A browser that sends no Origin says here where the request comes from.
  return isOwn(site) ? null : "the request comes from another website";
}

const isOwn = (site: string | string[] | undefined) => site === undefined || site === "same-origin" || site === "none";
