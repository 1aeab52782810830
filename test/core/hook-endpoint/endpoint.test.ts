import { describe, expect, test } from "vitest";
import {
  answerRequest as answer,
  type EndpointPorts,
  type HookRequest,
  maximumBodyBytes,
  type RefusedDelivery,
} from "../../../lambda/core/hook-endpoint/endpoint.ts";
import { testDelivery } from "../../../lambda/core/okta/test-delivery.ts";
import { startBudget } from "../../../lambda/core/time/budget.ts";
import { delivery, sessionStart } from "../../fixtures/events.ts";

const secret = "secret";

const answerRequest = (each: HookRequest, all: EndpointPorts, work = 60_000) =>
  answer(each, all, startBudget({ work, parking: 60_000 }));

function request(overrides: Partial<Omit<HookRequest, "header">> & { headers?: Record<string, string> } = {}) {
  const headers: Record<string, string | undefined> = {
    authorization: secret,
    "content-type": "application/json",
    ...overrides.headers,
  };
  return {
    method: "POST",
    sourceIp: "192.0.2.1",
    body: () => Buffer.from(JSON.stringify(delivery([sessionStart()]))),
    ...overrides,
    header: (name: string) => headers[name],
  };
}

function ports(overrides: Partial<EndpointPorts> = {}) {
  const failures: [kind: string, error: unknown][] = [];
  const refused: RefusedDelivery[] = [];
  const all: EndpointPorts = {
    isAllowed: (address) => address === "192.0.2.1",
    secrets: async () => [secret],
    process: async () => true,
    parkRefused: async (each) => void refused.push(each),
    onFailure: (kind, _message, error) => void failures.push([kind, error]),
    measure: (_, work) => work(),
    ...overrides,
  };
  return { ports: all, failures, refused };
}

describe("a failure of the receiver is answered 503, and logged", () => {
  const broken = new Error("broken");

  test("when no secret is available", async () => {
    const { ports: without, failures } = ports({
      secrets: () => Promise.reject(broken),
    });
    expect(await answerRequest(request(), without)).toEqual({ status: 503, headers: {}, body: "" });
    expect(failures).toEqual([["secretUnavailable", broken]]);
  });

  test("when the secret hangs, before the time runs out", async () => {
    const hanging = () => new Promise<never>(() => {});
    expect((await answerRequest(request(), ports({ secrets: hanging }).ports, 20)).status).toBe(503);
  });

  test("when a part of the delivery was neither done nor parked", async () => {
    expect((await answerRequest(request(), ports({ process: async () => false }).ports)).status).toBe(503);
  });

  test("when processing breaks off", async () => {
    const { ports: breaking, failures } = ports({ process: () => Promise.reject(broken) });
    expect((await answerRequest(request(), breaking)).status).toBe(503);
    expect(failures).toEqual([["deliveryFailed", broken]]);
  });
});

describe("the body", () => {
  test("is taken up to 6 MiB, to the byte", async () => {
    const body = (bytes: number) => () => Buffer.from(JSON.stringify(delivery([])).padEnd(bytes, " "));
    expect((await answerRequest(request({ body: body(maximumBodyBytes) }), ports().ports)).status).toBe(204);
    const over = await answerRequest(request({ body: body(maximumBodyBytes + 1) }), ports().ports);
    expect(over.status).toBe(413);
    expect(over.body).toContain("6291457");
  });

  test.each<[string, string | Uint8Array]>([
    ["text with a byte order mark", `\uFEFF${JSON.stringify(delivery([]))}`],
    ["bytes with a byte order mark", Buffer.from(`\uFEFF${JSON.stringify(delivery([]))}`)],
    ["bytes of which one is no UTF-8", Buffer.from(JSON.stringify(delivery([], { note: "\u00ff" })), "latin1")],
  ])("as %s is taken", async (_, body) => {
    expect((await answerRequest(request({ body: () => body }), ports().ports)).status).toBe(204);
  });

  test("that is no JSON is refused, saying where", async () => {
    const answered = await answerRequest(request({ body: () => '{"data": nope}' }), ports().ports);
    expect(answered.status).toBe(400);
    expect(answered.body).toContain("the body is no JSON in UTF-8: Unexpected token 'o'");
  });

  test.each([
    ["application/json", 204],
    ["Application/JSON; Charset=UTF-8", 204],
    ['application/json;charset="utf-8"', 204],
    ["application/cloudevents+json", 204],
    ["application/json; charset=latin1", 415],
    ["text/json", 415],
    ["application/jsonp", 415],
    ["", 415],
  ])("of type %j: %i", async (contentType, status) => {
    const answered = await answerRequest(request({ headers: { "content-type": contentType } }), ports().ports);
    expect(answered.status).toBe(status);
  });
});

