import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createPost } from "../../../../lambda/adapters/aws/direct/post.ts";

/** As many connections as are open at once. */
const connections = 50;

let endpoint: URL;
/** The requests that the server has, and has not answered. */
let held: ServerResponse[];
let ports: Set<number | undefined>;
let arrived: (count: number) => Promise<void>;
let stop: () => Promise<void>;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  held = [];
  ports = new Set();
  const server = createServer((request, response) => {
    ports.add(request.socket.remotePort);
    request.resume().once("end", () => {
      held.push(response);
      server.emit("held");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endpoint = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  arrived = async (count) => {
    while (held.length < count) await once(server, "held");
  };
  stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
});
afterEach(async () => {
  vi.useRealTimers();
  await stop();
});

const limits = { connectionTimeout: 300, requestTimeout: 700 };
const answerAll = () => {
  for (const response of held.splice(0)) response.end("ok");
};

describe("a request", () => {
  test("is not late by the wait for a connection, where all are in use", async () => {
    const post = createPost(endpoint, limits);
    const send = () => post({ host: endpoint.host }, "body", undefined);
    const first = Array.from({ length: connections }, send);
    const last = send();
    await arrived(connections);
    vi.advanceTimersByTime(600);
    answerAll();
    await Promise.all(first);
    await arrived(1);
    vi.advanceTimersByTime(600);
    answerAll();
    await expect(last).resolves.toMatchObject({ status: 200, body: "ok" });
    expect(ports.size).toBe(connections);
  });

  test("ends as the SDK's clients end it, where the service does not answer in time", async () => {
    const late = createPost(endpoint, limits)({ host: endpoint.host }, "body", undefined);
    const ended = expect(late).rejects.toMatchObject({ name: "TimeoutError", code: "ETIMEDOUT" });
    await arrived(1);
    vi.advanceTimersByTime(699);
    held[0]?.write("o");
    vi.advanceTimersByTime(1);
    await ended;
  });

  test("leaves no timer and no listener of its signal behind", async () => {
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, "removeEventListener");
    const add = vi.spyOn(signal, "addEventListener");
    const sent = createPost(endpoint, limits)({ host: endpoint.host }, "body", signal);
    await arrived(1);
    answerAll();
    await sent;
    expect(vi.getTimerCount()).toBe(0);
    expect(remove.mock.calls.map(([name, listener]) => [name, listener])).toEqual(
      add.mock.calls.map(([name, listener]) => [name, listener]),
    );
  });

  test.each([
    ["broke", "ECONNRESET", () => held.splice(0)[0]?.socket?.resetAndDestroy()],
    ["was not answered in time", "ETIMEDOUT", () => vi.advanceTimersByTime(700)],
  ])("that %s on a connection which was used before has the next one open another", async (_, code, end) => {
    const post = createPost(endpoint, limits);
    const send = () => post({ host: endpoint.host }, "body", undefined);
    const first = Array.from({ length: 3 }, send);
    await arrived(3);
    answerAll();
    await Promise.all(first);
    const ended = expect(send()).rejects.toMatchObject({ name: "TimeoutError", code });
    await arrived(1);
    end();
    await ended;
    held = [];
    const next = send();
    await arrived(1);
    answerAll();
    await expect(next).resolves.toMatchObject({ body: "ok" });
    expect(ports.size).toBe(4);
  });

  test("is not sent once its signal has ended", async () => {
    const ended = AbortSignal.abort(new Error("the time is over"));
    const sent = createPost(endpoint, limits)({ host: endpoint.host }, "body", ended);
    await expect(sent).rejects.toMatchObject({ name: "AbortError", cause: new Error("the time is over") });
    expect(ports.size).toBe(0);
  });

  test("ends with its signal amid an answer", async () => {
    const abort = new AbortController();
    const sent = createPost(endpoint, limits)({ host: endpoint.host }, "body", abort.signal);
    await arrived(1);
    held[0]?.writeHead(200, { "content-length": "10" }).write("o");
    abort.abort(new Error("the time is over"));
    await expect(sent).rejects.toMatchObject({ name: "AbortError" });
  });

  test.each([
    [true, 1],
    [false, 2],
  ])("opens a connection for each where the settings keep none open: %s", async (keepAlive, opened) => {
    const post = createPost(endpoint, { ...limits, httpAgent: { keepAlive }, httpsAgent: { keepAlive } });
    for (let sent = 0; sent < 2; sent += 1) {
      const answer = post({ host: endpoint.host }, "body", undefined);
      await arrived(1);
      answerAll();
      await answer;
    }
    expect(ports.size).toBe(opened);
  });
});
