import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { guardLoopback, isLoopback, isOfBrowser } from "../../local/loopback-guard.ts";

test("a peer is on this machine by its address alone", () => {
  expect(["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"].filter((each) => !isLoopback(each))).toEqual([]);
  const others = ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "::1:127.0.0.1", "10.127.0.1", "", undefined];
  expect(others.filter(isLoopback)).toEqual([]);
});

test("a request of a browser has headers of its own, or a name that is not of this machine", () => {
  for (const host of ["127.0.0.1:4566", "localhost:4566", "sqs.us-east-1.localhost:4566"]) {
    expect(isOfBrowser({ host })).toBe(false);
    expect(isOfBrowser({ host, origin: "https://evil.example" })).toBe(true);
    expect(isOfBrowser({ host, "sec-fetch-site": "cross-site" })).toBe(true);
  }
  for (const host of ["evil.example", "localhost.evil.example:4566", "127.0.0.1.evil.example", ""]) {
    expect(isOfBrowser({ host })).toBe(true);
  }
});

test("requests of browsers to a guarded server are broken, others and other servers are left alone", async () => {
  const served: string[] = [];
  const servers = ["guarded", "other"].map((name) =>
    createServer((request, response) => {
      if (!request.socket.destroyed) served.push(`${name} ${request.headers.origin ?? "none"}`);
      response.end();
    }).listen(0, "127.0.0.1"),
  );
  await Promise.all(servers.map((server) => once(server, "listening")));
  const [guarded = 0, other = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  const ask = (port: number, origin?: string) =>
    fetch(`http://127.0.0.1:${port}/`, { headers: origin === undefined ? {} : { origin } }).then(
      ({ status }) => status,
      () => "broken",
    );
  const end = guardLoopback(new Set([guarded]));
  expect(await ask(guarded, "https://evil.example")).toBe("broken");
  expect(await ask(other, "https://evil.example")).toBe(200);
  end();
  expect(await ask(guarded, "https://evil.example")).toBe(200);
  for (const server of servers) server.close();
  expect(served).toEqual(["other https://evil.example", "guarded https://evil.example"]);
});
