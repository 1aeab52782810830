import { fieldsOf } from "../../core/values/object.ts";
import { OktaRefusal } from "./errors.ts";
import type { Exchange, OktaAnswer } from "./exchange.ts";
import { type PrivateJwk, readPrivateKey } from "./private-key.ts";
import type { ProofKey } from "./signing.ts";

export { OktaFailure, OktaRefusal } from "./errors.ts";

/** The headers that authorize a request. */
export type AuthorizationHeaders = Readonly<Record<string, string>>;

/** The parts of a request that its authorization is bound to. */
export interface AuthorizedRequest {
  readonly method: string;
  readonly url: string;
}

/** The authorization of requests to Okta's API. */
export interface Authorize {
  /**
   * Makes the headers of one try of a request.
   *
   * @param exchange requests an access token
   * @throws OktaRefusal when Okta gives no access token, OktaFailure when every try fails
   */
  (request: AuthorizedRequest, exchange: Exchange, signal: AbortSignal): Promise<AuthorizationHeaders>;
  /**
   * Handles the answer to a request with these headers.
   *
   * @returns the renewed part, so that another try can succeed; null for none
   */
  readonly renew?: (answer: OktaAnswer, sent: AuthorizationHeaders) => "nonce" | "token" | null;
}

/** An API token of Okta (SSWS): it has all the rights of the administrator who made it. */
export function authorizeByToken(token: string): Authorize {
  return async () => ({ authorization: `SSWS ${token}` });
}

/** An administrator's access token (OAuth 2.0): it has the administrator's rights that its scopes name. */
export function authorizeByAccessToken(token: string): Authorize {
  return async () => ({ authorization: `Bearer ${token}` });
}

/** A service app of Okta, which signs its requests for access tokens by a private key. */
export interface ServiceApp {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly clientId: string;
  /** See `readPrivateKey`. */
  readonly privateKey: PrivateJwk | string;
  /** Okta's id of the key. @default the JWK's `kid` */
  readonly keyId?: string | undefined;
  readonly scopes: readonly string[];
}

