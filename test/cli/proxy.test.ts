import { get } from "node:https";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { awsProxySettings, proxyOf } from "../../cli/proxy.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { type Output, spawnCli } from "../fixtures/command.ts";
import {
  type ConnectProxy,
  type InspectingServer,
  startConnectProxy,
  startInspectingServer,
} from "../fixtures/connect-proxy.ts";
import { type FakeOkta, startFakeOkta } from "../fixtures/okta.ts";

/** A host that exists nowhere (RFC 2606): whatever reaches it goes by the proxy. */
const orgUrl = "https://example.okta.invalid";

const withoutOpenssl = "openssl, which makes the certificate, is not installed";

let okta: FakeOkta;
let gateway: InspectingServer | null;
let proxy: ConnectProxy;
let run: EmbeddedRun;

beforeAll(async () => {
  run = await startEmbeddedRun({ port: 0, hookSecret: "first-secret", mismatchDistanceKm: 500, onError: () => {} });
  okta = await startFakeOkta();
  gateway = await startInspectingServer(new URL(orgUrl).hostname, okta.orgUrl);
  proxy = await startConnectProxy(gateway?.port ?? Number(new URL(okta.orgUrl).port));
});
beforeEach(() => {
  proxy.asked.length = 0;
  proxy.authorizations.length = 0;
  proxy.refusal = null;
});
afterAll(async () => {
  await Promise.all([proxy.stop(), gateway?.stop(), okta.stop(), run.stop()]);
});

const doctor = (environment: Readonly<Record<string, string>>): Promise<Output> =>
  spawnCli("hook", ["doctor", "--local", "--org", orgUrl], {
    environment: { OKTA_CLIENT_TOKEN: "00a", ...environment },
  });

describe("a command that reaches Okta", () => {
  test("goes by HTTPS_PROXY, and names TLS inspection with what to set", async (context) => {
    if (gateway === null) return context.skip(withoutOpenssl);
    const { code, stdout, stderr } = await doctor({ HTTPS_PROXY: proxy.url });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(new Set(proxy.asked)).toEqual(new Set(["example.okta.invalid:443"]));
    expect(proxy.authorizations[0]).toBe(`Basic ${Buffer.from("someone:proxy-password").toString("base64")}`);
    expect(stdout).toMatch(/^WRONG TLS +https:\/\/example\.okta\.invalid cannot be reached: self-signed certificate/);
    expect(stdout).toContain("set NODE_EXTRA_CA_CERTS");
  });

  test("takes the company's CA of NODE_EXTRA_CA_CERTS", async (context) => {
    if (gateway === null) return context.skip(withoutOpenssl);
    const { stdout } = await doctor({ https_proxy: proxy.url, NODE_EXTRA_CA_CERTS: gateway.caFile });
    expect(stdout).toMatch(/^ok {4}domain +https:\/\/example\.okta\.invalid is an Okta org$/m);
    expect(stdout).toMatch(/WRONG client +Okta refused .*Invalid token provided/);
  });

  test.each([403, 407] as const)("names a proxy that refuses with %i, without the password", async (status) => {
    proxy.refusal = status;
    const { code, stdout } = await doctor({ HTTPS_PROXY: proxy.url });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^WRONG proxy /);
    expect(stdout).toContain(String(status));
    expect(stdout).toContain(`the proxy (${proxy.host}) lets no request through`);
    expect(stdout).not.toContain("proxy-password");
  });

  test("names a proxy that cannot reach the org", async () => {
    proxy.refusal = 503;
    const { stdout } = await doctor({ HTTPS_PROXY: proxy.url });
    expect(stdout).toMatch(/^WRONG proxy .*\(503\)/);
    expect(stdout).toContain(`the proxy (${proxy.host}) cannot reach example.okta.invalid`);
  });

  test.each([
    ["doctor", 1, "stdout"],
    ["register", 1, "stderr"],
  ] as const)("ends when a proxy closes the connection instead of opening a tunnel (%s)", async (name, code, where) => {
    proxy.refusal = "close";
    const local = ["--local", "--url", run.url];
    const output = await spawnCli("hook", [name, ...local, "--org", orgUrl], {
      environment: { OKTA_CLIENT_TOKEN: "00a", HTTPS_PROXY: proxy.url },
    });
    expect(output.code).toBe(code);
    expect(output[where]).toContain("it closes the connection when it is asked for a tunnel (CONNECT)");
    expect(output[where]).toContain("see that it is one for HTTPS and allows example.okta.invalid");
    expect(output[where]).not.toContain("proxy-password");
    // One question is enough: it is not asked again and again.
    expect(proxy.asked).toEqual(["example.okta.invalid:443"]);
  });

  test("takes a proxy without a scheme, as other programs do", async (context) => {
    if (gateway === null) return context.skip(withoutOpenssl);
    const { stdout } = await doctor({ HTTPS_PROXY: proxy.host, NODE_EXTRA_CA_CERTS: gateway.caFile });
    expect(stdout).toMatch(/^ok {4}domain /m);
    expect(new Set(proxy.asked)).toEqual(new Set(["example.okta.invalid:443"]));
  });

  test.each([
    ["http://someone:proxy-password@[::", "HTTPS_PROXY is no URL"],
    ["socks5://someone:proxy-password@127.0.0.1:1080", "HTTPS_PROXY names a proxy that speaks socks5"],
  ])("refuses what is no proxy of HTTP (%s), without the password", async (HTTPS_PROXY, fault) => {
    const { code, stdout, stderr } = await doctor({ HTTPS_PROXY });
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: "",
      stderr: `error: ${fault}: expected http://user:password@host:port\n`,
    });
  });

  test("names a proxy that is not there", async () => {
    const { stdout } = await doctor({ HTTPS_PROXY: "http://127.0.0.1:1" });
    expect(stdout).toMatch(/^WRONG proxy +.* cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:1$/m);
    expect(stdout).toContain("requests go by the proxy (127.0.0.1:1) of HTTPS_PROXY");
  });

  test("goes straight to what NO_PROXY names, and to loopback", async () => {
    const { stdout } = await doctor({ HTTPS_PROXY: proxy.url, NO_PROXY: ".okta.invalid" });
    expect(stdout).toMatch(/^WRONG domain /);
    const local = await spawnCli("hook", ["doctor", "--local", "--org", okta.orgUrl], {
      environment: { OKTA_CLIENT_TOKEN: "00-an-api-token", HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url },
    });
    expect(local).toMatchObject({ code: 0, stderr: "" });
    expect(proxy.asked).toEqual([]);
  });
});

