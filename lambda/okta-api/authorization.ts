import { importJWK, type JWK, SignJWT } from "jose";
import { OktaRefusal } from "./errors.ts";
import { type Exchange, noticeableSkew, type OktaAnswer } from "./exchange.ts";

export { OktaFailure, OktaRefusal } from "./errors.ts";

/** The headers by which a request is authorized. */
export type AuthorizationHeaders = Readonly<Record<string, string>>;

/** How requests of Okta's API are authorized. */
export interface Authorize {
  /**
   * Makes the headers of one try of a request.
   *
   * @param exchange how an access token is asked for
   * @throws OktaRefusal when Okta gives no access token, OktaFailure when it fails though it was tried
   */
  (exchange: Exchange, signal: AbortSignal): Promise<AuthorizationHeaders>;
  /**
   * Looks at the answer to a request that was sent with these headers.
   *
   * @returns whether another try has better headers
   */
  readonly renew?: (answer: OktaAnswer, sent: AuthorizationHeaders) => boolean;
}

/** An API token of Okta (SSWS): it has all the rights of the administrator who made it. */
export function authorizeByToken(token: string): Authorize {
  return async () => ({ authorization: `SSWS ${token}` });
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
  let held: { readonly headers: AuthorizationHeaders; readonly until: number } | undefined;
  let inProgress: Promise<AuthorizationHeaders> | undefined;

  async function fetchToken(exchange: Exchange, signal: AbortSignal): Promise<AuthorizationHeaders> {
    const url = `${orgUrl}/oauth2/v1/token`;
    const ask = () =>
      exchange.ask({ url, isRepeatable: true, prepare: () => tokenRequest(url, exchange.now()) }, signal);
    const clockAhead = exchange.clockAhead();
    let answer = await ask();
    // An assertion of another time is refused. The answer tells Okta's time, and the next assertion is of that.
    const isOtherTime = Math.abs(exchange.clockAhead() - clockAhead) > noticeableSkew;
    if (answer.status >= 400 && isOtherTime) answer = await ask();
    const { status, body, foreignBody } = answer;
    const told = (body ?? {}) as Readonly<Record<string, unknown>>;
    if (status !== 200 || typeof told.access_token !== "string") {
      const reason = String(told.error_description ?? told.error ?? foreignBody ?? "without a reason");
      throw new OktaRefusal(
        `Okta gave no access token (${status}): ${reason}. Is the service app's key registered, and its scope ${scopes.join(" ")} granted?`,
        null,
        typeof told.error === "string" ? told.error : null,
      );
    }
    const seconds = typeof told.expires_in === "number" ? told.expires_in : 0;
    const headers = { authorization: `Bearer ${told.access_token}` };
    held = { headers, until: now() + seconds * 1_000 - margin };
    return headers;
  }

  async function tokenRequest(audience: string, time: number): Promise<RequestInit> {
    const algorithm = privateKey.alg ?? (privateKey.kty === "EC" ? "ES256" : "RS256");
    const issuedAt = Math.floor(time / 1_000);
    const assertion = await new SignJWT()
      .setProtectedHeader({ alg: algorithm, ...(privateKey.kid === undefined ? {} : { kid: privateKey.kid }) })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + assertionSeconds)
      .setJti(crypto.randomUUID())
      .sign(await importJWK(privateKey, algorithm));
    return {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        scope: scopes.join(" "),
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: assertion,
      }),
    };
  }

  const authorize = async (exchange: Exchange, signal: AbortSignal): Promise<AuthorizationHeaders> => {
    if (held !== undefined && now() < held.until) return held.headers;
    // Requests that start together share one token.
    inProgress ??= fetchToken(exchange, signal).finally(() => {
      inProgress = undefined;
    });
    return inProgress;
  };
  return Object.assign(authorize, {
    renew({ status }: OktaAnswer, sent: AuthorizationHeaders) {
      if (status !== 401) return false;
      // The token was revoked before its time. Another request may have renewed it already.
      if (held?.headers.authorization === sent.authorization) held = undefined;
      return true;
    },
  });
}
