import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { delivery, sessionStart } from "../fixtures/events.ts";

/** A line in the embedded metric format: values at the top, and which of them are metrics. */
interface EmbeddedMetrics {
  readonly _aws: { readonly CloudWatchMetrics: readonly { readonly Metrics: readonly { readonly Name: string }[] }[] };
  readonly [name: string]: unknown;
}

let run: EmbeddedRun;
const lines: EmbeddedMetrics[] = [];

beforeAll(async () => {
  process.env.POWERTOOLS_LOG_LEVEL = "SILENT";
  delete process.env.POWERTOOLS_METRICS_DISABLED;
  // Where CloudWatch reads metrics from: the function's standard output.
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    if (String(text).includes("CloudWatchMetrics")) lines.push(JSON.parse(String(text)) as EmbeddedMetrics);
    return true;
  });
  run = await startEmbeddedRun({ port: 0, hookSecret: "secret", mismatchDistanceKm: 500, onError: () => {} });
});
afterAll(async () => {
  await run.stop();
  vi.restoreAllMocks();
});

/** The metrics of one request, as CloudWatch would take them. */
async function metricsOf(init: RequestInit): Promise<Record<string, unknown>> {
  lines.length = 0;
  await (await fetch(run.url, init)).arrayBuffer();
  return Object.fromEntries(
    lines.flatMap((line) =>
      line._aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => [Name, line[Name]])),
    ),
  );
}

function post(body: string, authorization = "secret"): RequestInit {
  return { method: "POST", headers: { authorization, "content-type": "application/json" }, body };
}

test("a delivery is counted with what it held and what came of it, on one line", async () => {
  const published = new Date(Date.now() - 5_000).toISOString();
  const direct = sessionStart({ securityContext: { isProxy: false } });
  const proxied = () => sessionStart({ published });
  const metrics = await metricsOf(post(JSON.stringify(delivery([direct, proxied(), proxied()]))));
  expect(lines).toHaveLength(1);
  expect(metrics).toMatchObject({ Deliveries: 1, EventsReceived: 3, AlertsPublished: 1, Suppressed: 1 });
  expect(metrics.AlertLatency).toBeGreaterThanOrEqual(5_000);
  expect(metrics.AlertLatency).toBeLessThan(20_000);
  expect(metrics).not.toHaveProperty("RefusedRequests");
});

test.each<[string, RequestInit]>([
  ["a wrong secret", post("{}", "wrong")],
  ["no JSON", post("{")],
  ["no delivery", post("{}")],
  ["a method that is none", { method: "DELETE", headers: { authorization: "secret" } }],
])("a request with %s is counted as refused, and as no delivery", async (_, init) => {
  expect(await metricsOf(init)).toEqual({ RefusedRequests: 1 });
});

test("a verification counts as neither", async () => {
  const headers = { authorization: "secret", "x-okta-verification-challenge": "hello" };
  expect(await metricsOf({ headers })).toEqual({});
});

test("a test alert is a delivery, and no alert", async () => {
  const event = sessionStart({ oktaProxyWatch: { test: true } });
  expect(await metricsOf(post(JSON.stringify(delivery([event]))))).toEqual({ Deliveries: 1, EventsReceived: 1 });
});
