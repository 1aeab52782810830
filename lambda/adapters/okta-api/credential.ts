import * as z from "zod/mini";
import { parseJson } from "../../core/values/json.ts";
import { type Authorize, authorizeByServiceApp, authorizeByToken } from "./authorization.ts";
import { OktaSettingsError } from "./errors.ts";

export { OktaSettingsError } from "./errors.ts";

/** The scopes that a service app may have: each function requests only those that it needs. */
export type Scope =
  | "okta.users.read"
  | "okta.logs.read"
  | "okta.logStreams.read"
  | "okta.eventHooks.read"
  | "okta.eventHooks.manage";

const jwk = z.looseObject({ kty: z.string() });
/** Some programs write attributes before the key. */
const pem = z.string().check(z.regex(/-----BEGIN /));

const credential = z.union([
  z.object({ clientId: z.string(), privateKey: z.union([jwk, pem]), keyId: z.optional(z.string()) }),
  z.object({ apiToken: z.string() }),
]);

/** A credential for Okta: a service app with its private key (see `readPrivateKey`), or an API token. */
export type OktaCredential = z.infer<typeof credential>;

/**
 * Reads a credential of Secrets Manager.
 *
 * @param text JSON: `{"clientId", "privateKey"}` with the key as JWK or PEM, and optionally `keyId`, or `{"apiToken"}`
 * @param where the place that errors name
 * @throws OktaSettingsError
 */
export function readCredential(text: string, where: string): OktaCredential {
  const parsed = credential.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new OktaSettingsError(
    `${where} is neither {"clientId": "0oa...", "privateKey": a JWK or PEM} nor {"apiToken": "00..."}`,
  );
}

/** The authorization of requests with this credential. */
export function authorizeBy(
  given: OktaCredential,
  orgUrl: string,
  scopes: readonly Scope[],
  now: () => number,
): Authorize {
  if ("apiToken" in given) return authorizeByToken(given.apiToken);
  return authorizeByServiceApp({ orgUrl, ...given, scopes }, now);
}

/**
 * The URL of an org, as `https://example.okta.com`. A path is removed; plain HTTP is for loopback only.
 *
 * @throws OktaSettingsError
 */
export function readOrgUrl(text: string): string {
  const url = URL.parse(text);
  const isLoopback = url?.hostname === "127.0.0.1" || url?.hostname === "localhost";
  if (url === null || !(url.protocol === "https:" || (url.protocol === "http:" && isLoopback))) {
    // A host alone is what most people copy.
    const meant = /^[\w-]+(\.[\w-]+)+\/?$/.test(text) ? `https://${text.replace("/", "")}` : "https://example.okta.com";
    throw new OktaSettingsError(`"${text}" is no URL of an Okta org: expected ${meant}`);
  }
  // Only Okta's own domains have an admin console at `-admin`; a custom domain may end in it.
  if (/-admin\.okta[\w-]*\.\w+$/.test(url.hostname)) {
    throw new OktaSettingsError(`"${text}" is the admin console: expected the org's own URL, without -admin`);
  }
  return url.origin;
}
