import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { delivery, sessionStart } from "../fixtures/events.ts";

const secret = "secret";
const body = JSON.stringify(delivery([]));
/** Milliseconds; what a slow client has in this test. */
const requestTimeout = 1_500;

let run: EmbeddedRun;
const errors: unknown[] = [];

beforeAll(async () => {
  run = await startEmbeddedRun({
    port: 0,
    hookSecret: secret,
    mismatchDistanceKm: 500,
    requestTimeout,
    onError: (error) => errors.push(error),
  });
  // The first delivery loads what is loaded when first needed; what is sent raw below is cut off when it has to wait.
  const headers = { authorization: secret, "content-type": "application/json" };
  expect((await fetch(run.url, { method: "POST", headers, body })).status).toBe(204);
});
afterAll(async () => {
  await run.stop();
  // Nothing of what a client sends made a handler fail.
  expect(errors).toEqual([]);
});

/**
 * Sends bytes as they are and gives back the statuses of all answers until the connection ends.
 *
 * @param end whether nothing is sent after them: then an answer that takes its time, as one does that parks, does not come
 */
function sendRaw(bytes: string | Buffer, { end = true }: { readonly end?: boolean } = {}): Promise<number[]> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(new URL(run.url).port), "127.0.0.1");
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve([...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))));
    if (end) socket.end(bytes);
    else socket.write(bytes);
  });
}

/** A request with these lines of headers beside those that a good one has. */
function request(headers: readonly string[] = [], { line = "POST / HTTP/1.1", content = body } = {}): string {
  const lines = [line, "Host: localhost", "Content-Type: application/json", ...headers];
  return `${lines.join("\r\n")}\r\n\r\n${content}`;
}
const authorization = `Authorization: ${secret}`;
const length = `Content-Length: ${body.length}`;

test("a good request is answered", async () => {
  expect(await sendRaw(request([authorization, length]))).toEqual([204]);
});

describe("is answered without the handler, or refused by it:", () => {
  test.each<[string, readonly number[], string]>([
    ["two lengths", [400], request([authorization, length, `Content-Length: 5`])],
    ["the same length twice", [400], request([authorization, length, length])],
    ["a length beside chunks", [400], request([authorization, length, "Transfer-Encoding: chunked"])],
    ["chunks twice", [400], request([authorization, "Transfer-Encoding: chunked, chunked"])],
    ["an unknown coding", [400], request([authorization, "Transfer-Encoding: identity, x"])],
    ["a negative length", [400], request([authorization, "Content-Length: -5"])],
    ["a length in hexadecimal", [400], request([authorization, "Content-Length: 0x10"])],
    ["a space before the colon", [400], request([`Content-Length : ${body.length}`, authorization])],
    ["a folded header", [400], request([authorization, length, "X-Folded: one", " two"])],
    ["a NUL in a header", [400], request([authorization, length, "X-Nul: a\0b"])],
    ["a bare carriage return", [400], request([authorization, length, "X: a\rAuthorization: b"])],
    ["headers without end", [431], request([authorization, `X-Long: ${"x".repeat(100_000)}`, length])],
    ["no host", [400], `POST / HTTP/1.1\r\n${authorization}\r\n${length}\r\n\r\n${body}`],
    ["an unknown method", [400], request([authorization, length], { line: "STEAL / HTTP/1.1" })],
    ["no HTTP at all", [400], "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["a path that is no path", [400], request([authorization, length], { line: "POST http://[ HTTP/1.1" })],
    ["two secrets, the right one first", [401], request([authorization, "Authorization: other", length])],
    ["two secrets, the right one last", [401], request(["Authorization: other", authorization, length])],
    ["the secret in another's header", [401], request([`X-Authorization: ${secret}`, length])],
    [
      "the secret in full-width letters",
      [401],
      request(["Authorization: \uff53\uff45\uff43\uff52\uff45\uff54", length]),
    ],
    ["the secret with a zero-width space", [401], request([`Authorization: ${secret}\u200b`, length])],
  ])("%s", async (_, statuses, bytes) => {
    expect(await sendRaw(Buffer.from(bytes, "utf8"))).toEqual(statuses);
  });

  test.each<[string, readonly number[], string]>([
    ["two content types", [415], request([authorization, length, "Connection: close", "Content-Type: text/plain"])],
    ["a length that is too short", [400], request([authorization, "Content-Length: 10", "Connection: close"])],
  ])("%s, once it is parked", async (_, statuses, bytes) => {
    expect(await sendRaw(bytes, { end: false })).toEqual(statuses);
  });

  test("a second request smuggled into the body of the first is a body", async () => {
    const smuggled = request([authorization, length]);
    const outer = request([authorization, `Content-Length: ${smuggled.length}`, "Connection: close"], {
      content: smuggled,
    });
    expect(await sendRaw(outer, { end: false })).toEqual([400]);
  });

  test("a body that never comes whole is given up", async () => {
    const started = Date.now();
    const half = request([authorization, length], { content: body.slice(0, 10) });
    expect(await sendRaw(half, { end: false })).toEqual([408]);
    expect(Date.now() - started).toBeGreaterThanOrEqual(requestTimeout);
  });

  test("headers that never come whole are given up", async () => {
    expect(await sendRaw("POST / HTTP/1.1\r\nHost: local", { end: false })).toEqual([408]);
  });
});

describe("JSON", () => {
  const post = (content: string) =>
    sendRaw(
      request([authorization, `Content-Length: ${Buffer.byteLength(content)}`, "Connection: close"], { content }),
      { end: false },
    );

  test("with a hundred thousand empty events is taken, and they are parked in few messages", async () => {
    const before = run.messagesOn("deadLetterQueue").length;
    expect(await post(JSON.stringify(delivery(new Array(100_000).fill({}))))).toEqual([204]);
    expect(run.messagesOn("deadLetterQueue").length - before).toBe(101);
  });

  test.each([
    ["lists", "[".repeat(500_000)],
    ["closed lists", `${"[".repeat(250_000)}${"]".repeat(250_000)}`],
    ["objects", '{"a":'.repeat(150_000)],
  ])("nested without end in %s is refused", async (_, content) => {
    expect(await post(content)).toEqual([400]);
  });

  test("with a key twice, or one of the prototype, is what JSON.parse makes of it", async () => {
    const event = JSON.stringify(sessionStart({ securityContext: { isProxy: false } }));
    const twice = event.replace('"eventType"', '"eventType":"x","__proto__":{"isProxy":true},"eventType"');
    expect(await post(JSON.stringify(delivery(["EVENT"])).replace('"EVENT"', twice))).toEqual([204]);
    expect({}).not.toHaveProperty("isProxy");
  });
});

test("however a good request is mangled, it is answered or cut off, and the next good one is served", async () => {
  const good = Buffer.from(request([authorization, length, "Connection: close"]), "latin1");
  const edit = fc.record({
    at: fc.nat(good.length - 1),
    drop: fc.nat(20),
    insert: fc.oneof(
      fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          "\r\n",
          "\n",
          "\0",
          ": ",
          "Transfer-Encoding: chunked\r\n",
          "\r\n\r\n",
          "Content-Length: 0\r\n",
          "\u{1f4a5}",
        )
        .map((text) => Buffer.from(text)),
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
      let bytes = good;
      for (const { at, drop, insert } of edits) {
        bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + drop)]);
      }
      for (const status of await sendRaw(bytes)) {
        expect([200, 204, 400, 401, 405, 408, 413, 415, 417, 426, 431]).toContain(status);
      }
    }),
    { numRuns: 500 },
  );
  expect(await sendRaw(good)).toEqual([204]);
});
