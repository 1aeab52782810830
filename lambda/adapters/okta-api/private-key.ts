import { createPrivateKey, type JsonWebKeyInput, type KeyObject } from "node:crypto";
import { toError } from "../../core/values/error.ts";
import { OktaSettingsError } from "./errors.ts";

/** A private key as JSON (JWK). */
export type PrivateJwk = Readonly<Record<string, unknown>>;

/** A key that can sign for a service app. */
export interface SigningKey {
  readonly key: KeyObject;
  /** An algorithm that Okta accepts: RS256, RS384, RS512, ES256, ES384 or ES512. */
  readonly algorithm: string;
  /** Okta's id of the key (`kid`); null when it is not given: Okta then tries its keys. */
  readonly keyId: string | null;
}

/** The algorithm of each curve that Okta accepts, by the curve's name in Node.js. */
const algorithmOfCurve: ReadonlyMap<string, string> = new Map([
  ["prime256v1", "ES256"],
  ["secp384r1", "ES384"],
  ["secp521r1", "ES512"],
]);
const rsaAlgorithms = ["RS256", "RS384", "RS512"];
/** Bits: what RS256 demands (RFC 7518, section 3.3). */
const shortestRsaKey = 2_048;

/**
 * Reads a service app's private key.
 *
 * @param given a JWK; or PEM: PKCS#8, PKCS#1 (`RSA PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`), with line breaks or with
 * `\n`
 * @param keyId Okta's id of the key @default the JWK's `kid`
 * @throws OktaSettingsError for a key that Okta does not accept. The message never holds the key
 */
export function readPrivateKey(given: PrivateJwk | string, keyId: string | null = null): SigningKey {
  const key = typeof given === "string" ? readPem(given) : readJwk(given);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const ofCurve = algorithmOfCurve.get(details?.namedCurve ?? "");
  const possible = type === "rsa" ? rsaAlgorithms : ofCurve === undefined ? [] : [ofCurve];
  const [usual] = possible;
  if (usual === undefined) {
    throw new OktaSettingsError(
      `Okta takes RSA keys and EC keys of P-256, P-384 and P-521: this one is ${details?.namedCurve ?? type}`,
    );
  }
  const bits = details?.modulusLength;
  if (bits !== undefined && bits < shortestRsaKey) {
    throw new OktaSettingsError(`Okta takes RSA keys of ${shortestRsaKey} bits and more: this one has ${bits}`);
  }
  const wanted = typeof given === "string" ? undefined : given.alg;
  const algorithm = possible.find((each) => each === (wanted ?? usual));
  if (algorithm === undefined) throw new OktaSettingsError(`the key's "alg" is none of ${possible.join(", ")}`);
  const kid = typeof given === "string" ? undefined : given.kid;
  return { key, algorithm, keyId: keyId ?? (typeof kid === "string" ? kid : null) };
}

function readJwk(jwk: PrivateJwk): KeyObject {
  if (typeof jwk.d !== "string") throw new OktaSettingsError("it is a public key alone");
  const { use = "sig", key_ops: operations = ["sign"] } = jwk;
  if (use !== "sig" || !(Array.isArray(operations) && operations.includes("sign"))) {
    throw new OktaSettingsError('it is a key for another use than signing ("use", "key_ops")');
  }
  try {
    return createPrivateKey({ key: jwk as JsonWebKeyInput["key"], format: "jwk" });
  } catch (error) {
    throw new OktaSettingsError(`it is no key that can sign: ${toError(error).message}`);
  }
}

function readPem(text: string): KeyObject {
  // Variables of one line have `\n` or spaces for line breaks.
  const pem = text
    .replaceAll("\\n", "\n")
    .replace(/(-----BEGIN [A-Z0-9 ]+-----)([A-Za-z0-9+/= ]+)(-----END )/g, (_, begin, body: string, end) =>
      [begin, ...body.trim().split(/ +/), end].join("\n"),
    );
  const [, kind = ""] = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem) ?? [];
  if (/PUBLIC KEY|CERTIFICATE/.test(kind)) throw new OktaSettingsError("it is a public key alone");
  if (kind === "ENCRYPTED PRIVATE KEY" || /^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw new OktaSettingsError("it is encrypted: openssl pkey -in key.pem -out plain.pem decrypts it");
  }
  if (!/-----END [A-Z0-9 ]+-----/.test(pem)) throw new OktaSettingsError("it is cut off: its END line is missing");
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new OktaSettingsError(`it is no key that can sign: ${toError(error).message}`);
  }
}