interface AccessToken {
  readonly text: string;
  /** The key that it is bound to; null for a bearer token. */
  readonly boundTo: ProofKey | null;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** The renewals of the nonce for one request: it may change again before the next try. */
export const nonceTries = 3;

/** An access token is renewed this long before it ends, in milliseconds. */
const margin = 60_000;

/**
 * Access tokens by OAuth 2.0 for service apps: client credentials with `private_key_jwt` (RFC 7523; Okta, "Implement
 * OAuth for Okta with a service app"). A token is used until shortly before it ends.
 *
 * Every request for a token proves possession of a key that is made for that token (DPoP, RFC 9449; Okta, "Configure
 * OAuth 2.0 Demonstrating Proof-of-Possession"). An app with DPoP gets a token that is bound to the key, and each
 * request with it bears a proof; an app without it gets a bearer token. `token_type` names the kind.
 */
export function authorizeByServiceApp(
  { orgUrl, clientId, privateKey, keyId, scopes }: ServiceApp,
  now: () => number,
): Authorize {
  const tokenUrl = `${orgUrl}/oauth2/v1/token`;
  let held: AccessToken | undefined;
  let inProgress: Promise<AccessToken> | undefined;
  /** The last nonces that Okta gave: the token endpoint and the APIs each have their own (RFC 9449, section 9). */
  let tokenNonce: string | null = null;
  let apiNonce: string | null = null;
  /** Whether an API refused a proof, perhaps for its time. */
  let isProofRefused = false;

  async function fetchToken(exchange: Exchange, signal: AbortSignal): Promise<AccessToken> {
    const { createProofKey, signAssertion } = await import("./signing.ts");
    if (isProofRefused) exchange.changeClock();
    isProofRefused = false;
    const key = readPrivateKey(privateKey, keyId ?? null);
    const boundTo = await createProofKey();
    const prepare = async (): Promise<RequestInit> => {
      const time = exchange.now();
      const assertion = await signAssertion(key, { clientId, audience: tokenUrl, time });
      const claims = { method: "POST", url: tokenUrl, time, nonce: tokenNonce, accessToken: null };
      return {
        method: "POST",
        headers: {
          accept: "application/json",
          "content-type": "application/x-www-form-urlencoded",
          dpop: await boundTo.prove(claims),
        },
        body: new URLSearchParams({
          grant_type: "client_credentials",
          scope: scopes.join(" "),
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: assertion,
        }),
      };
    };
    const left = { nonce: nonceTries, clock: 1 };
    for (;;) {
      const answer = await exchange.ask({ url: tokenUrl, isRepeatable: true, needsBody: true, prepare }, signal);
      const nonce = answer.headers.get("dpop-nonce");
      tokenNonce = nonce ?? tokenNonce;
      const body = fieldsOf(answer.body);
      if (answer.status === 200 && typeof body.access_token === "string") {
        const seconds = typeof body.expires_in === "number" ? body.expires_in : 0;
        const isBound = String(body.token_type).toLowerCase() === "dpop";
        const until = now() + seconds * 1_000 - margin;
        held = { text: body.access_token, boundTo: isBound ? boundTo : null, until };
        return held;
      }
      const isNonce = body.error === "use_dpop_nonce" && nonce !== null;
      const remedy = isNonce ? "nonce" : "clock";
      // Okta refuses signatures with another time. The answer holds Okta's time, which the next try signs with.
      if (left[remedy] === 0 || (!isNonce && !exchange.changeClock())) throw refusal(answer, exchange);
      left[remedy] -= 1;
    }
  }

  function refusal({ status, body, foreignBody }: OktaAnswer, exchange: Exchange): OktaRefusal {
    const answered = fieldsOf(body);
    const reason = [answered.error, answered.error_description].filter((text) => typeof text === "string").join(": ");
    const code = typeof answered.error === "string" ? answered.error : null;
    const summary = typeof answered.errorSummary === "string" ? answered.errorSummary : null;
    // Okta's refusal has an error of OAuth or of its API; a gateway may refuse in JSON without one.
    const isForeign = code === null && summary === null;
    const text = reason || summary || foreignBody || "an answer that is not Okta's";
    const diagnosis = exchange.diagnose({ stage: "token", status, code, text, isForeign });
    return new OktaRefusal(`Okta gave no access token (${status}): ${text}`, null, code, diagnosis);
  }

  const authorize: Authorize = async (request, exchange, signal) => {
    let token = held;
    if (token === undefined || now() >= token.until) {
      // Requests that start together share one token.
      inProgress ??= fetchToken(exchange, signal).finally(() => {
        inProgress = undefined;
      });
      token = await inProgress;
    }
    const { text, boundTo } = token;
    if (boundTo === null) return { authorization: `Bearer ${text}` };
    const proof = await boundTo.prove({ ...request, time: exchange.now(), nonce: apiNonce, accessToken: text });
    return { authorization: `DPoP ${text}`, dpop: proof };
  };
  return Object.assign(authorize, {
    renew(answer: OktaAnswer, sent: AuthorizationHeaders) {
      const nonce = answer.headers.get("dpop-nonce");
      apiNonce = nonce ?? apiNonce;
      const { error } = challengeOf(answer);
      if (error === "use_dpop_nonce") return nonce === null ? null : "nonce";
      if (answer.status !== 401 && error !== "invalid_dpop_proof") return null;
      // The token was revoked early, or Okta refuses its proofs. Another request may have renewed it already.
      if (held !== undefined && sent.authorization?.endsWith(` ${held.text}`)) {
        held = undefined;
        isProofRefused = error === "invalid_dpop_proof";
      }
      return "token";
    },
  });
}

/** Why an API refuses an access token or its proof, by its `WWW-Authenticate` header; empty without one. */
export function challengeOf({ status, headers }: Pick<OktaAnswer, "status" | "headers">): {
  readonly error?: string;
  readonly error_description?: string;
} {
  if (status < 400) return {};
  const parameters = (headers.get("www-authenticate") ?? "").matchAll(/\b(error|error_description)="([^"]*)"/g);
  return Object.fromEntries([...parameters].map(([, name, value]) => [name, value]));
}
