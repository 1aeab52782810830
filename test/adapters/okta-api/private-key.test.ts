import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import { OktaSettingsError } from "../../../lambda/adapters/okta-api/errors.ts";
import { readPrivateKey } from "../../../lambda/adapters/okta-api/private-key.ts";

const rsa = (modulusLength: number): KeyObject => generateKeyPairSync("rsa", { modulusLength }).privateKey;
const ec = (namedCurve: string): KeyObject => generateKeyPairSync("ec", { namedCurve }).privateKey;
const pem = (key: KeyObject, type: "pkcs1" | "pkcs8" | "sec1"): string =>
  String(key.export({ type: type as "pkcs8", format: "pem" }));
const jwk = (key: KeyObject) => key.export({ format: "jwk" }) as Record<string, unknown>;

const keys = {
  rsa: rsa(2_048),
  p256: ec("P-256"),
  p384: ec("P-384"),
  p521: ec("P-521"),
};

describe("a private key", () => {
  test.each([
    ["RSA", "JWK", jwk(keys.rsa), "RS256"],
    ["RSA", "PKCS#8", pem(keys.rsa, "pkcs8"), "RS256"],
    ["RSA", "PKCS#1", pem(keys.rsa, "pkcs1"), "RS256"],
    ["P-256", "JWK", jwk(keys.p256), "ES256"],
    ["P-256", "PKCS#8", pem(keys.p256, "pkcs8"), "ES256"],
    ["P-256", "SEC1", pem(keys.p256, "sec1"), "ES256"],
    ["P-384", "JWK", jwk(keys.p384), "ES384"],
    ["P-384", "SEC1", pem(keys.p384, "sec1"), "ES384"],
    ["P-521", "JWK", jwk(keys.p521), "ES512"],
    ["P-521", "PKCS#8", pem(keys.p521, "pkcs8"), "ES512"],
  ])("of %s as %s signs by its algorithm", (_, _form, given, algorithm) => {
    expect(readPrivateKey(given)).toMatchObject({ algorithm, keyId: null, key: { type: "private" } });
  });

  test("has the id and the algorithm that its JWK names, unless an id is given", () => {
    const named = { ...jwk(keys.rsa), kid: "key-1", alg: "RS512" };
    expect(readPrivateKey(named)).toMatchObject({ algorithm: "RS512", keyId: "key-1" });
    expect(readPrivateKey(named, "key-2").keyId).toBe("key-2");
  });

  test(String.raw`is read when its line breaks are written as \n`, () => {
    expect(readPrivateKey(pem(keys.p256, "pkcs8").replaceAll("\n", "\\n")).algorithm).toBe("ES256");
  });

  test.each([
    ["attributes before it", (text: string) => `Bag Attributes\n    friendlyName: app\n${text}`],
    ["Windows line breaks", (text: string) => text.replaceAll("\n", "\r\n")],
    ["spaces for its line breaks", (text: string) => text.trim().replaceAll("\n", " ")],
    [
      "the parameters of its curve before it",
      (text: string) => `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${text}`,
    ],
  ])("as PEM is read with %s", (_, write) => {
    const { key } = readPrivateKey(write(pem(keys.p256, "sec1")));
    expect(jwk(key)).toEqual(jwk(keys.p256));
  });

  test.each([[{ use: "sig" }], [{ key_ops: ["sign", "verify"] }], [{ use: "sig", key_ops: ["sign"] }]])(
    "may say that it is for signing: %j",
    (said) => {
      expect(readPrivateKey({ ...jwk(keys.rsa), ...said }).algorithm).toBe("RS256");
    },
  );

  test.each([
    ["for encryption", { ...jwk(keys.rsa), use: "enc" }, /another use than signing/],
    ["for decryption", { ...jwk(keys.rsa), key_ops: ["decrypt"] }, /another use than signing/],
    ["cut off", pem(keys.rsa, "pkcs8").slice(0, 600), /cut off/],
    ["a public JWK", { ...jwk(keys.p256), d: undefined }, /public key alone/],
    ["a broken JWK", { kty: "RSA", n: "?", d: "!" }, /no key that can sign/],
    ["broken PEM", "-----BEGIN PRIVATE KEY-----\nZk3s\n-----END PRIVATE KEY-----", /no key that can sign/],
    ["a public key as PEM", "-----BEGIN PUBLIC KEY-----\nZk3s\n-----END PUBLIC KEY-----", /public key alone/],
    [
      "an encrypted key",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nZk3s\n-----END ENCRYPTED PRIVATE KEY-----",
      /encrypted/,
    ],
    ["a curve that Okta takes not", jwk(ec("secp256k1")), /P-256, P-384 and P-521: this one is secp256k1/],
    ["a short RSA key", jwk(rsa(1_024)), /2048 bits and more: this one has 1024/],
    ["an algorithm of another key", { ...jwk(keys.p256), alg: "RS256" }, /"alg" is none of ES256/],
    ["an Edwards curve", pem(generateKeyPairSync("ed25519").privateKey, "pkcs8"), /this one is ed25519/],
  ])("that is %s is refused, without its text", (_, given, message) => {
    expect(() => readPrivateKey(given)).toThrow(OktaSettingsError);
    expect(() => readPrivateKey(given)).toThrow(message);
    expect(() => readPrivateKey(given)).not.toThrow("Zk3s");
  });
});
