import type { APIGatewayProxyEvent, LambdaFunctionURLEvent } from "aws-lambda";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readHookRequest } from "../../../lambda/adapters/aws/hook-request.ts";
import type { HookRequest } from "../../../lambda/core/hook-endpoint/endpoint.ts";
import { codePoint } from "../../fixtures/code-point.ts";
import { functionUrlEvent, restApiEvent, type SentRequest } from "../../fixtures/fronts.ts";

const delivery: SentRequest = {
  method: "POST",
  sourceIp: "192.0.2.1",
  headers: [
    ["Authorization", "the secret"],
    ["Content-Type", "application/json"],
  ],
  body: '{"eventId":"1"}',
};

/** Everything that the endpoint can ask of a request. */
function read(request: HookRequest, names: readonly string[]) {
  const body = request.body();
  return {
    method: request.method,
    sourceIp: request.sourceIp,
    headers: Object.fromEntries(names.map((name) => [name, request.header(name)])),
    body: typeof body === "string" ? body : [...body],
  };
}

const names = ["authorization", "content-type", "x-okta-verification-challenge", "absent", "constructor"];

describe.each([
  ["a Function URL", functionUrlEvent],
  ["a REST API", restApiEvent],
])("a request through %s", (_, toEvent) => {
  const through = (request: Partial<SentRequest>) => read(readHookRequest(toEvent({ ...delivery, ...request })), names);

  test("keeps method, address, headers by their lower-case names, and the body as text", () => {
    expect(through({})).toEqual({
      method: "POST",
      sourceIp: "192.0.2.1",
      headers: { authorization: "the secret", "content-type": "application/json" },
      body: '{"eventId":"1"}',
    });
  });

  test("has its body decoded where it comes in base64, byte by byte", () => {
    expect(through({ body: Uint8Array.of(0, 255, 254, 123) }).body).toEqual([0, 255, 254, 123]);
  });

  test("has several values of a header joined by commas, so that two secrets are none", () => {
    const { headers } = through({
      headers: [
        ["Authorization", "the secret"],
        ["Authorization", "another"],
      ],
    });
    expect(headers.authorization).toBe("the secret,another");
  });

  test.each(["GET", "HEAD", "OPTIONS", "PUT"])("is a %s without a body", (method) => {
    const challenge = [["X-Okta-Verification-Challenge", "kase"]] as const;
    expect(through({ method, headers: challenge, body: null })).toEqual({
      method,
      sourceIp: "192.0.2.1",
      headers: { "x-okta-verification-challenge": "kase" },
      body: "",
    });
  });

  test("may come without any header", () => {
    expect(through({ headers: [] }).headers).toEqual({});
  });

  test("may come from an IPv6 address", () => {
    expect(through({ sourceIp: "2001:db8::1" }).sourceIp).toBe("2001:db8::1");
  });
});

test("headers that an event leaves out are read as none", () => {
  const fromUrl = functionUrlEvent(delivery) as Partial<LambdaFunctionURLEvent>;
  delete fromUrl.headers;
  const fromApi = { ...restApiEvent(delivery), headers: null, multiValueHeaders: null } as unknown;
  for (const event of [fromUrl as LambdaFunctionURLEvent, fromApi as APIGatewayProxyEvent]) {
    expect(readHookRequest(event).header("authorization")).toBeUndefined();
  }
});

test("a header whose name comes in two spellings has the values of both, through either front", () => {
  const headers = [
    ["Authorization", "the secret"],
    ["authorization", "another"],
  ] as const;
  const seen = [functionUrlEvent, restApiEvent].map((toEvent) =>
    readHookRequest(toEvent({ ...delivery, headers })).header("authorization"),
  );
  expect(seen).toEqual(["the secret,another", "the secret,another"]);
});

test("any request is the same through both fronts", () => {
  const headerName = fc.constantFrom(...names, "Authorization", "Content-Type", "X-Okta-Verification-Challenge");
  const request = fc.record({
    method: fc.constantFrom("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"),
    sourceIp: fc.oneof(fc.ipV4(), fc.ipV6()),
    // Spellings of one name are kept apart by a REST API, in an order of its own: not as they were sent.
    headers: fc.uniqueArray(fc.tuple(headerName, fc.string()), { selector: ([name]) => name.toLowerCase() }),
    body: fc.oneof(fc.constant(null), fc.string({ unit: codePoint }), fc.uint8Array()),
  });
  fc.assert(
    fc.property(request, (sent) => {
      expect(read(readHookRequest(restApiEvent(sent)), names)).toEqual(
        read(readHookRequest(functionUrlEvent(sent)), names),
      );
    }),
  );
});
