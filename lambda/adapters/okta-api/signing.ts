import { createHash } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { SigningKey } from "./private-key.ts";

/*
 * Loaded when a service app first signs: an API token needs no signature.
 */

/** How long a client assertion is good for, in seconds: Okta takes at most an hour. */
const assertionSeconds = 300;

/** Who asks for an access token, and where. */
export interface Assertion {
  readonly clientId: string;
  /** The token endpoint. */
  readonly audience: string;
  /** Milliseconds since 1970 by Okta's clock. */
  readonly time: number;
}

/** Signs that a service app is who it says (`private_key_jwt`, RFC 7523). Okta takes each assertion once. */
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

/** What one request proves. */
export interface ProofClaims {
  readonly method: string;
  readonly url: string;
  /** Milliseconds since 1970 by Okta's clock. */
  readonly time: number;
  /** The last one that Okta gave; null for none. */
  readonly nonce: string | null;
  /** The token that goes with the request; null for a request for one. */
  readonly accessToken: string | null;
}

/** A key pair that access tokens are bound to. It never leaves the memory of this process. */
export interface ProofKey {
  /** A proof of possession for one try of one request (DPoP, RFC 9449): Okta takes each once. */
  readonly prove: (claims: ProofClaims) => Promise<string>;
}

/** Of the algorithms that Okta takes, the one whose keys are made the fastest. */
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