describe("a delivery that is refused although its secret was right", () => {
  const noJson = () => request({ body: () => '{"name": secretive}' });

  test.each<[number, string, HookRequest]>([
    [400, "the body is no JSON in UTF-8", noJson()],
    [400, "the body is empty; expected an event hook delivery as JSON", request({ body: () => "" })],
    [
      400,
      "the body is no event hook delivery: data: expected an object with events",
      request({ body: () => JSON.stringify(delivery([], { data: 1 })) }),
    ],
    [413, "the body has 6291457 bytes; at most 6291456 are taken", request({ body: () => "x".repeat(6_291_457) })],
    [
      415,
      "expected content-type application/json in UTF-8",
      request({ body: () => "hello", headers: { "content-type": "text/plain" } }),
    ],
  ])("with %i is parked with its body and the reason: %s", async (status, reason, each) => {
    const { ports: parking, refused } = ports();
    expect((await answerRequest(each, parking)).status).toBe(status);
    const contentType = each.header("content-type");
    expect(refused).toEqual([{ status, reason, detail: refused[0]?.detail, contentType, body: each.body() }]);
  });

  test("has a reason that quotes nothing of its body, as it is logged", async () => {
    const { ports: parking, refused } = ports();
    await answerRequest(noJson(), parking);
    expect(refused[0]?.reason).not.toContain("secretive");
    expect(refused[0]?.detail).toContain("secretive");
  });

  test("is answered 503 where it cannot be parked, so that Okta delivers it again", async () => {
    const down = new Error("down");
    const { ports: parking, failures } = ports({ parkRefused: () => Promise.reject(down) });
    expect((await answerRequest(noJson(), parking)).status).toBe(503);
    expect(failures).toEqual([["refusedDeliveryLost", down]]);
  });

  test("is answered 503 where parking hangs, before the time runs out", async () => {
    const { ports: hanging } = ports({ parkRefused: () => new Promise<never>(() => {}) });
    const budget = startBudget({ work: 10, parking: 20 });
    expect((await answer(noJson(), hanging, budget)).status).toBe(503);
  });

  test.each([
    ["a GET without a challenge", { method: "GET" }],
    ["another method", { method: "PUT" }],
    ["a wrong secret", { headers: { authorization: "x" } }],
  ])("is none of these: %s", async (_, overrides) => {
    const { ports: parking, refused } = ports();
    expect((await answerRequest(request(overrides), parking)).status).toBeGreaterThanOrEqual(400);
    expect(refused).toEqual([]);
  });
});

describe("from an address that is not allowed", () => {
  const sourceIp = "198.51.100.1";
  const forbidden = { status: 403, headers: {}, body: "" };

  test.each([
    ["a wrong secret", { headers: { authorization: "x" } }],
    ["none", { headers: { authorization: "" } }],
    ["the right one, for a verification", { method: "GET" }],
  ])("a request with %s is refused, and nothing is kept of it", async (_, overrides) => {
    const { ports: parking, refused } = ports();
    expect(await answerRequest(request({ ...overrides, sourceIp }), parking)).toEqual(forbidden);
    expect(refused).toEqual([]);
  });

  test("a delivery with the right secret is refused and parked: Okta may have a network that the list lacks", async () => {
    const { ports: parking, refused } = ports();
    expect(await answerRequest(request({ sourceIp }), parking)).toEqual(forbidden);
    expect(refused).toEqual([expect.objectContaining({ status: 403, contentType: "application/json" })]);
  });

  test("a test alert with the right secret is refused, and neither parked nor an alarm", async () => {
    const { ports: parking, refused } = ports();
    const body = () => JSON.stringify(testDelivery(crypto.randomUUID(), "d", new Date()));
    expect(await answerRequest(request({ sourceIp, body }), parking)).toEqual(forbidden);
    expect(refused).toEqual([]);
  });

  test("a delivery that cannot be parked is answered 503, so that Okta delivers it once more", async () => {
    const { ports: broken } = ports({ parkRefused: () => Promise.reject(new Error("broken")) });
    expect((await answerRequest(request({ sourceIp }), broken)).status).toBe(503);
  });

  test("it is no failure of the receiver when no secret is available", async () => {
    const { ports: without, failures } = ports({ secrets: () => Promise.reject(new Error("down")) });
    expect(await answerRequest(request({ sourceIp }), without)).toEqual(forbidden);
    expect(failures).toEqual([]);
  });
});

test("a GET is authenticated before its challenge is answered", async () => {
  const challenge = { "x-okta-verification-challenge": 'a"b' };
  const get = { method: "GET", body: () => Buffer.alloc(0) };
  const right = await answerRequest(request({ ...get, headers: challenge }), ports().ports);
  expect(right).toMatchObject({ status: 200, body: '{"verification":"a\\"b"}' });
  const wrong = await answerRequest(request({ ...get, headers: { ...challenge, authorization: "x" } }), ports().ports);
  expect(wrong).toEqual({ status: 401, headers: {}, body: "" });
});

test("the body of a request without the secret is not even decoded", async () => {
  const body = () => {
    throw new Error("decoded");
  };
  const answered = await answerRequest(request({ body, headers: { authorization: "x" } }), ports().ports);
  expect(answered.status).toBe(401);
});