test("a command that reaches AWS goes by HTTPS_PROXY too, and names it when it refuses, without the password", async () => {
  proxy.refusal = 403;
  const { code, stderr } = await spawnCli("hook", ["status", "--stack", "Europe", "--org", orgUrl], {
    environment: {
      HTTPS_PROXY: proxy.url,
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "example",
      OKTA_CLIENT_TOKEN: "00a",
    },
  });
  expect(code).toBe(2);
  expect(new Set(proxy.asked)).toEqual(new Set(["cloudformation.eu-west-1.amazonaws.com:443"]));
  expect(stderr).toContain("the stack Europe cannot be found");
  expect(stderr).toContain(proxy.host);
  expect(stderr).not.toContain("proxy-password");
});

describe("the proxy of a URL", () => {
  const https_proxy = "http://someone:secret@proxy.example.com:8080";
  test.each([
    [{}, null],
    [{ HTTPS_PROXY: https_proxy }, "proxy.example.com:8080"],
    [{ HTTPS_PROXY: "http://other.example.com", https_proxy }, "proxy.example.com:8080"],
    [{ HTTP_PROXY: https_proxy }, null],
    [{ https_proxy, NO_PROXY: "*" }, null],
    [{ https_proxy, NO_PROXY: "a.example.com, example.okta.com" }, null],
    [{ https_proxy, no_proxy: ".okta.com" }, null],
    [{ https_proxy, no_proxy: "*.okta.com" }, null],
    [{ https_proxy, no_proxy: "okta.com" }, null],
    [{ https_proxy, no_proxy: "*okta.com" }, null],
    [{ https_proxy, no_proxy: "ta.com" }, "proxy.example.com:8080"],
    [{ https_proxy, no_proxy: "Example.Okta.com." }, null],
    [{ https_proxy, no_proxy: "localhost,*" }, null],
    [{ https_proxy, no_proxy: ".okta.com:443" }, null],
    [{ https_proxy, no_proxy: "10.0.0.0/8,192.168.0.1-192.168.0.9,okta" }, "proxy.example.com:8080"],
    [{ https_proxy: " proxy.example.com:8080 " }, "proxy.example.com:8080"],
    [{ https_proxy, no_proxy: "example.okta.com:443" }, null],
    [{ https_proxy, no_proxy: "example.okta.com:8443" }, "proxy.example.com:8080"],
  ])("in %j is %s", (environment, expected) => {
    expect(proxyOf("https://example.okta.com/api/v1/logs", environment)).toBe(expected);
  });

  test.each([
    "okta.invalid",
    ".okta.invalid",
    "*.okta.invalid",
    "example.okta.invalid:443",
    ".okta.invalid:443",
    "example.okta.invalid:8443",
    "a.invalid,*",
    "10.0.0.0/8",
    "kta.invalid",
  ])("is the same for fetch, for the clients of AWS, and in messages (NO_PROXY=%s)", async (NO_PROXY) => {
    proxy.refusal = 403;
    const environment = { HTTPS_PROXY: proxy.url, NO_PROXY };
    const isProxied = proxyOf(orgUrl, environment) !== null;
    const { httpsAgent } = awsProxySettings(environment).requestHandler ?? {};
    await new Promise((resolve) => get(orgUrl, { agent: httpsAgent }, resolve).on("error", resolve));
    expect(proxy.asked.length > 0).toBe(isProxied);
    proxy.asked.length = 0;
    await doctor(environment);
    expect(proxy.asked.length > 0).toBe(isProxied);
  });

  test("is none for the embedded run", () => {
    expect(proxyOf("http://127.0.0.1:3000", { http_proxy: https_proxy })).toBeNull();
    expect(proxyOf("http://example.com", { http_proxy: https_proxy })).toBe("proxy.example.com:8080");
  });
});
