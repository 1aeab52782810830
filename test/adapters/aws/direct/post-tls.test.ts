import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createPost } from "../../../../lambda/adapters/aws/direct/post.ts";
import { makeCertificate } from "../../../fixtures/certificate.ts";

const certificate = makeCertificate();
const withoutOpenssl = certificate === null ? " (skipped: it needs openssl)" : "";
const trusted = getCACertificates();

beforeAll(() => certificate && setDefaultCACertificates([...trusted, certificate.cert]));
afterAll(() => setDefaultCACertificates(trusted));

let server: Server;
let endpoint: URL;
/** The connections so far: whether each resumed the session of another. */
let resumed: boolean[];
/** The requests that are not answered yet: for each, what answers it. */
let waiting: (() => void)[];
let isHanging: boolean;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  resumed = [];
  waiting = [];
  isHanging = false;
  server = createServer({ ...certificate }, (request, response) => {
    request.resume().once("end", () => {
      if (isHanging) waiting.push(() => response.end("ok"));
      else response.end("ok");
      server.emit("asked");
    });
  });
  server.on("secureConnection", (socket: TLSSocket) => resumed.push(socket.isSessionReused()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endpoint = new URL(`https://localhost:${(server.address() as AddressInfo).port}/`);
});
afterEach(async () => {
  vi.useRealTimers();
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

const post = () => {
  const send = createPost(endpoint, {});
  return (signal?: AbortSignal) => send({ host: endpoint.host }, "body", signal);
};

describe.skipIf(certificate === null)(`requests over TLS${withoutOpenssl}`, () => {
  test("at once make one whole handshake: the others use its connection, or resume its session", async () => {
    const send = post();
    const answers = await Promise.all([send(), send(), send(), send()]);
    expect(answers.map(({ body }) => body)).toEqual(["ok", "ok", "ok", "ok"]);
    expect(resumed.filter((isResumed) => !isResumed)).toHaveLength(1);
    expect(resumed.length).toBeLessThan(answers.length);
  });

  test("do not wait for long for a first one that hangs", async () => {
    isHanging = true;
    const send = post();
    const first = send();
    await once(server, "asked");
    isHanging = false;
    const second = send();
    vi.advanceTimersByTime(100);
    expect(await second).toMatchObject({ status: 200, body: "ok" });
    waiting[0]?.();
    expect(await first).toMatchObject({ status: 200, body: "ok" });
  });

  test("end with their signals while they wait for the first", async () => {
    isHanging = true;
    const send = post();
    const first = send();
    const ended = send(AbortSignal.abort(new Error("the time is over")));
    await expect(ended).rejects.toMatchObject({ name: "AbortError", cause: new Error("the time is over") });
    if (waiting.length === 0) await once(server, "asked");
    waiting[0]?.();
    await first;
  });

  test("go on after a first one that fails", async () => {
    const send = post();
    await expect(send(AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
    expect(await send()).toMatchObject({ status: 200, body: "ok" });
  });
});
