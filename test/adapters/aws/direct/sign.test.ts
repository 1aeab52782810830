import { Sha256 } from "@smithy/core/checksum";
import { HttpRequest } from "@smithy/core/protocols";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Access, Service } from "../../../../lambda/adapters/aws/direct/access.ts";
import { createSigner } from "../../../../lambda/adapters/aws/direct/sign.ts";
import { codePoint } from "../../../fixtures/code-point.ts";

const services: readonly Service[] = ["dynamodb", "secretsmanager", "sns", "sqs"];

/** Signs by the SDK's signer, without the hash of the body in a header, which S3 alone asks for. */
async function signBySdk(
  { service, endpoint, region, credentials }: Access,
  given: Record<string, string>,
  body: string,
  at: Date,
) {
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, applyChecksum: false });
  const { hostname, host, protocol, port, pathname: path } = endpoint;
  const request = {
    method: "POST",
    protocol,
    hostname,
    path,
    headers: { host, ...given, "content-length": String(Buffer.byteLength(body)) },
    body,
  };
  const signed = await signer.sign(new HttpRequest({ ...request, ...(port && { port: Number(port) }) }), {
    signingDate: at,
  });
  return signed.headers;
}

test("a signature is that of the SDK's signer", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        service: fc.constantFrom(...services),
        region: fc.constantFrom("eu-west-1", "us-east-1"),
        endpoint: fc.constantFrom(
          "https://sns.eu-west-1.amazonaws.com",
          "http://127.0.0.1:8000",
          "http://own:1/a%20b/c",
        ),
        secretAccessKey: fc.string({ minLength: 1, unit: "grapheme" }),
        sessionToken: fc.constantFrom(undefined, "token", "a+/="),
        target: fc.string({ unit: "grapheme-ascii", minLength: 1 }),
        body: fc.string({ unit: codePoint, maxLength: 2_000 }),
        at: fc.date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true }),
      }),
      async ({ endpoint, secretAccessKey, sessionToken, target, body, at, service, region }) => {
        const credentials = { accessKeyId: "AKID", secretAccessKey, ...(sessionToken && { sessionToken }) };
        const access = { service, region, endpoint: new URL(endpoint), credentials };
        const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": target };
        expect(createSigner(access)({ headers, body }, at.getTime())).toEqual(
          await signBySdk(access, headers, body, at),
        );
      },
    ),
    { numRuns: 40 },
  );
});

test("a signer goes on with the key of the next day", async () => {
  const credentials = { accessKeyId: "AKID", secretAccessKey: "secret" };
  const access = { service: "sns", region: "eu-west-1", endpoint: new URL("http://own"), credentials } as const;
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const sign = createSigner(access);
  for (const time of ["2026-11-26T23:59:59Z", "2026-11-27T00:00:00Z", "2026-11-27T12:00:00Z"]) {
    const at = new Date(time);
    expect(sign({ headers, body: "a" }, at.getTime())).toEqual(await signBySdk(access, headers, "a", at));
  }
});
