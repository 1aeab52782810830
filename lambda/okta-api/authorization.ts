import { importJWK, type JWK, SignJWT } from "jose";

/** How requests of Okta's API are authorized: the value of the `Authorization` header. */
export interface Authorize {
  (signal: AbortSignal): Promise<string>;
  /** Has the next request use a new access token, as Okta takes the one before no more; undefined where there is but one. */
  readonly renew?: () => void;
}

/** A request that Okta refuses: trying again does not help. */
export class OktaRefusal extends Error {
  override readonly name = "OktaRefusal";
  /** The answer's status; null when Okta was not asked. */
  readonly status: number | null;
  /** What OAuth calls the error, for example `invalid_scope`; null where it is none of OAuth. */
  readonly code: string | null;

  constructor(message: string, status: number | null = null, code: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Okta failed, or could not be reached, though it was tried: later it may work. */
export class OktaFailure extends Error {
  override readonly name = "OktaFailure";
}

/** An API token of Okta (SSWS): it has all the rights of the administrator who made it. */
export function authorizeByToken(token: string): Authorize {
  return async () => `SSWS ${token}`;
}

/** A service app of Okta, which signs its requests for access tokens by a private key. */
export interface ServiceApp {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly clientId: string;
  readonly privateKey: JWK;
  readonly scopes: readonly string[];
}

/** Access tokens are fetched anew this long before they end, in milliseconds. */
const margin = 60_000;
/** How long a client assertion is good for: Okta takes at most an hour. */
const assertionSeconds = 300;

/**
 * Access tokens by OAuth 2.0 for service apps: client credentials with `private_key_jwt` (RFC 7523; Okta, "Implement OAuth
 * for Okta with a service app"). A token serves until shortly before it ends.
 */
export function authorizeByServiceApp(
  { orgUrl, clientId, privateKey, scopes }: ServiceApp,
  now: () => number,
): Authorize {
  let held: { readonly header: string; readonly until: number } | undefined;
  let underWay: Promise<string> | undefined;

  async function fetchToken(signal: AbortSignal): Promise<string> {
    const audience = `${orgUrl}/oauth2/v1/token`;
    const algorithm = privateKey.alg ?? (privateKey.kty === "EC" ? "ES256" : "RS256");
    const issuedAt = Math.floor(now() / 1_000);
    const assertion = await new SignJWT()
      .setProtectedHeader({ alg: algorithm, ...(privateKey.kid === undefined ? {} : { kid: privateKey.kid }) })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + assertionSeconds)
      .setJti(crypto.randomUUID())
      .sign(await importJWK(privateKey, algorithm));
    const response = await fetch(audience, {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        scope: scopes.join(" "),
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: assertion,
      }),
      signal,
    });
    const answer = (await response.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
    if (!response.ok || typeof answer.access_token !== "string") {
      const reason = String(answer.error_description ?? answer.error ?? response.statusText);
      const message = `Okta gave no access token (${response.status}): ${reason}`;
      if (response.status >= 500 || response.status === 429) throw new OktaFailure(message);
      throw new OktaRefusal(
        `${message}. Is the service app's key registered, and its scope ${scopes.join(" ")} granted?`,
        response.status,
        typeof answer.error === "string" ? answer.error : null,
      );
    }
    const seconds = typeof answer.expires_in === "number" ? answer.expires_in : 0;
    held = { header: `Bearer ${answer.access_token}`, until: now() + seconds * 1_000 - margin };
    return held.header;
  }

  const authorize = async (signal: AbortSignal): Promise<string> => {
    if (held !== undefined && now() < held.until) return held.header;
    // Requests that start together share one token.
    underWay ??= fetchToken(signal).finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
  return Object.assign(authorize, {
    renew: () => {
      held = undefined;
    },
  });
}
