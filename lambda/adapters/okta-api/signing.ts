import { createHash } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { SigningKey } from "./private-key.ts";

/*
 * Loaded for the first signature of a service app: an API token needs none.
 */

/** The lifetime of a client assertion, in seconds: Okta accepts at most an hour. */
const assertionSeconds = 300;

/** The client and the endpoint of a request for an access token. */
export interface Assertion {
  readonly clientId: string;
  /** The token endpoint. */
  readonly audience: string;
  /** Milliseconds since 1970 by Okta's clock. */
  readonly time: number;
}

/** Signs a service app's client assertion (`private_key_jwt`, RFC 7523). Okta accepts each assertion once. */
export async function signAssertion(
  { key, algorithm, keyId }: SigningKey,
  { clientId, audience, time }: Assertion,
): Promise<string> {
  const issuedAt = Math.floor(time / 1_000);
  return new SignJWT()
    .setProtectedHeader({ alg: algorithm, ...(keyId === null ? {} : { kid: keyId }) })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + assertionSeconds)
    .setJti(crypto.randomUUID())
    .sign(key);
}

/** The claims of one request's proof. */
export interface ProofClaims {
  readonly method: string;
  readonly url: string;
  /** Milliseconds since 1970 by Okta's clock. */
  readonly time: number;
  /** Okta's last nonce; null for none. */
  readonly nonce: string | null;
  /** The token that goes with the request; null for a request for one. */
  readonly accessToken: string | null;
}

/** A key pair that access tokens are bound to. It never leaves the memory of this process. */
export interface ProofKey {
  /** Makes a proof of possession for one try of one request (DPoP, RFC 9449): Okta accepts each once. */
  readonly prove: (claims: ProofClaims) => Promise<string>;
}

/** The algorithm with the fastest generation of keys among those that Okta accepts. */
const proofAlgorithm = "ES256";

/** Makes a key pair for proofs of possession. */
export async function createProofKey(): Promise<ProofKey> {
  const { publicKey, privateKey } = await generateKeyPair(proofAlgorithm);
  const jwk = await exportJWK(publicKey);
  return {
    async prove({ method, url, time, nonce, accessToken }) {
      const { origin, pathname } = new URL(url);
      const claims = {
        htm: method,
        htu: origin + pathname,
        ...(nonce === null ? {} : { nonce }),
        ...(accessToken === null ? {} : { ath: createHash("sha256").update(accessToken).digest("base64url") }),
      };
      return new SignJWT(claims)
        .setProtectedHeader({ typ: "dpop+jwt", alg: proofAlgorithm, jwk })
        .setIssuedAt(Math.floor(time / 1_000))
        .setJti(crypto.randomUUID())
        .sign(privateKey);
    },
  };
}
